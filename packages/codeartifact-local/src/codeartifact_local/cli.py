"""The command line: ``codeartifact-local serve`` and ``codeartifact-local run -- COMMAND``."""

import logging
import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import click

from codeartifact_local.clock import Clock
from codeartifact_local.environment import (
    ADMIN_SECRET,
    clean_environment,
    client_variables,
    repository_variables,
)
from codeartifact_local.faults import Faults
from codeartifact_local.hosts import is_loopback
from codeartifact_local.protocol.model import operation_names
from codeartifact_local.protocol.signature import Key
from codeartifact_local.serving import Front, ServingError, background, listening
from codeartifact_local.serving import serve as serve_on
from codeartifact_local.settings import Settings
from codeartifact_local.store.database import DataFolderError

_KEY_VARIABLES = ("CODEARTIFACT_LOCAL_ACCESS_KEY_ID", "CODEARTIFACT_LOCAL_SECRET_ACCESS_KEY")
_CONSOLE_PASSWORD = "CODEARTIFACT_LOCAL_CONSOLE_PASSWORD"  # noqa: S105  # the variable's name
_DATA = Path(".codeartifact-local")
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="codeartifact-local")
def main() -> None:
    """AWS CodeArtifact on your own machine, for Python packages."""


def _web_address(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise click.BadParameter("it is not an address of http or https.", param=option)
    return value


def _settings_options(command: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option(
            "--public-index",
            metavar="URL",
            callback=_web_address,
            help="Simple pages behind public:pypi [default: pip's].",
        ),
        click.option("--region", default="us-east-1", show_default=True),
        click.option(
            "--max-asset-bytes",
            type=click.IntRange(1),
            default=5 * 1024**3,
            help="Largest file that an upload may bring [default: 5 GiB].",
        ),
        click.option(
            "--visible-after-seconds",
            type=click.FloatRange(0),
            default=0.0,
            help="How long uploads stay off index pages and lists [default: not at all].",
        ),
        click.option(
            "--listed-after-seconds",
            type=click.FloatRange(0),
            default=0.0,
            help="How long ingested versions stay off lists [default: not at all].",
        ),
        click.option(
            "--account", default="000000000000", show_default=True, help="Owner of every domain, 12 digits."
        ),
    ):
        command = option(command)
    return command


@main.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=_DATA, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=4873, show_default=True, help="0 takes a free port."
)
@click.option(
    "--tls-certificate",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Serve with TLS: a certificate with its chain, PEM.",
)
@click.option(
    "--tls-key", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Its private key, PEM."
)
@click.option(
    "--behind-proxy",
    metavar="ADDRESSES",
    default="",
    help="Proxies, with commas between, that take TLS for this server and say so in X-Forwarded-Proto.",
)
@click.option(
    "--trusted-network",
    is_flag=True,
    help="Whoever can reach --host is trusted: no TLS and no key are asked for. For a container's own network.",
)
@click.option(
    "--url",
    metavar="URL",
    callback=_web_address,
    help="The address that clients use, for the lines that are printed [default: by --host and --port].",
)
@click.option(
    "--no-sync", is_flag=True, help="Do not wait for the disk: faster, and a power cut loses what it had not."
)
@_settings_options
def serve(
    data: Path,
    host: str,
    port: int,
    tls_certificate: Path | None,
    tls_key: Path | None,
    behind_proxy: str,
    trusted_network: bool,
    url: str | None,
    no_sync: bool,
    **chosen: Any,
) -> None:
    """Serve until Ctrl-C or SIGTERM; prints what a client's shell needs, then logs to stderr."""
    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key belong together.")
    front = Front(certificate=tls_certificate, key=tls_key, proxies=behind_proxy)
    settings = _settings(
        **chosen, durable=not no_sync, only_this_machine=is_loopback(host) and not behind_proxy
    )
    if not is_loopback(host) and not trusted_network:
        _check_remote(host, front, settings)
    _log_to_stderr(logging.INFO)
    try:
        with listening(host, port, front.scheme) as (sock, own):
            seen = url.rstrip("/") if url else own
            click.echo(
                f"Serving {data} at {seen}; paste these lines in another terminal. Ctrl-C ends it.", err=True
            )
            serve_on(data, settings, sock, lambda: _print_exports(seen, settings), front)
    except (ServingError, DataFolderError) as error:
        raise click.ClickException(str(error)) from None


def _check_remote(host: str, front: Front, settings: Settings) -> None:
    """Return when a server that other machines can reach is one that strangers cannot use or listen to."""
    if front.certificate is None and not front.proxies:
        raise click.UsageError(
            f"--host {host} can be reached by other machines, and tokens would cross the network in the clear:"
            " add --tls-certificate and --tls-key, or --behind-proxy;"
            " or --trusted-network, in a container whose port only this machine can reach."
        )
    if settings.key is None:
        raise click.UsageError(
            f"--host {host} can be reached by other machines, and any AWS key would open this server:"
            f" set {' and '.join(_KEY_VARIABLES)}."
        )
    if settings.admin_secret is not None:
        raise click.UsageError(f"{ADMIN_SECRET} opens the way to faults, which is for this machine alone.")


@main.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the data here [default: a temporary folder].",
)
@click.option(
    "--create",
    metavar="DOMAIN/REPOSITORY",
    help="Make these, connected to the public index, and tell pip, uv and twine of them with a token.",
)
@click.option("--admin", is_flag=True, help="Let COMMAND make faults and move the clock (see the README).")
@_settings_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(data: Path | None, create: str | None, admin: bool, command: tuple[str, ...], **chosen: Any) -> None:
    """Run COMMAND with a server of its own: its AWS environment points there and nowhere else."""
    settings = _settings(**chosen, durable=data is not None)
    if admin and settings.admin_secret is None:
        settings = replace(settings, admin_secret=secrets.token_urlsafe(32))
    _log_to_stderr(logging.WARNING)
    try:
        with ExitStack() as stack:
            folder = data or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="codeartifact-local-"))
            )
            sock, url = stack.enter_context(listening("127.0.0.1", 0))
            stack.enter_context(background(folder, settings, sock, Clock(), Faults(operation_names)))
            environment = clean_environment(url, settings, os.environ)
            if create is not None:
                environment |= _created(create, url, settings)
            code = _run(command, environment)
    except (ServingError, DataFolderError) as error:
        raise click.ClickException(str(error)) from None
    sys.exit(code)


def _created(create: str, url: str, settings: Settings) -> dict[str, str]:
    """Make a domain and a repository, unless they are there, and return what clients are told of them."""
    from botocore.exceptions import (  # most uses of this command line do without botocore's half second
        ClientError,
        ParamValidationError,
    )

    from codeartifact_local.testing import LocalCodeArtifact

    domain, _, repository = create.partition("/")
    local = LocalCodeArtifact(url=url, settings=settings)
    try:
        with suppress(local.client().exceptions.ConflictException):
            local.create(domain, repository)
        endpoint, token = local.upload_url(domain, repository), local.token(domain)
        return repository_variables(endpoint, local.index_url(domain, repository, token), token)
    except (ClientError, ParamValidationError) as error:
        raise click.UsageError(f"--create {create}: {error}") from None
    finally:
        local.client().close()


def _run(command: tuple[str, ...], environment: dict[str, str]) -> int:
    children: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)
        if not children:
            early.append(number)

    # Before the command starts, which may be quick to say that it is ready for them.
    # Ctrl-C reaches the command from the terminal itself; a second one would be one too many. (SIG_IGN would be
    # the command's own, too.)
    signal.signal(signal.SIGINT, (lambda *_: None) if os.isatty(0) else forward)
    for name in _FORWARDED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), forward)
    try:
        child = subprocess.Popen(command, env=environment)
    except OSError as error:
        click.echo(f"Error: cannot run {command[0]}: {error.strerror}", err=True)
        return 127 if isinstance(error, FileNotFoundError) else 126
    children.append(child)
    for number in early:
        child.send_signal(number)
    code = child.wait()
    return 128 - code if code < 0 else code


def _settings(*, account: str, **others: Any) -> Settings:
    if not (len(account) == 12 and account.isascii() and account.isdigit()):
        raise click.UsageError(f"--account {account} is not an AWS account; those have 12 digits.")
    return Settings(
        account=account,
        key=_key(),
        admin_secret=os.environ.get(ADMIN_SECRET) or None,
        console_password=os.environ.get(_CONSOLE_PASSWORD) or None,
        **others,
    )


def _key() -> Key | None:
    values = [os.environ.get(name) for name in _KEY_VARIABLES]
    if not any(values):
        return None
    if not all(values):
        raise click.UsageError(f"{' and '.join(_KEY_VARIABLES)} belong together; only one of them is set.")
    return Key(access_key_id=str(values[0]), secret_access_key=str(values[1]))


def _log_to_stderr(level: int) -> None:
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)-8s %(message)s")
    for noisy in ("httpx", "httpcore", "python_multipart", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _print_exports(url: str, settings: Settings) -> None:
    variables = client_variables(url, settings, os.environ)
    if settings.key is not None:  # whoever gave the server this key has it; it is not for a log
        variables = {
            name: value
            for name, value in variables.items()
            if not name.startswith(("AWS_ACCESS", "AWS_SECRET"))
        }
    with suppress(OSError):  # nobody reads them, as after `serve | head -1`; that is no reason not to serve
        click.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items()))
