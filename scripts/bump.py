"""`carrack bump`, for CI jobs that call scripts by path."""

import sys

from carrack.cli.main import main

if __name__ == "__main__":
    main(["bump", *sys.argv[1:]])
