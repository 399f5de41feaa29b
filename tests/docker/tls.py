"""TLS with a certificate of its own in front of a server, as a company's proxy has it."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import SHUT_WR, create_connection, create_server, socket


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of 127.0.0.1 in `folder`, and return it and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@contextmanager
def tls_in_front_of(port: int, folder: Path) -> Iterator[tuple[int, Path]]:
    """Take TLS on a free port of 127.0.0.1 and pass it on to `port` in the clear; gives port and certificate."""
    certificate, key = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=[listening, context, port], daemon=True).start()
        yield listening.getsockname()[1], certificate
        with suppress(OSError):  # wakes accept
            create_connection(listening.getsockname(), timeout=5).close()


def _serve(listening: socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            threading.Thread(target=_pass_on, args=[client, context, port], daemon=True).start()


def _pass_on(client: socket, context: ssl.SSLContext, port: int) -> None:
    with (
        suppress(OSError),
        client,
        create_connection(("127.0.0.1", port)) as server,
        context.wrap_socket(client, server_side=True) as encrypted,
    ):
        threading.Thread(target=_copy, args=[encrypted, server], daemon=True).start()
        _copy(server, encrypted)


def _copy(source: socket, to: socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            to.sendall(piece)
        to.shutdown(SHUT_WR)
