"""What a file of exchange rates has: which currencies, up to which day, and whether that is old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple, Self

from kpistream.core.money.rates_file import Worth

SHOWN: Final = 12
"""The most currencies that are listed."""


class RatesReport(NamedTuple):
    """The newest rate of each currency."""

    newest: Mapping[str, date]

    @classmethod
    def of(cls, worths: Iterable[Worth]) -> Self:
        """The report on these rates."""
        newest: dict[str, date] = {}
        for worth in worths:
            newest[worth.currency] = max(worth.on, newest.get(worth.currency, worth.on))
        return cls(newest)

    def line(self) -> str:
        """What there is: ``USD, JPY; newest of 2026-01-09``."""
        return f"{_listed(self.newest)}; newest of {max(self.newest.values())}"

    def warnings(self, today: date, max_age_days: int) -> list[str]:
        """What has no rate for today, or will have none when no newer file comes."""
        old = [code for code, on in self.newest.items() if (today - on).days > max_age_days]
        newest = max(self.newest.values())
        if len(old) == len(self.newest):
            return [
                f"the newest rate is of {newest}, more than {max_age_days} days ago: money of "
                "today in another currency has no rate and is set apart"
            ]
        if old:
            return [f"no rate of the last {max_age_days} days for {_listed(old)}"]
        return []


def _listed(codes: Iterable[str]) -> str:
    listed = sorted(codes)
    more = len(listed) - SHOWN
    return ", ".join(listed[:SHOWN]) + (f" and {more} more" if more > 0 else "")
