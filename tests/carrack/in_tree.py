"""A package whose build backend is a module of its own."""

IN_TREE = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "alpha"
version = "0.1.0"
"""
"""Its manifest. Building it needs nothing that has to be installed."""
