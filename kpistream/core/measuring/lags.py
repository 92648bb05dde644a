"""Lags: how long after events occurred they arrive, as the records of a partition tell it.

The lag of an event is its age at arrival. Of one that covers a period it is the age of the period's
start: yesterday's costs, reported at six this morning, have a lag of 30 hours, and not of 6. For
each instant of the day was without its costs until then, so that a window which ends less than 30
hours ago may lack some. A report that comes in pieces has the lag of each piece.

Every UTC day of arrivals counts alike, however many events it brought, and half as much seven days
later. So a year of history that is loaded at once counts as the one day it took, and is below 5 %,
and so beyond the 95th percentile, eleven days later at most. The day that is not over counts for as
much as has passed of it. Time is that of the arrivals: in silence nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from kpistream.core.windows.panes import DAY_S

LADDER: Final = (0, 900, 3600, 7200, 21_600, 43_200, 86_400, 172_800)
"""The delays, in seconds, after which a window can be settled by itself."""

LONGEST_S: Final = 64 * DAY_S
"""Longer lags count as this one."""

HALF_LIFE_DAYS: Final = 7
USUAL: Final = 0.95
"""The share of events that have arrived after what is called the lag of a source."""

_DOUBLINGS: Final = range(2 * LONGEST_S.bit_length())
EDGES_S: Final = tuple(
    sorted(
        {*LADDER[1:], LONGEST_S, *(n for k in _DOUBLINGS if (n := round(2 ** (k / 2))) < LONGEST_S)}
    )
)
"""The longest lag of each bucket: two a doubling, and the steps of the ladder.

So rounding a lag up to its bucket's edge never leads to a higher step.
"""

_EDGES: Final = np.array(EDGES_S, dtype=np.float64)
_A_TRIFLE: Final = 1e-9


class LagsRow(msgspec.Struct, frozen=True, array_like=True):
    """Lags as they are made durable: buckets by their edge, in seconds, with what they weigh."""

    newest_s: float
    past: list[tuple[int, float]]
    today: list[tuple[int, float]]


class Lags:
    """The lags of a source's events: a histogram that forgets, by days of arrival."""

    def __init__(self) -> None:
        """Know of no event."""
        self._newest_s = 0.0
        self._past = np.zeros(len(EDGES_S))
        """The days before the newest: each adds up to 1 by its end, and to less ever after."""
        self._today = np.zeros(len(EDGES_S))
        """The number of events that arrived on the newest day."""

    def add(self, lags_s: Sequence[float], each: float, arrived_s: float) -> None:
        """Enter lags in seconds, each of so many events, that arrived by ``arrived_s``.

        That is in epoch seconds and never goes back: an earlier one counts as the newest.
        """
        if not lags_s:
            return
        self._reach(arrived_s)
        buckets = np.minimum(np.searchsorted(_EDGES, lags_s), len(EDGES_S) - 1)
        self._today += each * np.bincount(buckets, minlength=len(EDGES_S))

    def _reach(self, arrived_s: float) -> None:
        days = int(arrived_s // DAY_S) - int(self._newest_s // DAY_S)
        if days > 0:
            if events := self._today.sum():
                self._past += self._today / events
            # To few digits, for they are written with each flush.
            self._past = (self._past * 0.5 ** (days / HALF_LIFE_DAYS)).round(6)
            self._today[:] = 0
        self._newest_s = max(self._newest_s, arrived_s)

    def quantile(self, share: float) -> int:
        """The seconds after which that share of events has arrived, rounded up to its bucket.

        0 if that is within a second, and if no event is known.
        """
        weights = self._past.copy()
        if events := self._today.sum():
            weights += self._today * ((self._newest_s % DAY_S + 1) / DAY_S / events)
        arrived = weights.cumsum()
        wanted = share * arrived[-1] * (1 - _A_TRIFLE)
        bucket = int(np.searchsorted(arrived, wanted))
        return EDGES_S[bucket] if bucket else 0

    # -- restoring ---------------------------------------------------------------------------------

    def row(self) -> LagsRow:
        """All that is known."""
        return LagsRow(self._newest_s, _filled(self._past), _filled(self._today))

    @classmethod
    def restored(cls, row: LagsRow) -> Lags:
        """What was known; a bucket that is no more goes to the next one that is longer."""
        lags = cls()
        lags._newest_s = row.newest_s
        for into, buckets in ((lags._past, row.past), (lags._today, row.today)):
            for edge_s, weight in buckets:
                into[min(int(np.searchsorted(_EDGES, edge_s)), len(EDGES_S) - 1)] += weight
        return lags


def settle_for(lag_s: int) -> int:
    """The delay that a source of this lag needs: the next step of the ladder, or its last."""
    return next((step for step in LADDER if step >= lag_s), LADDER[-1])


def _filled(weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[tuple[int, float]]:
    return [(EDGES_S[n], float(weights[n])) for n in weights.nonzero()[0]]
