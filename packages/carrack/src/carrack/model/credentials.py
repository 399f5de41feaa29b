"""What looks like a credential: names of variables, values, and files that are made to hold one."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LAST = {
    *("token", "authtoken", "accesstoken", "password", "passwd", "passphrase", "pwd", "pass", "pat"),
    *("secret", "secrets", "apikey", "credential", "credentials"),
    *("tokens", "passwords", "passphrases", "apikeys"),
}
_BEFORE_KEY = {
    "api",
    "gcp",
    "access",
    "secret",
    "private",
    "auth",
    "account",
    "deploy",
    "master",
    "ssh",
    "signing",
}
_NO_SECRET = {
    *(
        "public",
        "max",
        "min",
        "num",
        "enable",
        "disable",
        "use",
        "require",
        "skip",
        "no",
        "allow",
        "has",
        "is",
    ),
    *("eos", "bos", "pad", "unk", "sep", "cls", "mask", "stop", "special"),  # tokens of a language model
}
_WHOLE = {
    "AWS_ACCESS_KEY_ID": True,
    "DOCKER_AUTH_CONFIG": True,
    "COMPOSER_AUTH": True,
    "PWD": False,
    "OLDPWD": False,
}

_NO_VALUE = re.compile(
    r"|[/.~].*|file:.*|\d+|(?i:true|false|yes|no|on|off|none|null|unset|unused|(?:.*\W)?(?:dummy|fake|placeholder|example"
    r"|test|testing|changeme|change-me|xxx+|redacted|build-only|not-(?:a-)?(?:real-)?secret)(?:\W.*)?)",
    re.DOTALL,
)

_LOGIN = r"[^\s/:@'\"$<>{}]*:(?!\d+[/?#]|(?:[A-Z_]+|[xX*.]+)@)[^\s:@'\"$<>{}]+@"
"""RFC 3986, 3.2.1, up to the host; a port is no password, nor is what stands for one: `$NAME`, `<name>`, `PASSWORD`."""

_LITERALS = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[opsur]_\w{36,}|github_pat_\w{50,})"),
    ("a GitLab token", r"\bglpat-[\w-]{20,}"),
    ("a PyPI token", r"\bpypi-AgE[\w-]{30,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a Google API key", r"\bAIza[\w-]{35}\b"),
    ("a Slack token", r"\bxox[abprs]-[\w-]{10,}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("a token", r"\beyJ[\w-]{15,}(?:\.[\w-]{10,}){1,4}"),
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("a password in an address", r"\bhttps?://" + _LOGIN),
    ("a credential in a header", r"(?i:authorization: ?(?:basic|bearer|token) +)[\w.+/~-]{16,}"),
)
_LITERAL = re.compile("|".join(f"({pattern})" for _, pattern in _LITERALS))
_ANY_ADDRESS = re.compile(rf"\w://{_LOGIN}(?!sha256:)")  # docker://NAME:TAG@sha256:… has none
_USERINFO = re.compile(r"\w://([^\s/@'\"]*)@")
_VARIABLE = re.compile(r"\$\{?(\w+)")

_IS_A_USER = re.compile(r"(?i)user(?:_?name)?$|login$")

_FILES = re.compile(
    r"\.netrc|_netrc|pip\.conf|pip\.ini|\.pypirc|\.npmrc|\.yarnrc(?:\.yml)?|uv\.toml|\.git-credentials|\.condarc"
    r"|\.dockercfg|id_(?:rsa|dsa|ecdsa|ed25519)|\.env(?:\.(?!example|sample|template|dist)\w+)?"
)
_FOLDERS = (".aws", ".docker", ".ssh")
CONTEXT_FILES = (
    *(
        ".env",
        ".netrc",
        "pip.conf",
        ".pypirc",
        ".npmrc",
        ".yarnrc.yml",
        "uv.toml",
        ".git-credentials",
        ".git/config",
    ),
    *(".aws/credentials", ".docker/config.json"),
)
"""Where a folder may have a credential that nobody thinks of when it is copied."""
_IN_A_FILE = re.compile(
    r"(?im)^[ \t]*(?:export[ \t]+)?(?:[\w./:@-]*?(?:_authToken|_password|_auth|password|aws_secret_access_key)"
    r"|machine[ \t].*\bpassword|password)[ \t]*[ =:][ \t]*[\"']?(?!\$|[ \t\"']*$)\S"
    r"|extraheader[ \t]*=[ \t]*authorization:"
)


def is_credential_name(name: str) -> bool:
    """Whether a variable of this name holds a secret, as people name them: `NPM_TOKEN`, `dbPassword`, `AWS_SECRET_KEY`.

    A name that ends otherwise is of something else: a file (`TOKEN_FILE`), a number (`MAX_TOKENS`), a place.
    """
    if name.upper() in _WHOLE:
        return _WHOLE[name.upper()]
    parts = [part.lower() for part in _PART.findall(name)]
    if not parts or _NO_SECRET & set(parts):
        return False
    return parts[-1] in _LAST or (
        parts[-1] in {"key", "keys"} and len(parts) > 1 and parts[-2] in _BEFORE_KEY
    )


def is_secret_value(value: str) -> bool:
    """Whether a value of such a variable can be a secret: not empty, a path, a number, a switch, or said to be none."""
    return not _NO_VALUE.fullmatch(value)


def literals(text: str) -> Iterator[tuple[int, str]]:
    """The credentials that are written out in `text`: where each begins, and what it is."""
    for found in _LITERAL.finditer(text):
        kind = next(number for number, group in enumerate(found.groups()) if group)
        yield found.start(), _LITERALS[kind][0]


def has_password(text: str) -> bool:
    """Whether there is an address of any scheme in `text` with a password written out in it: `postgres://u:pw@host/`."""
    return bool(_ANY_ADDRESS.search(text))


def in_addresses(text: str) -> frozenset[str]:
    """The variables that stand where an address has a password or token."""
    names = (name for found in _USERINFO.finditer(text) for name in _VARIABLE.findall(found[1]))
    return frozenset(name for name in names if _PART.findall(name)[-1:] and not _IS_A_USER.search(name))


def is_credential_file(path: str, *, folders: bool = True) -> bool:
    """Whether a file, or a folder if those count, of this name is made to hold credentials."""
    name = path.rstrip("/").rsplit("/", 1)[-1]
    return bool(_FILES.fullmatch(name)) or (folders and name in _FOLDERS)


def holds_credential(text: str) -> bool:
    """Whether the text of a configuration file has a credential in it; one that it takes from a variable is none."""
    if _LITERAL.search(text) or _IN_A_FILE.search(text):
        return True
    for line in text.splitlines():
        name, equals, value = line.removeprefix("export ").partition("=")
        value = value.strip().strip("\"'")
        if (
            equals
            and is_credential_name(name.strip())
            and is_secret_value(value)
            and not value.startswith("$")
        ):
            return True
    return False
