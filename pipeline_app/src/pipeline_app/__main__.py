"""`python -m pipeline_app`."""

import sys

from pipeline_app.main import main

sys.exit(main())
