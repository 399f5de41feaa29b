"""The floor: a backend's hooks called for one package after the other in one process, with nothing in between.

Nobody could build so: what one package's build leaves behind reaches the next one's. Run in an environment with the
backend: `python floor.py BACKEND-MODULE wheel|both OUT FOLDER…`.
"""

from __future__ import annotations

import importlib
import os
import sys
import tarfile
import tempfile


def main() -> None:
    """Build each folder."""
    module, kinds, out, *folders = sys.argv[1:]
    backend = importlib.import_module(module)
    with tempfile.TemporaryDirectory() as scratch:
        for number, folder in enumerate(folders):
            os.chdir(folder)
            if kinds == "both":
                sdist = backend.build_sdist(out)
                with tarfile.open(os.path.join(out, sdist)) as archive:
                    archive.extractall(os.path.join(scratch, str(number)), filter="data")
                os.chdir(os.path.join(scratch, str(number), sdist.removesuffix(".tar.gz")))
            backend.build_wheel(out)


if __name__ == "__main__":
    main()
