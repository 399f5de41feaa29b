"""What publishing does its work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from carrack.commands.build import no_room
from carrack.ports import Builder, Kept, Listing, OriginControls, Report, Room, Uploader

NOTHING_WRITTEN = "the index; nothing was written"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The ports that a release writes and asks through, beside those it learns from."""

    builder: Builder
    uploader: Uploader
    report: Report
    controls: OriginControls
    listing: Listing
    room: Room = no_room
    """Where packages are laid out."""
    kept: Kept | None = None
    """What was built before; None where everything is to be built anew."""
    close_names: bool = False
    """Whether names that could be fed from upstream are closed first; else they stop the release."""
    sleep: Callable[[float], None] = time.sleep
