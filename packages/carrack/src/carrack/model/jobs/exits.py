"""What the exit code of a job's process means, where it means the same everywhere."""

from __future__ import annotations

_CONTRACT = "batch_params.exit_codes"
_SHELL = "POSIX shell command language, 2.8.2 Exit Status for Commands"

_CODES = {
    64: (
        "its command line is wrong",
        "{logs} says which flag; correct the command of the definition or of the submission",
        _CONTRACT,
    ),
    66: (
        "the data to work on is missing or unreadable",
        "{logs} says which; when it is there: {retry}",
        _CONTRACT,
    ),
    70: ("a bug in the job", "{logs} has the traceback", _CONTRACT),
    75: (
        "something outside failed for now, such as a service that was asked too often",
        '{retry}; `retry = ["transient"]` and more `attempts` in the app\'s table have Batch do it',
        _CONTRACT,
    ),
    77: (
        "the job's role may not do what the job needs",
        "{logs} says what; give it to the role, then: {retry}",
        _CONTRACT,
    ),
    78: (
        "its parameters are missing or wrong",
        "{logs} says which; submit it again with other ones",
        _CONTRACT,
    ),
    126: ("its command was found and could not be run", "{logs}", _SHELL),
    127: ("its command was not found in the image", "{logs}", _SHELL),
    137: (
        "it was killed (SIGKILL), and no reason is told: by the host, which had no memory left, or because it did not "
        "end within 30 s of being told to",
        "{logs} shows how far it came; if it was memory, ask for more of it",
        "AWS Batch user guide, Job timeouts; signal(7)",
    ),
    143: (
        "it was told to end (SIGTERM), and did: its host was drained, its Spot place was taken back, or somebody ended "
        "it",
        '{retry}; `retry = ["terminated"]` in the app\'s table has Batch do it, for jobs that can go on',
        "batch_params.exit_codes; AWS Batch user guide, Job timeouts",
    ),
}
"""Each code's sentence, next step (which names commands, as `reasons` do) and source."""

_SIGNALS = {
    2: "SIGINT",
    4: "SIGILL, an instruction that the processor does not have",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    11: "SIGSEGV, a crash in native code",
}
"""Those of signal(7) that end processes in jobs; the numbers are Linux's on x86 and ARM."""


def explain_exit(code: int) -> tuple[str, str, str]:
    """The sentence, the next step and the source for an exit code but 0; one without meaning is shown as it is."""
    if code in _CODES:
        sentence, step, source = _CODES[code]
        return f"{sentence} (exit code {code})", step, source
    if code - 128 in _SIGNALS:
        return (
            f"it was ended by {_SIGNALS[code - 128]} (exit code {code})",
            "{logs}",
            "signal(7)",
        )
    return f"its process ended with exit code {code}, whose meaning is its own", "{logs}", ""
