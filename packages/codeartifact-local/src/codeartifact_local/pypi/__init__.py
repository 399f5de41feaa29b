"""The PyPI endpoint: upload, simple index, download."""
