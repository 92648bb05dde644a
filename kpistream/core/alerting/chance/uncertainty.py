"""Uncertainty: how far chance moves a KPI's value, told from nothing but the sums of a window.

The chance of a sum is in other sums (the module ``chance``); what the formula makes
of them decides which statistics apply:

proportion
    so many of so many, the latter as given: exact binomial, Fisher's test of two
sum
    counts and totals over something known, or the inverse: Poisson, the gamma method
delta
    all others: the delta method, on ten events of one size at least
none
    no model: what is known exactly, and totals of whose spread nothing is known
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt
from typing import Final, Literal, Protocol

from kpistream.core.alerting.chance.chance import Chance
from kpistream.core.alerting.chance.delta_model import FEWEST, DeltaModel, careful_moments
from kpistream.core.alerting.chance.gradients import Dual, combined
from kpistream.core.alerting.chance.quotients import TooManyTerms, quotient
from kpistream.core.alerting.chance.shapes import linear_of, share_of
from kpistream.core.alerting.chance.share_model import ShareModel
from kpistream.core.alerting.chance.sides import Change, Side
from kpistream.core.alerting.chance.sum_model import SumModel
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.measuring.partials import Sums
from kpistream.core.statistics.tails import normal_tail

Kind = Literal["proportion", "sum", "delta", "none"]

Way = Literal["below", "above"]
"""The side of a line."""

_SIDES: Final[Mapping[Way, Side]] = {"below": Side.below, "above": Side.above}


class Model(Protocol):
    """How far chance moves one form of formula."""

    @property
    def method(self) -> str:
        """What it is called, for evidence."""

    def error(self, sums: Sums) -> float | None:
        """The standard error of the value; None where it has none."""

    def tail(self, sums: Sums, line: float, side: Side, reference: Sums | None) -> float:
        """One-sided p-value of "the true value is not past the line"."""

    def change(self, now: Sums, then: Sums, change: Change, spans: float) -> float | None:
        """One-sided p-value of "no change in this direction"; None where it cannot tell."""

    def interval(self, sums: Sums, confidence: float) -> tuple[float, float] | None:
        """Where the true value lies; None where the sums say too little."""


class Uncertainty:
    """How far chance moves a KPI's value, from the sums of one window.

    ``kind`` says which statistics apply, ``method`` what they are called, or why there are none.
    """

    def __init__(self, kpi: Kpi, catalogue: Catalogue, currency: str) -> None:
        """Find the KPI's model; raises UnknownCurrency."""
        self.kpi = kpi
        self._catalogue = catalogue
        self._currency = currency
        self._chance = Chance(kpi.measures, catalogue, currency)
        self._program = kpi.expression.program(currency)
        self._delta = DeltaModel(kpi.expression, self._chance)
        self._both: dict[Uncertainty, Chance] = {}
        self._model: Model | None
        self.kind: Kind
        self.kind, self._model = self._chosen()
        self.method = self._model.method if self._model else self._without_model()

    @property
    def is_told(self) -> bool:
        """Whether chance is known, be it that there is none, as in costs and levels."""
        return not self._chance.unmodelled

    def value(self, sums: Sums) -> float | None:
        """The KPI's value; None where it has none."""
        try:
            outcome = self._program(sums)
        except (ZeroDivisionError, OverflowError):
            return None
        return None if outcome is None else outcome[0]

    def error(self, sums: Sums) -> float | None:
        """The standard error of the value; 0.0 for what is known, None where nobody knows."""
        if self._model is not None:
            return self._model.error(sums)
        return 0.0 if self.is_told and self.value(sums) is not None else None

    def tail(self, sums: Sums, line: float, way: Way, reference: Sums | None = None) -> float:
        """One-sided p-value of "the true value is not past the line"; 1.0 if it seems not to be.

        ``reference`` holds the sums of more traffic of the same kind, such as those of a longer
        window: from it is told how large an order may be where none, or few, were seen. 1.0 where
        nobody knows how far chance moves the value.
        """
        value = self.value(sums)
        if value is None:
            if not self._is_endless(sums, way):
                return 1.0
        elif value >= line if way == "below" else value <= line:
            return 1.0
        if self._model is None:
            return 0.0 if self.is_told else 1.0
        return self._model.tail(sums, line, _SIDES[way], reference)

    def change(self, now: Sums, then: Sums, way: Change, spans: float = 1.0) -> float:
        """One-sided p-value of "no change in this direction" from one window to another.

        ``spans`` is how many times as long as the other the first window lasts; it matters for
        counts and totals over nothing. 1.0 where the value did not move that way.
        """
        first, other = self.value(now), self.value(then)
        if first is None or other is None:
            return 1.0
        moved = first > other if way == "rises" else first < other
        if self._model is None:
            return 0.0 if moved and self.is_told else 1.0
        if not moved and spans == 1.0:
            return 1.0
        found = self._model.change(now, then, way, spans)
        return self._delta.change(now, then, way, spans) if found is None else found

    def interval(self, sums: Sums, confidence: float) -> tuple[float, float] | None:
        """Where the true value lies, two-sided; None where nobody knows.

        The value itself, twice, where it is known exactly.
        """
        if self._model is not None:
            return self._model.interval(sums, confidence)
        value = self.value(sums)
        return (value, value) if self.is_told and value is not None else None

    def compare(self, sums: Sums, other: Uncertainty, times: float, way: Way) -> float:
        """One-sided p-value of "the true value is not past so many times the other's".

        Both are left to chance, and to the same events as far as they share them: by the delta
        method, on the logarithms where both are positive. 1.0 on too few events.
        """
        chance = self._chance_with(other)
        one, two = self._delta.dual(sums), other._delta.dual(sums)
        if one is None or two is None or chance.unmodelled:
            return 1.0
        gap = _gap(one, two, times)
        if (gap.value >= 0) if way == "below" else (gap.value <= 0):
            return 1.0
        if not any(slope for name, slope in gap.slopes.items() if chance.is_random(name)):
            return 0.0
        variance, known = careful_moments(chance, gap.slopes, sums, _SIDES[way])
        if known < FEWEST or variance == 0:
            return 1.0
        return normal_tail(abs(gap.value) / sqrt(variance))

    def _chosen(self) -> tuple[Kind, Model | None]:
        chance, kpi = self._chance, self.kpi
        random = [m.name for m in kpi.measures if chance.is_random(m.name)]
        if not self.is_told or not random:
            return "none", None
        try:
            form = quotient(kpi.expression)
        except TooManyTerms:
            return "delta", self._delta
        share = share_of(form)
        if (
            share
            and chance.is_random(share.part)
            and chance.is_count(share.part)
            and chance.is_count(share.whole)
        ):
            return "proportion", ShareModel(share, chance, kpi.unit == "ratio")
        linear = linear_of(form, chance.is_random)
        if linear and all(map(chance.never_negative, linear.terms)):
            return "sum", SumModel(linear, chance)
        return "delta", self._delta

    def _without_model(self) -> str:
        missing = " and ".join(f"`{name}`" for name in self._chance.unmodelled)
        return f"no squares of {missing}" if missing else "known exactly"

    def _is_endless(self, sums: Sums, way: Way) -> bool:
        """Whether it has no value since something was spent, and nothing came of it."""
        return way == "above" and isinstance(self._model, SumModel) and self._model.is_endless(sums)

    def _chance_with(self, other: Uncertainty) -> Chance:
        """What chance does to the measures of both KPIs."""
        found = self._both.get(other)
        if found is None:
            measures = dict.fromkeys((*self.kpi.measures, *other.kpi.measures))
            found = self._both[other] = Chance(measures, self._catalogue, self._currency)
        return found


def _gap(one: Dual, two: Dual, times: float) -> Dual:
    """One less so many times the other; of their logarithms if all are positive."""
    if min(one.value, two.value, times) <= 0:
        slopes = combined(one.slopes, 1.0, two.slopes, -times)
        return Dual(one.value - times * two.value, slopes)
    slopes = combined(one.slopes, 1 / one.value, two.slopes, -1 / two.value)
    return Dual(log(one.value / (times * two.value)), slopes)
