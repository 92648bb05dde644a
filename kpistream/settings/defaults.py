"""What holds unless it is set, and the names by which settings are found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kpistream.core.events.event_types import SHIPPED as SHIPPED_EVENTS
from kpistream.core.windows.windows import CALENDAR_WINDOWS

PREFIX: Final = "KPISTREAM_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
TOKEN_VARIABLE: Final = f"{PREFIX}API_TOKEN"
"""What commands that ask a worker show it; no setting."""

SHIPPED: Final = Path(__file__).parents[1]
"""The folder of the files that come with the package."""

DEFAULT_FILE: Final = Path("kpistream.yml")
"""The file of settings that is read where a command is started, if it is there."""

SHIPPED_RULES: Final = ("advertising", "email", "shop", "customers", "leads", "tracking")
"""The files of rules that are in force unless others are set, in the folder `alerts`."""

DEFAULT_SLICES: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("channel",),
    ("campaign",),
    ("channel", "campaign"),
)
DEFAULT_WINDOWS: Final = ("5m", "15m", "1h", "24h", "7d", "30d", *CALENDAR_WINDOWS)
DEFAULT_HORIZONS: Final[Mapping[str, str]] = MappingProxyType(
    {"order": "1d", "cost": "1d", "customer": "1d", "lead": "1d"}
)
DEFAULT_TOPICS: Final[Mapping[str, str]] = MappingProxyType(
    {name: event.topic for name, event in SHIPPED_EVENTS.items()}
)
