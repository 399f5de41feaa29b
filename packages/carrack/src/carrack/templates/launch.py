"""Start a job's program after fetching the packages that its image does not have.

    python launch.py COMMAND [ARGUMENT ...]          fetch what runtime.json beside this file names, then run COMMAND
    python launch.py --record WHEELS PREFIXES        print a runtime.json for the wheels in a folder

The first is an image's entrypoint. Wheels lie at PREFIX + sha256 + "/" + file name. They are checked by sha256 and
kept in CARRACK_RUNTIME_CACHE (a folder of the container, or a volume of its host), where one process fetches and the
others wait: array children on one host fetch once. COMMAND then runs in a new interpreter, with them on its PYTHONPATH.

It has the standard library only; boto3, for s3:// addresses, comes with the app. It ends with 66 where a wheel is not
there, 75 where the network fails, 77 where access is denied, 78 where a wheel or the cache is not what it should be.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

MISSING, TRANSIENT, DENIED, WRONG, TERMINATED = 66, 75, 77, 78, 143
TRIES, TIMEOUT_SECONDS, CHUNK = 4, 60, 1 << 20
DEFAULT_CACHE = "/tmp/carrack-runtime"  # noqa: S108 - of a container; owner and mode are checked


def end(code: int, sentence: str) -> NoReturn:
    """Say one sentence on stderr, and end."""
    sys.stderr.write(f"launch: {sentence}\n")
    sys.exit(code)


def main() -> None:
    """Record or launch."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # process 1 has no default for it
    if sys.argv[1:2] == ["--record"]:
        json.dump(record(Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text())), sys.stdout, indent=1)
        return
    wanted = json.loads(Path(__file__).with_name("runtime.json").read_text())
    folder = provide(wanted["wheels"], Path(os.environ.get("CARRACK_RUNTIME_CACHE") or DEFAULT_CACHE))
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    os.execve(sys.argv[1], sys.argv[1:], {**os.environ, "PYTHONPATH": path})  # noqa: S606 - that is its purpose


def record(wheels: Path, prefixes: Mapping[str, str]) -> dict[str, object]:
    """Return what runtime.json says of the wheels in a folder; `prefixes` has the address for each distribution."""
    found = []
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            odd = [name for name in archive.namelist() if destination(name) is None]
        if odd:
            end(
                WRONG,
                f"{wheel.name}: has {odd[0]}, which only an installer can place; take it from the index",
            )
        name = wheel.name.partition("-")[0].replace("_", "-").lower()
        with wheel.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found.append({"name": wheel.name, "sha256": digest, "prefix": prefixes[name]})
    return {"schema": 1, "wheels": found}


def provide(wheels: list[dict[str, str]], cache: Path) -> Path:
    """Return the folder with the modules of all `wheels`, fetched and unpacked by whoever comes first."""
    digest = hashlib.sha256("\n".join(sorted(wheel["sha256"] for wheel in wheels)).encode()).hexdigest()
    folder = cache / digest
    with only_one(cache, digest):
        files = [fetched(wheel, cache) for wheel in wheels]
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                unpacked = Path(scratch) / "unpacked"
                for file in files:
                    unpack(file, unpacked)
                unpacked.rename(folder)
    return folder


@contextmanager
def only_one(cache: Path, name: str) -> Iterator[None]:
    """Hold the cache's lock of this name; a folder that somebody else can write to is refused."""
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = cache.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            end(
                WRONG,
                f"{cache}: others can write to it; say CARRACK_RUNTIME_CACHE, a folder of this user alone",
            )
        lock = (cache / f"{name}.lock").open("w")
    except OSError as error:
        end(WRONG, f"{cache}: {error.strerror}; say CARRACK_RUNTIME_CACHE, a folder that can be written to")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetched(wheel: Mapping[str, str], cache: Path) -> Path:
    """Return the wheel's file in the cache, whole and with its sha256; what is there is read again."""
    target = cache / "wheels" / wheel["sha256"] / wheel["name"]
    if target.is_file():
        with target.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == wheel["sha256"]:
                return target
    target.parent.mkdir(parents=True, exist_ok=True)
    address = f"{wheel['prefix']}{wheel['sha256']}/{wheel['name']}"
    number, name = tempfile.mkstemp(dir=target.parent)
    beside = Path(name)
    try:
        with open(number, "w+b") as file:
            download(address, file)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        if digest != wheel["sha256"]:
            end(WRONG, f"{address}: has sha256 {digest}, and {wheel['sha256']} was locked; it was not kept")
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def download(address: str, into: IO[bytes]) -> None:
    """Write what is at `address`; what may pass is tried again."""
    for attempt in range(1, TRIES + 1):
        into.seek(0)
        into.truncate()
        try:
            return (from_s3 if address.startswith("s3://") else from_url)(address, into)
        except HTTPError as error:
            if error.code in (401, 403):
                end(DENIED, f"{address}: {error.code}, access denied")
            if error.code in (404, 410):
                end(
                    MISSING,
                    f"{address}: {error.code}, there is no such file; put it there: carrack image runtime",
                )
            said = f"{error.code} {error.reason}"
        except FileNotFoundError:
            end(MISSING, f"{address}: there is no such file; put it there: carrack image runtime")
        except (OSError, HTTPException) as error:
            said = str(error)
        if attempt < TRIES:
            time.sleep(2 ** (attempt - 2))
    end(TRANSIENT, f"{address}: cannot be fetched, {TRIES} times: {said}")


def from_url(address: str, into: IO[bytes]) -> None:
    """Fetch over https, http or from a file."""
    if address.startswith("file://"):
        with Path(urlsplit(address).path).open("rb") as stream:
            shutil.copyfileobj(stream, into, CHUNK)
        return
    with urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the image's own list names it
        shutil.copyfileobj(answer, into, CHUNK)
        if (length := answer.headers.get("Content-Length")) and into.tell() != int(length):
            raise OSError(f"the connection ended after {into.tell()} of {length} bytes")


def from_s3(address: str, into: IO[bytes]) -> None:
    """Fetch from S3 with the job's own credentials. Raises HTTPError and OSError as a URL would."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    place = urlsplit(address)
    try:
        boto3.client("s3").download_fileobj(place.netloc, place.path.lstrip("/"), into)
    except NoCredentialsError:
        end(DENIED, f"{address}: the job has no AWS credentials; give its definition a job role")
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        reason = error.response.get("Error", {}).get("Code", "")
        raise HTTPError(address, status, reason, None, None) from None  # type: ignore[arg-type]
    except BotoCoreError as error:
        raise OSError(str(error)) from None


def unpack(wheel: Path, into: Path) -> None:
    """Lay out a wheel's modules and metadata as an installer does it, without scripts."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            place = destination(member.filename)
            if place is None or member.is_dir():
                continue
            target = into / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK)


def destination(member: str) -> str | None:
    """Return a member's place beside the modules (binary distribution format, "Recommended installer features").

    None for what belongs elsewhere: scripts, headers, data, and anything that would lead out of the folder.
    """
    first, _, rest = member.partition("/")
    if first.endswith(".data"):
        kind, _, inner = rest.partition("/")
        member = inner if kind in ("purelib", "platlib") else ""
    if not member or member.startswith("/") or ".." in member.split("/"):
        return None
    return member


if __name__ == "__main__":
    main()
