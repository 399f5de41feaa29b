"""Patterns of package groups (AWS CodeArtifact User Guide, "Package group definition syntax and matching behavior")."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from packaging.utils import is_normalized_name

from codeartifact_local.store.records import FORMATS, FORMATS_WITHOUT_NAMESPACE, PYPI

STRONG, WEAK = "STRONG", "WEAK"
_ALL, _PREFIX, _EXACT = "*", "~", "$"
_SEPARATORS = re.compile(r"[-._]+")


class PatternError(ValueError):
    """The text is not a pattern of package groups; the message is one sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordinate:
    """What names a package in a domain; its namespace is empty where it has none."""

    format: str
    namespace: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """The components that a pattern gives, and how the last of them matches."""

    text: str
    components: tuple[str, ...]
    """Format, namespace and name, as far as the pattern says them."""
    suffix: str

    def match(self, package: Coordinate) -> str | None:
        """Return STRONG where the package matches, WEAK where only a variation of the pattern does."""
        path = (package.format, package.namespace, package.name)
        if self._covers(path, str):
            return STRONG
        return WEAK if self._covers(path, _variation) else None

    def contains(self, other: "Pattern") -> bool:
        """Return whether every package that matches `other` matches this, and more do."""
        if self.text == other.text or len(other.components) < len(self.components):
            return False
        if self.suffix == _PREFIX and len(other.components) == len(self.components):
            return self._covers(other.components, str)
        longer = len(other.components) > len(self.components)
        return longer and self.suffix != _EXACT and self._covers(other.components, str)

    @property
    def specificity(self) -> tuple[int, int, bool]:
        """Return what orders patterns that match the same package, the most specific last."""
        return len(self.components), len(self.text), self.suffix == _EXACT

    def _covers(self, path: tuple[str, ...], form: Callable[[str], str]) -> bool:
        wanted = [form(component) for component in self.components]
        found = [form(component) for component in path[: len(wanted)]]
        if self.suffix != _PREFIX:
            return found == wanted
        return found[:-1] == wanted[:-1] and _has_prefix(found[-1], wanted[-1])


@cache
def parse_pattern(text: str) -> Pattern:
    """Return what a pattern says.

    Raises:
        PatternError: it is none.
    """
    if text == "/*":
        return Pattern(text=text, components=(), suffix=_ALL)
    suffix = text[-1:]
    body = text.removesuffix("/*") if suffix == _ALL else text[:-1]
    root, *components = body.split("/")
    pattern = Pattern(text=text, components=tuple(components), suffix=suffix)
    fault = _fault(pattern) if root == "" else "it must begin with a slash"
    if fault:
        raise PatternError(f"'{text}' is not a pattern of a package group: {fault}.")
    return pattern


def _fault(pattern: Pattern) -> str | None:
    count, last = len(pattern.components), (pattern.components or ("",))[-1]
    allowed = {_ALL: (1, 2), _PREFIX: (2, 3), _EXACT: (3,)}.get(pattern.suffix)
    if allowed is None or count not in allowed:
        return "it must end as /*, /FORMAT/*, /FORMAT/NAMESPACE~, /FORMAT/NAMESPACE/*, …/NAME~ or …/NAME$"
    if pattern.suffix == _PREFIX and not _is_word(last[-1:]):
        return "~ follows a letter or number"
    if pattern.suffix == _EXACT and not last:
        return "$ follows a name"
    return _component_fault(*pattern.components)


def _component_fault(format: str, namespace: str = "", name: str = "") -> str | None:
    if set("*~$") & set(namespace + name):
        return "*, ~ and $ stand at the end only"
    if format not in FORMATS:
        return f"the format must be one of {', '.join(FORMATS)}"
    if namespace and format in FORMATS_WITHOUT_NAMESPACE:
        return f"packages of the format {format} have no namespace"
    if name and format == PYPI and not is_normalized_name(name):
        return "the name must be normalised (lower case, with single hyphens)"
    if name and not namespace and format in ("maven", "generic", "swift"):
        return f"the namespace is needed with a name of the format {format}"
    return None


def _has_prefix(text: str, prefix: str) -> bool:
    """Return whether `text` begins with `prefix`, and a word ends there."""
    return text.startswith(prefix) and not _is_word(text[len(prefix) : len(prefix) + 1])


def _is_word(character: str) -> bool:
    return character != "" and unicodedata.category(character)[0] in "LNM"


def _variation(text: str) -> str:
    """Return the one form of all variations of a name: in case, separators and compatible characters."""
    return _SEPARATORS.sub(".", unicodedata.normalize("NFKC", text).casefold())
