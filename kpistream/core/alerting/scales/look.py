"""A look: what a condition may see of one slice at one moment."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from kpistream.core.alerting.past.history import History
from kpistream.core.measuring.partials import Sums
from kpistream.core.monitoring.progress import Status
from kpistream.core.monitoring.readings import Reading
from kpistream.core.slices import Slice


class Desk(Protocol):
    """What there is to look at: the slices of one partition. Windows go by their index."""

    history: History

    def sums(self, part: Slice, index: int, *, before: bool = False) -> Sums:
        """The view of a slice over a window, or the one before it; do not change it."""

    def reading(self, part: Slice, kpi: str, index: int) -> Reading | None:
        """The newest reading of a KPI; None without a value."""

    def named_reading(self, part: Slice, kpi: str, window: str) -> Reading | None:
        """The newest reading of a KPI over a window by its name, not settled."""

    def bounds(self, index: int) -> tuple[float, float]:
        """The span of a window up to now, in epoch seconds."""

    def is_special(self, on: date) -> bool:
        """Whether a local day says nothing about others: a holiday, a sale."""

    def has_special(self, lo_s: float, hi_s: float) -> bool:
        """Whether any local day of a span is such a day."""

    def bounds_before(self, index: int) -> tuple[float, float]:
        """The span of the window before, in epoch seconds."""

    def status(self, objective: str) -> Status | None:
        """How an objective stands whose slice is here."""

    def is_as_old(self, part: Slice, age_s: float) -> bool:
        """Whether what is known of a slice reaches so far back."""

    def settled_index(self, window: str, rule_settle_s: float | None, kpi: str) -> int:
        """The window as it was when its data is old enough; None stands for what is learned."""


class LookAgain(Exception):
    """There is too much to be worked out in one beat: ask again in the next."""


class Look:
    """One slice at one moment (``now_s``, epoch seconds); moved from slice to slice.

    ``left`` is how much of the past may still be worked out in this beat; None sets no limit.
    """

    __slots__ = ("desk", "left", "now_s", "part")

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.part: Slice = ()
        self.now_s = 0.0
        self.left: int | None = None

    def spend(self) -> None:
        """Work out something of the past, tens of milliseconds; raises LookAgain."""
        if self.left is None:
            return
        if not self.left:
            raise LookAgain
        self.left -= 1
