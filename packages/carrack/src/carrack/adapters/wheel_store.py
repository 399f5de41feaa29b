"""Built wheels under their sha256, in the workspace's `.carrack`: a cache, of which no byte is believed unread."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from carrack.adapters.hashing import describe


@dataclass(frozen=True)
class FolderOfWheels:
    """Implements `ports.WheelStore` in `folder`: `SHA256/NAME.whl`."""

    folder: Path

    def keep(self, wheel: Path, sha256: str) -> None:
        """See `ports.WheelStore`. Several may keep one wheel at once."""
        place = self.folder / sha256
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            beside = Path(shutil.copy(wheel, scratch))
            os.replace(beside, place / wheel.name)

    def find(self, sha256: str) -> Path | None:
        """See `ports.WheelStore`."""
        for wheel in sorted((self.folder / sha256).glob("*.whl")):
            if describe(wheel).sha256 == sha256:
                return wheel
            wheel.unlink()
        return None
