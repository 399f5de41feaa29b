"""``python -m codeartifact_local`` is the same as the ``codeartifact-local`` command."""

from codeartifact_local.cli import main

if __name__ == "__main__":
    main()
