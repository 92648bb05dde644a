"""A scale weighs one condition: does it hold, as far as the value tells, and how surely?"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Final

from kpistream.core.alerting.chance.uncertainty import Uncertainty
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Kpi, Value, evaluate
from kpistream.core.measuring.partials import Sums
from kpistream.core.monitoring.readings import Reading
from kpistream.core.statistics.looks import over_looks
from kpistream.core.windows.windows import Window

ROUNDING: Final = 1e-9
"""Two values this close, relative to each other, are one value (20 % + 50 % of it is 30 %)."""

MAD_EFFICIENCY: Final = 0.37
"""A robust scale of n values is as sure as a standard deviation of this part of them."""

INTERVAL_CONFIDENCE: Final = 0.95
"""Of the interval around a value that an alert shows."""


class Scale(ABC):
    """Weighs one condition."""

    is_timed: bool = False
    """Whether it must be weighed as time goes on, though nothing comes."""

    @abstractmethod
    def plain(self, look: Look) -> bool | None:
        """Whether the condition holds, as far as the value tells; None if it cannot be told."""

    @abstractmethod
    def weigh(self, look: Look) -> float | None:
        """How probable so much is in a week in which nothing is wrong; None if it cannot be told.

        That is the p-value for one slice, corrected for looking all the time.
        """

    def stays(self, look: Look) -> bool:
        """Whether an alert that fires goes on."""
        return self.plain(look) is True

    @abstractmethod
    def baseline(self, look: Look) -> float | None:
        """What the value is compared with, in the KPI's unit."""

    @abstractmethod
    def evidence(self, look: Look) -> Evidence:
        """What the condition was judged on."""


class Measured:
    """A KPI over a window, as scales look at it."""

    __slots__ = (
        *("currency", "index", "is_moving", "kpi", "measures", "minimum", "name", "reference"),
        *("settle_s", "uncertainty", "window"),
    )

    def __init__(
        self,
        catalogue: Catalogue,
        kpi: str,
        window: Window,
        index: int,
        minimum: int,
        settle_s: float | None,
        currency: str,
        reference: int | None = None,
    ) -> None:
        """``reference`` is the longest window, which tells best how far chance moves a value."""
        self.kpi: Kpi = catalogue.kpis[kpi]
        self.uncertainty = Uncertainty(self.kpi, catalogue, currency)
        self.name = kpi
        self.window = window
        self.index = index
        self.minimum = minimum
        self.settle_s = settle_s
        self.currency = currency
        self.reference = index if reference is None else reference
        self.is_moving = settle_s is None or settle_s > 0
        """Whether it is read as it was a while ago."""
        self.measures = frozenset({self.kpi.sample, *(one.name for one in self.kpi.measures)})

    def at(self, look: Look) -> int:
        """The index of the window, settled as the rule wants it."""
        if not self.is_moving:
            return self.index
        return look.desk.settled_index(self.window.name, self.settle_s, self.name)

    def reading(self, look: Look) -> Reading | None:
        """The reading, if it rests on enough."""
        found = look.desk.reading(look.part, self.name, self.at(look))
        return None if found is None or found.sample < self.minimum else found

    def sums(self, look: Look) -> Sums:
        """The sums that the reading is of."""
        return look.desk.sums(look.part, self.at(look))

    def before(self, look: Look) -> Sums:
        """The sums of the window before."""
        return look.desk.sums(look.part, self.at(look), before=True)

    def value(self, sums: Sums) -> Value | None:
        """The KPI's value over some sums, if it rests on enough."""
        value = evaluate(self.kpi, sums, self.currency)
        return None if value is None or value.sample < self.minimum else value

    def error_by_event(self, look: Look) -> float:
        """The standard error of a value on one event, as a part of the value; 0 if nobody knows.

        On n events it is smaller by sqrt(n). What is known of past hours does not tell it: squares
        of amounts are not kept.
        """
        sums = look.desk.sums(look.part, self.reference)
        value, error = self.value(sums), self.uncertainty.error(sums)
        if value is None or not value.value or error is None:
            return 0.0
        return error / abs(value.value) * math.sqrt(value.sample)

    def covers_s(self, look: Look) -> float:
        """How many seconds the window covers."""
        start, end = look.desk.bounds(self.at(look))
        return max(0.0, end - start)

    def is_special(self, look: Look) -> bool:
        """Whether the window has a day that says nothing about others."""
        return look.desk.has_special(*look.desk.bounds(self.at(look)))

    def over_a_week(self, look: Look, p: float, haste: float = 1.0) -> float:
        """A p-value of one look, corrected for looking at the window all week.

        ``haste`` is how many times as fast as the window moves on what is tested changes.
        """
        return over_looks(p, max(1.0, self.covers_s(look) / haste))

    def evidence(
        self, look: Look, condition: str, method: str, line: float | None, p: float | None
    ) -> Evidence:
        """What the newest reading says."""
        reading = look.desk.reading(look.part, self.name, self.at(look))
        bounds = self.uncertainty.interval(self.sums(look), INTERVAL_CONFIDENCE)
        low, high = bounds or (None, None)
        return Evidence(
            condition,
            method,
            reading.numerator if reading else None,
            reading.denominator if reading else None,
            line,
            low,
            high,
            None if bounds is None else INTERVAL_CONFIDENCE,
            p,
            self.covers_s(look),
        )
