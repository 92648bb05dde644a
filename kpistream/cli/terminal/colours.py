"""Colours: what is good, bad or of no weight; a word or a sign always says so too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GOOD: Final = "green"
BAD: Final = "bold red"
CARE: Final = "yellow"
QUIET: Final = "dim"
STRONG: Final = "bold"
LINE: Final = "cyan"

OF_TURN: Final[Mapping[str, str]] = {"better": GOOD, "worse": BAD, "unchanged": QUIET}

OF_SEVERITY: Final[Mapping[str, str]] = {"critical": BAD, "warning": CARE, "info": LINE}

OF_STATUS: Final[Mapping[str, str]] = {
    "on_track": GOOD,
    "achieved": GOOD,
    "at_risk": CARE,
    "off_track": BAD,
    "missed": BAD,
}
