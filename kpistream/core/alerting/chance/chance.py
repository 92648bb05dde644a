"""Chance: how far the sums of measures would differ, had the same window been lived again.

Events are taken for a marked Poisson process: they come independently, each with its amounts. Then
for measures A and B, each the sum of something over events, Cov(A, B) is the sum of the product
over the events that are in both (Campbell's theorem; Kingman 1993, "Poisson Processes", 3.2). Such
sums are measures themselves: of two counts a count, of a count and a total a total, of a total
with itself its squares.

Known exactly, and left to no chance: levels, and what events with a period report, such as costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import Final, Literal, NamedTuple

from kpistream.core.alerting.chance.amounts import Amount, amount_of
from kpistream.core.alerting.chance.gradients import Slopes
from kpistream.core.alerting.chance.overlaps import excludes, implies, included
from kpistream.core.alerting.chance.sizes import Sizes
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.measures import Measure, MeasureKind, Where
from kpistream.core.measuring.partials import Sums
from kpistream.core.measuring.sketch import EXACT_LIMIT, STANDARD_ERROR

COUNTS: Final[tuple[MeasureKind, ...]] = ("count", "distinct")
"""The kinds of measures that count events or people."""

_SUMMED: Final[tuple[MeasureKind, ...]] = ("total", "elapsed")


class Moments(NamedTuple):
    """A value's variance, and for how many events of one size what it is made of stands."""

    variance: float
    known: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A measure that chance moves: its amount, its variance, and how many amounts are in it."""

    measure: Measure
    amount: Amount
    variance: Amount
    number: Amount | None

    @property
    def is_count(self) -> bool:
        return self.measure.kind in COUNTS

    def sizes(self, sums: Sums) -> Sizes:
        number = None if self.number is None else self.number(sums)
        return Sizes(number, self.amount(sums), self.variance(sums))


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two measures that are moved together: by how much, or at most by how much."""

    one: str
    other: str
    covariance: Amount | None
    sign: Literal["positive", "any"]


class Chance:
    """What chance does to some measures of a catalogue."""

    def __init__(self, measures: Iterable[Measure], catalogue: Catalogue, currency: str) -> None:
        """Find out how the measures move; raises UnknownCurrency."""
        self._catalogue = catalogue
        self._currency = currency
        self.measures = {measure.name: measure for measure in measures}
        self._amounts = {n: amount_of(m, currency) for n, m in self.measures.items()}
        found = {n: self._part(m) for n, m in self.measures.items() if not self.is_known(m)}
        self.unmodelled = tuple(name for name, part in found.items() if part is None)
        """Totals without a measure of their squares: nobody can tell how far chance moves them."""
        self._parts = {name: part for name, part in found.items() if part is not None}
        pairs = (self._pair(one, other) for one, other in combinations(self._parts.values(), 2))
        self._pairs = tuple(pair for pair in pairs if pair is not None)

    def is_known(self, measure: Measure) -> bool:
        """Whether a measure is left to no chance: a level, or reported for a period."""
        event = self._catalogue.events.get(measure.event)
        return measure.kind == "level" or (event is not None and event.covers_period)

    def is_random(self, name: str) -> bool:
        """Whether chance moves a measure."""
        return name in self._parts

    def is_count(self, name: str) -> bool:
        """Whether a measure counts events or people, also as a level."""
        measure = self.measures[name]
        return measure.kind in COUNTS or (measure.kind == "level" and measure.field is None)

    def is_nested(self, inner: str, outer: str) -> bool:
        """Whether whatever the first measure counts, the other counts, too."""
        one, other = self.measures[inner], self.measures[outer]
        alike = one.event == other.event and one.kind == other.kind and one.field == other.field
        return alike and implies(self._included(one), self._included(other))

    def never_negative(self, name: str) -> bool:
        """Whether no event can add less than nothing to a measure."""
        measure = self.measures[name]
        if measure.kind in COUNTS or measure.is_money:
            return True
        event = self._catalogue.events.get(measure.event)
        field = event.field(measure.field or "") if event else None
        return field is not None and field.minimum is not None and field.minimum >= 0

    def amount(self, name: str, sums: Sums) -> float:
        """What a measure comes to, in major units of money, seconds or numbers."""
        return self._amounts[name](sums)

    def amounts(self, sums: Sums) -> dict[str, float]:
        """What each measure comes to."""
        return {name: read(sums) for name, read in self._amounts.items()}

    def weight(
        self, name: str, sums: Sums, caution: float | None, reference: Sums | None = None
    ) -> float | None:
        """The variance of a random measure for each unit of it; None if nothing tells.

        1 for a count; the size-biased mean amount of a total, as it was seen or with caution, in
        the reference if there are more amounts.
        """
        part = self._parts[name]
        own = part.sizes(sums)
        if part.is_count:
            return own.weight or 1.0
        seen = own.weight
        if reference is not None and (told := part.sizes(reference)).known > own.known:
            own = told
        careful = own.weight if caution is None else own.careful_weight(caution)
        return max(filter(None, (seen, careful)), default=None)

    def moments(self, slopes: Slopes, sums: Sums, raised: Mapping[str, float]) -> Moments:
        """The variance of something with these slopes, and for how many events it stands.

        `raised` holds factors for the variances of measures. The number is that of the measure
        which moves it most: (sum x)^2 / sum x^2 (Kish 1965), of a count the count itself. Both are
        0 where nothing came, or where a total's squares are missing.
        """
        variances = {
            name: part.variance(sums) * raised.get(name, 1.0)
            for name, part in self._parts.items()
            if slopes.get(name)
        }
        moved = {name: slopes[name] ** 2 * variance for name, variance in variances.items()}
        pairs = (p for p in self._pairs if p.one in moved and p.other in moved)
        joint = sum(self._joint(pair, slopes, sums, variances) for pair in pairs)
        amounts = {name: self._amounts[name](sums) for name in moved}
        most = max(moved, key=moved.__getitem__, default="")
        # Panes from before there were squares have totals without any.
        if not moved.get(most) or any(amounts[name] and not variances[name] for name in moved):
            return Moments(0.0, 0.0)
        known = amounts[most] ** 2 / variances[most]
        return Moments(max(sum(moved.values()) + joint, 0.0), known)

    def _joint(
        self, pair: _Pair, slopes: Slopes, sums: Sums, variances: Mapping[str, float]
    ) -> float:
        """What two measures add to a variance together; where it is open, the most they may."""
        both = 2 * slopes[pair.one] * slopes[pair.other]
        if pair.covariance is not None:
            return both * pair.covariance(sums)
        if both < 0 and pair.sign == "positive":
            return 0.0
        return abs(both) * sqrt(variances[pair.one] * variances[pair.other])

    # -- which measures tell of which --------------------------------------------------------------

    def _part(self, measure: Measure) -> _Part | None:
        amount = self._amounts[measure.name]
        if measure.kind == "count":
            return _Part(measure, amount, amount, amount)
        if measure.kind == "distinct":
            return _Part(measure, amount, _of_people(amount), amount)
        where = self._included(measure)
        squares = self._find(measure.event, ("squares",), measure.field, where)
        if squares is None or measure.kind == "squares":
            return None
        number = self._find(measure.event, ("count",), None, where)
        counted = None if number is None else self._reader(number)
        return _Part(measure, amount, self._reader(squares), counted)

    def _pair(self, one: _Part, other: _Part) -> _Pair | None:
        """How two measures are moved together; None if they are not."""
        mine, theirs = one.measure, other.measure
        if mine.event != theirs.event:
            return None
        where, other_where = self._included(mine), self._included(theirs)
        if excludes(where, other_where):
            return None
        product = self._product(mine, theirs, where, other_where)
        positive = self.never_negative(mine.name) and self.never_negative(theirs.name)
        reader = None if product is None else self._reader(product)
        return _Pair(mine.name, theirs.name, reader, "positive" if positive else "any")

    def _product(
        self, one: Measure, other: Measure, where: Where, other_where: Where
    ) -> Measure | None:
        """The measure of the product of two, over the events that are in both."""
        if implies(other_where, where):
            one, other, where = other, one, other_where
        elif not implies(where, other_where):
            return None
        if "distinct" in (one.kind, other.kind):
            return one if (one.kind, one.field) == (other.kind, other.field) else None
        fields = {measure.field for measure in (one, other)} - {None}
        if not fields:
            return one
        if len(fields) > 1:
            return None
        kinds: tuple[MeasureKind, ...] = ("squares",) if one.field == other.field else _SUMMED
        # Of the inner events, a total counts those that have its field.
        both = where if one.field else (*where, *self._included(other))
        return self._find(one.event, kinds, fields.pop(), both)

    def _find(
        self, event: str, kinds: tuple[MeasureKind, ...], field: str | None, where: Where
    ) -> Measure | None:
        """A measure of some kind that is fed by exactly the events that meet a filter."""
        for measure in self._catalogue.measures_of(event):
            if measure.kind in kinds and measure.field == field:
                its = self._included(measure)
                if implies(its, where) and implies(where, its):
                    return measure
        return None

    def _included(self, measure: Measure) -> Where:
        event = self._catalogue.events.get(measure.event)
        fields = event.fields if event else ()
        return included(measure, {f.name for f in fields if f.required or f.default is not None})

    def _reader(self, measure: Measure) -> Amount:
        return amount_of(measure, self._currency)


def _of_people(amount: Amount) -> Amount:
    """The variance of a number of people: that of a count, and the sketch's own where it is one."""

    def read(sums: Sums) -> float:
        people = amount(sums)
        blur = STANDARD_ERROR * people if people > EXACT_LIMIT else 0.0
        return people + blur * blur

    return read
