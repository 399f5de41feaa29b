"""`carrack publish`, for CI jobs that call scripts by path."""

import sys

from carrack.cli.main import main

if __name__ == "__main__":
    main(["publish", *sys.argv[1:]])
