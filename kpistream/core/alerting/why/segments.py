"""Segments: what each member of a dimension adds to the change of a KPI.

A quotient R = N / D is a mean of its members' rates r = n / d, weighed by their shares w = d / D.
From one period to another a member changes it by its share and by its rate, each taken at the
midpoint of the other:

    mix  = (w1 - w0) * ((r1 + r0) / 2 - (R1 + R0) / 2)
    rate = (r1 - r0) * (w1 + w0) / 2

These are the indicators of Bennet (1920, The Theory of Measurement of Changes in Cost of Living),
and the Shapley values of the two factors. Over all members they add up to R1 - R0, exactly: all is
worked out in fractions of the sums, and rounded once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Final, NamedTuple

from kpistream.core.alerting.why.linear import Linear, Sides, linear
from kpistream.core.alerting.why.why import Segment
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.measuring.partials import Sums

MOST_MEMBERS: Final = 8
"""So many members are told one by one, those that change most."""

REST: Final = "(rest)"
"""Stands for all further members."""

UNEXPLAINED: Final = ""
"""Stands for what no member explains: people who are in several, and members not given."""


class Contribution(NamedTuple):
    """A member's part of a change, exactly; its own values are None where it has none.

    ``size`` is the part of the KPI's denominator that it had before; of the KPI, if it has none.
    """

    member: str
    value: Fraction | None
    before: Fraction | None
    mix: Fraction
    rate: Fraction
    size: Fraction

    @property
    def change(self) -> Fraction:
        """All that it adds to the change."""
        return self.mix + self.rate

    def segment(self, dimension: str) -> Segment:
        """It as it is published, rounded."""
        value, before = (None if x is None else float(x) for x in (self.value, self.before))
        return Segment(dimension, self.member, value, before, float(self.mix), float(self.rate))


def contributions(
    kpi: Kpi,
    now: Sums,
    before: Sums,
    members: Mapping[str, tuple[Sums, Sums]],
    currency: str,
) -> list[Contribution]:
    """What each member (of its sums now and before) adds to a KPI's change, the largest first.

    They add up to the change exactly. Those beyond :data:`MOST_MEMBERS` are one, :data:`REST`; what
    is left is the last, :data:`UNEXPLAINED`; who changes nothing is left out. Empty for a KPI that
    is neither a sum nor a quotient of sums, or has no denominator now or before. Raises
    UnknownCurrency.
    """
    form = linear(kpi.expression)
    if form is None:
        return []
    total = _Part(form.sides(now, currency), form.sides(before, currency))
    if None in (form.value(total.now), form.value(total.before)):
        return []
    parts = {
        member: _Part(form.sides(after, currency), form.sides(earlier, currency))
        for member, (after, earlier) in members.items()
    }
    return _told(_Change(form, total), parts)


class _Part(NamedTuple):
    """The sides of a member now and before."""

    now: Sides
    before: Sides

    def plus(self, other: _Part) -> _Part:
        return _Part(self.now.plus(other.now), self.before.plus(other.before))

    def less(self, other: _Part) -> _Part:
        return _Part(self.now.less(other.now), self.before.less(other.before))


_NOTHING: Final = _Part(Sides(Fraction(0), Fraction(0)), Sides(Fraction(0), Fraction(0)))


class _Change:
    """The change of a KPI, of which each member adds a part."""

    def __init__(self, form: Linear, total: _Part) -> None:
        self._form = form
        self.total = total

    def of(self, member: str, part: _Part) -> Contribution:
        mix, rate, size = self._shared(part) if self._form.divides else self._plain(part)
        value, before = map(self._form.value, part)
        if member == UNEXPLAINED:
            value = before = None
        return Contribution(member, value, before, mix, rate, size)

    def _plain(self, part: _Part) -> tuple[Fraction, Fraction, Fraction]:
        whole = self.total.before.above
        size = part.before.above / whole if whole else Fraction(0)
        return Fraction(0), part.now.above - part.before.above, size

    def _shared(self, part: _Part) -> tuple[Fraction, Fraction, Fraction]:
        now, before = self.total
        share, earlier = part.now.below / now.below, part.before.below / before.below
        typical = (now.above / now.below + before.above / before.below) / 2
        mean = self._mean_rate(part)
        # What is left of the change of n / D is (r1 - r0) * (w1 + w0) / 2, and the whole n / D of
        # a member without a denominator.
        whole = part.now.above / now.below - part.before.above / before.below
        return (
            (share - earlier) * (mean - typical),
            whole - (share - earlier) * mean,
            earlier,
        )

    def _mean_rate(self, part: _Part) -> Fraction:
        """The mean of the rates now and before; of one alone, if the other has no denominator."""
        rates = [rate for rate in map(self._form.value, part) if rate is not None]
        return sum(rates, Fraction(0)) / max(1, len(rates))


def _told(change: _Change, parts: Mapping[str, _Part]) -> list[Contribution]:
    each = {member: change.of(member, part) for member, part in parts.items()}
    order = sorted(each, key=lambda member: (-abs(each[member].change), member))
    told = [each[member] for member in order[:MOST_MEMBERS]]
    further = order[MOST_MEMBERS:]
    if further:
        own = change.of(REST, _added(parts[member] for member in further))
        told.append(_summed(own, [each[member] for member in further]))
    left = change.total.less(_added(parts.values()))
    told.append(change.of(UNEXPLAINED, left))
    return [one for one in told if one.mix or one.rate]


def _summed(own: Contribution, parts: Sequence[Contribution]) -> Contribution:
    """Several members as one; their shares and rates stay apart, as they were for each."""
    mix = sum((part.mix for part in parts), Fraction(0))
    rate = sum((part.rate for part in parts), Fraction(0))
    return own._replace(mix=mix, rate=rate)


def _added(parts: Iterable[_Part]) -> _Part:
    return reduce(_Part.plus, parts, _NOTHING)
