"""`make fuzz SECONDS=60`: atheris against the upload's parser, guided by coverage; a crash is left in `.fuzz/`."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["codeartifact_local", "python_multipart", "packaging", "zipfile", "tarfile"]
):
    from tests.fuzz.corpus import seeds
    from tests.fuzz.target import fuzz_one

KEPT = Path(__file__).parents[2] / ".fuzz"


def main() -> None:
    """Fuzz for the seconds that were asked for."""
    corpus = KEPT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, body in seeds().items():
        (corpus / name).write_bytes(body)
    arguments = [f"-max_total_time={sys.argv[1]}", "-max_len=20000", "-rss_limit_mb=2000", "-timeout=20"]
    atheris.Setup([sys.argv[0], *arguments, f"-artifact_prefix={KEPT}/", str(corpus)], fuzz_one)
    atheris.Fuzz()


main()
