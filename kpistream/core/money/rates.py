"""Exchange rates with dates, for amounts that are converted when they are read.

Amounts are summed per currency and never changed; a reading converts the sums of a day with that
day's rate. A factor is an exact integer, rounded once, so that sums of converted amounts are exact
too and do not depend on the order they are added in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import Final, Self

from kpistream.core.money.rates_file import Worth, read_rates

RATE_SCALE: Final = 10**12
"""An exact factor between two currencies is kept as an integer times this."""

MAX_AGE_DAYS: Final = 7
"""How old a rate may be: over Easter and Christmas none is published for up to five days."""

_CACHE_LIMIT: Final = 100_000


class Rates:
    """What currencies were worth in the reporting currency, day by day."""

    def __init__(
        self, reporting: str, worths: Iterable[Worth] = (), max_age_days: int = MAX_AGE_DAYS
    ) -> None:
        """Keep the worths, of which there is one for a currency and date at most."""
        self.reporting = reporting
        self._max_age_days = max_age_days
        self._days: dict[str, list[int]] = {}
        self._factors: dict[str, list[int]] = {}
        for worth in sorted(worths, key=lambda worth: worth.on):
            self._days.setdefault(worth.currency, []).append(worth.on.toordinal())
            self._factors.setdefault(worth.currency, []).append(worth.times(RATE_SCALE))
        self._found: dict[tuple[str, date], int | None] = {}

    @classmethod
    def none(cls, reporting: str) -> Self:
        """No rates: only the reporting currency has a factor."""
        return cls(reporting)

    @classmethod
    def load(
        cls, text: str, filename: str, reporting: str, max_age_days: int = MAX_AGE_DAYS
    ) -> Self:
        """The rates of a CSV file; see :mod:`kpistream.core.money.rates_file` for its two forms.

        Raises ConfigErrors with what is wrong in the file, and UnknownCurrency for ``reporting``.
        """
        return cls(reporting, read_rates(text, filename, reporting), max_age_days)

    def factor(self, currency: str, on: date) -> int | None:
        """What turns an amount of that day into the reporting currency; None without a rate.

        ``amount * factor`` is the amount in the reporting currency, scaled, times RATE_SCALE: the
        decimals of both currencies are in the factor. It is the newest rate on or before the date
        and at most the given number of days old, rounded half to even, once.
        """
        key = currency, on
        try:
            return self._found[key]
        except KeyError:
            if len(self._found) >= _CACHE_LIMIT:
                self._found.clear()
            found = self._found[key] = self._find(currency, on.toordinal())
            return found

    def _find(self, currency: str, day: int) -> int | None:
        if currency == self.reporting:
            return RATE_SCALE
        days = self._days.get(currency, [])
        newest = bisect_right(days, day) - 1
        if newest < 0 or day - days[newest] > self._max_age_days:
            return None
        return self._factors[currency][newest]
