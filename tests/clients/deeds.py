"""What is asked of the clients: one function for each row of the table, which gives what the client did."""

from __future__ import annotations

from collections.abc import Callable

from tests.clients.bench import Bench
from tests.clients.starts import README, opening
from tests.clients.workplace import Done

HOURS = 3600
OTHER_BYTES = "word = 'other'\n"
_BOTO3 = """
import boto3, sys
codeartifact = boto3.client("codeartifact")
try:
    print(codeartifact.{call})
except codeartifact.exceptions.ResourceNotFoundException as error:
    sys.exit(f"{{type(error).__name__}}: {{error}}")
"""
_NO_DOMAIN = "describe-domain --domain nowhere"


def publish(bench: Bench) -> Done:
    """Publish a new version."""
    bench.build()
    done = bench.step("publish")
    assert done.exit or "greeting-1.0-py3-none-any.whl" in bench.published()
    return done


def same_bytes(bench: Bench) -> Done:
    """Publish the same files once more."""
    bench.build()
    bench.succeed("publish")
    return bench.step("publish")


def other_bytes(bench: Bench, instead: str | None = None) -> Done:
    """Publish other bytes under the same names; what was there stays."""
    bench.build()
    bench.succeed("publish")
    before = _hashes(bench)
    bench.build(OTHER_BYTES)
    done = bench.step("publish", instead=instead)
    assert _hashes(bench) == before
    return done


def other_bytes_skipped(bench: Bench) -> Done:
    """The same, with the client's --skip-existing."""
    return other_bytes(bench, f"{bench.start.steps['publish']} --skip-existing")


def other_bytes_unchecked(bench: Bench) -> Done:
    """The same, where uv is not told to look first."""
    return other_bytes(bench, f"unset UV_PUBLISH_CHECK_URL\n{bench.start.steps['publish']}")


def install(bench: Bench) -> Done:
    """Install a package, and what it needs from the public index."""
    bench.hold()
    done = bench.step("install")
    assert done.exit or bench.installed(), done
    return done


def install_from_lock(bench: Bench) -> Done:
    """Install on another machine what the lock says; there is no token in the lock."""
    bench.hold()
    bench.succeed("install", "lock")
    bench.place.forget_everything_but_the_work()
    locks = [path for path in (bench.place.folder / "work" / "app").glob("*lock*") if path.is_file()]
    assert locks
    assert not [path for path in locks if bench.token in path.read_text(encoding="utf-8")]
    done = bench.step("install from the lock")
    assert done.exit or bench.installed(), done
    return done


def publish_with_wrong_token(bench: Bench) -> Done:
    """Publish with a token that was never issued."""
    bench.build()
    bench.token += "x"
    return bench.step("publish")


def publish_with_expired_token(bench: Bench) -> Done:
    """Publish with a token 13 hours old."""
    bench.build()
    bench.local.clock.advance(13 * HOURS)
    return bench.step("publish")


def install_with_wrong_token(bench: Bench) -> Done:
    """Install with a token that was never issued."""
    bench.hold()
    bench.token += "x"
    return _refused_install(bench)


def install_with_expired_token(bench: Bench) -> Done:
    """Install with a token 13 hours old."""
    bench.hold()
    bench.local.clock.advance(13 * HOURS)
    return _refused_install(bench)


def login_for_pip(bench: Bench) -> Done:
    """Log pip in, then install with plain pip."""
    bench.hold()
    bench.succeed("login for pip")
    return install_again(bench)


def login_for_pip_that_expired(bench: Bench) -> Done:
    """Log pip in, and install when the token is expired."""
    bench.hold()
    bench.succeed("login for pip")
    bench.local.clock.advance(13 * HOURS)
    return _refused_install(bench)


def login_for_twine(bench: Bench) -> Done:
    """Log twine in, then upload with plain twine."""
    bench.succeed("login for twine")
    return publish(bench)


def login_for_twine_that_expired(bench: Bench) -> Done:
    """Log twine in, and upload when the token is expired."""
    bench.succeed("login for twine")
    return publish_with_expired_token(bench)


def install_again(bench: Bench) -> Done:
    """Install what the repository holds already."""
    done = bench.step("install")
    assert done.exit or bench.installed(), done
    return done


def opening_lines(bench: Bench) -> Done:
    """Run the README's opening lines, on a server that has nothing of it yet."""
    client = bench.local.client()
    for name in ("dev", "pypi-store"):
        client.delete_repository(domain="acme", repository=name)
    client.delete_domain(domain="acme")
    done = bench.place.run("\n".join([*opening(README.read_text(encoding="utf-8")), 'echo "$INDEX"']))
    assert done.exit or done.said.endswith("/dev/simple/"), done
    return done


def no_domain(bench: Bench) -> Done:
    """Ask for a domain that is not there."""
    if bench.client == "boto3":
        return _boto3(bench, 'describe_domain(domain="nowhere")')
    return bench.place.run(f"aws codeartifact {_NO_DOMAIN}")


def list_packages(bench: Bench) -> Done:
    """List the packages of a repository."""
    bench.hold()
    done = _boto3(bench, 'list_packages(domain="acme", repository="dev", packagePrefix="greet")')
    assert done.exit or "'package': 'greeting'" in done.said
    return done


def _boto3(bench: Bench, call: str) -> Done:
    return bench.place.run(f"python - <<'END'\n{_BOTO3.format(call=call)}\nEND")


def _refused_install(bench: Bench) -> Done:
    done = bench.step("install")
    assert not bench.installed()
    return done


def _hashes(bench: Bench) -> dict[str, str]:
    found = bench.local.client().list_package_version_assets(
        domain="acme", repository="dev", format="pypi", package="greeting", packageVersion="1.0"
    )
    return {asset["name"]: asset["hashes"]["SHA-256"] for asset in found["assets"]}


DEEDS: dict[str, Callable[[Bench], Done]] = {
    "publish": publish,
    "publish the same bytes again": same_bytes,
    "publish other bytes": other_bytes,
    "publish other bytes, `--skip-existing`": other_bytes_skipped,
    "publish other bytes, no check URL": other_bytes_unchecked,
    "publish, wrong token": publish_with_wrong_token,
    "publish, expired token": publish_with_expired_token,
    "install": install,
    "install from its lock": install_from_lock,
    "install, wrong token": install_with_wrong_token,
    "install, expired token": install_with_expired_token,
    "the opening lines": opening_lines,
    "`login --tool pip`, install": login_for_pip,
    "`login --tool pip`, install, expired token": login_for_pip_that_expired,
    "`login --tool twine`, upload": login_for_twine,
    "`login --tool twine`, upload, expired token": login_for_twine_that_expired,
    "list packages": list_packages,
    "a domain that is not there": no_domain,
}
