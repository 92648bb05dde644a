"""Special days: dates on which traffic is not what it usually is, left out of baselines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date


class SpecialDays:
    """Dates with the names of what happens on them: public holidays, sales, a campaign's launch."""

    def __init__(self, dates: Mapping[date, str]) -> None:
        """Keep the dates, each of them a local day."""
        self._names = dict(dates)

    def __contains__(self, on: date) -> bool:
        return on in self._names

    def __len__(self) -> int:
        return len(self._names)

    def name(self, on: date) -> str | None:
        """What makes this date special; None if nothing does."""
        return self._names.get(on)
