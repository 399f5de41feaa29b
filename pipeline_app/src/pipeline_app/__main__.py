"""`python -m pipeline_app`."""

from pipeline_app.main import command

command()
