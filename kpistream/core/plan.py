"""The plan: everything the core must know about what to measure, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kpistream.core.catalogue import Catalogue
from kpistream.core.panes import Tiers
from kpistream.core.rules import Rule
from kpistream.core.slices import Slicing
from kpistream.core.windows import Window, tiers_for

DEFAULT_HORIZON_MS: Final = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, for which slices and windows, and when an event is a repeat or too early."""

    catalogue: Catalogue
    topics: Mapping[str, str]
    """Event type to the topic that carries it."""
    slicing: Slicing
    windows: tuple[Window, ...]
    rules: tuple[Rule, ...] = ()
    currency: str = "EUR"
    """The reporting currency, ISO 4217."""
    skew_ms: int = 60_000
    """How far after its arrival an event may claim to have occurred."""
    silence_ms: int = 60_000
    """How far a source may lag behind before readings that need it are incomplete."""
    horizons_ms: Mapping[str, int] = field(default_factory=dict)
    """Event type to the span of arrival time within which a repeated id is a duplicate."""
    id_key: int = 0
    """The key of the 64-bit hashes that stand for event ids."""
    max_event_bytes: int = 65_536

    @property
    def tiers(self) -> Tiers:
        """The tiers that the windows need."""
        return tiers_for(self.windows)

    def horizon_ms(self, event: str) -> int:
        """The deduplication horizon of an event type."""
        return self.horizons_ms.get(event, DEFAULT_HORIZON_MS)
