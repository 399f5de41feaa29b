"""When a version shows: AWS promises no time, and tests of patience need one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from codeartifact_local.settings import Settings
from codeartifact_local.store.records import EXTERNAL, Version


@dataclass(frozen=True, kw_only=True)
class Visibility:
    """What shows at one moment."""

    now: datetime
    settings: Settings

    def on_pages(self, version: Version) -> bool:
        """Return whether index pages have a version."""
        return version.origin.type == EXTERNAL or self._since(version) >= self.settings.visible_after_seconds

    def in_lists(self, version: Version) -> bool:
        """Return whether operations list a version."""
        late = self.settings.visible_after_seconds
        if version.origin.type == EXTERNAL:
            late = self.settings.listed_after_seconds
        return self._since(version) >= late

    @property
    def is_immediate(self) -> bool:
        """Return whether everything shows at once, as it does unless a test asks for more."""
        return not (self.settings.visible_after_seconds or self.settings.listed_after_seconds)

    def _since(self, version: Version) -> float:
        return (self.now - version.published) / timedelta(seconds=1)
