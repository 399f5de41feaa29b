"""The `carrack` command: finds the verb, and turns errors into sentences and exit codes."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from carrack.cli.lazy import LazyGroup
from carrack.cli.output import show_error
from carrack.cli.wiring import Wiring
from carrack.errors import CarrackError, ExitCode, StoppedError

VERBS = {
    "status": "every package: version in the tree, on the index, what would happen and why",
    "plan": "what publish would release now, in which order and why; kept in a file, it binds publish",
    "build": "sdist and wheel of packages, reproducibly, from the commit",
    "publish": "release the versions that the index lacks, and prove by hash what it then holds",
    "promote": "the very files of one index to another, proven by hash: staging to production",
    "retract": "the way back: who pins a version, what taking it back breaks; done when told to",
    "bump": "raise versions, by hand or by what was written since each release, and who needs them",
    "adopt": "a former repository under packages/, with its whole history; --plan first",
    "convert": "a package from setup.py, Poetry, flit and their like to PEP 621; its wheel is proved the same",
    "ci": "write the files that CI runs: workflows for pull requests and releases, a buildspec",
    "lock": "an app's lock: every wheel that it installs, by hash",
    "install": "an app's environment from its lock, from the private index alone",
    "image": "an app's image from its lock: build it, push it, say what is in one, and where a Dockerfile leaks",
    "index": "make an index ready, estimate its cost, or run a command with its address and token",
    "doctor": "everything between here and an index: credentials, clock, permissions, network, pip, git",
    "token": "print a token, or write it to a netrc file",
}

_THE_MACHINE = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.ENOTDIR,
        errno.EMFILE,
        errno.EIO,
        errno.EFBIG,
    }
)
"""What can be wrong with a disk, a folder or a limit of this machine: no bug of ours."""


@click.group(
    cls=LazyGroup,
    verbs=VERBS,
    prefix="carrack.cli.verbs.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="carrack")
@click.option(
    "-C",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Work in this folder.",
)
@click.pass_context
def cli(context: click.Context, directory: Path | None) -> None:
    """Release this repository's packages to AWS CodeArtifact, lock them by hash, install them from there alone."""
    _share_certificates()
    context.obj = Wiring(start=directory or Path.cwd(), environ=dict(os.environ))


def _share_certificates() -> None:
    """Whoever names certificates to one of boto3, requests and OpenSSL (so uv) means all: they reach one service."""
    bundles = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    named = next((os.environ[name] for name in bundles if os.environ.get(name)), None)
    for name in bundles:
        if named:
            os.environ.setdefault(name, named)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code of `carrack.errors.ExitCode` that fits.

    Only a bug of ours shows a traceback.
    """
    _open_what_is_closed()
    signal.signal(
        signal.SIGTERM, lambda number, _: sys.exit(128 + number)
    )  # temporary files go, as after Ctrl-C
    try:
        result = cli.main(args=arguments, prog_name="carrack", standalone_mode=False)
    except CarrackError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped. What was done stays done, and the same command goes on.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except OSError as error:
        if error.errno not in _THE_MACHINE:
            _end_with_a_bug()
        stopped = _stopped(error)
        show_error(stopped)
        sys.exit(stopped.exit_code)
    except Exception:
        _end_with_a_bug()
    sys.exit(result if isinstance(result, int) else 0)


def _open_what_is_closed() -> None:
    """Give a standard stream that the caller closed (`>&-`, some schedulers) to /dev/null.

    Else the next file that is opened would take its number, and be written to.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - as long as the process


def _end_with_a_bug() -> NoReturn:
    import traceback

    traceback.print_exc()
    sys.exit(ExitCode.BUG)


def _stopped(error: OSError) -> StoppedError:
    return StoppedError(
        f"this machine does not let us go on: {error.strerror}",
        address=str(error.filename2 or error.filename or ""),  # of a copy, the file that is written
        done="what the lines above say",
        hint="make room, or mend the permissions; then run the same command again",
    )
