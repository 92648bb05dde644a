"""Folding: from a list of events of one type to the sums of its measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, Final

from kpistream.core.decimals import scaled_decimal
from kpistream.core.kpis.measures import Condition, Measure, Where
from kpistream.core.measuring.people import People

Events = Sequence[Any]
Predicate = Callable[[Any], bool]

Folded = dict[str, int | set[int]]
"""A sum by its name (money: `name@EUR`), and the people's hashes of a distinct measure."""

Contribution = Callable[[Events, Folded], None]
"""Adds what events come to; nothing where none of them has a value."""

_Value = Callable[[Any], Any]

_Branch = tuple[Sequence[Any], list[Contribution]]
"""What is done with the events that have one of some values in a field."""

_MILLISECOND: Final = timedelta(milliseconds=1)


class Fold:
    """The measures of one event type, as one function from events to sums.

    Works on lists, not on single events: a count costs nothing per event, a filter that several
    measures share runs once, and filters on the values of one field are one look at each event.
    """

    def __init__(self, measures: Iterable[Measure], people: People, reporting: str) -> None:
        """Group the measures by their filter; amounts not in ``reporting`` are counted, too."""
        by_where: dict[Where, list[Contribution]] = {}
        for measure in measures:
            for where, sign in _signed(measure):
                made = _contribution(measure, sign, people, reporting)
                by_where.setdefault(where, []).append(made)
        self._contributions = [*by_where.pop((), []), *_filtered(by_where)]

    def __call__(self, events: Events) -> Folded:
        """The sums of these events, one at least; a measure that none of them feeds is left out."""
        sums: Folded = {}
        for contribute in self._contributions:
            contribute(events, sums)
        return sums


def split(folded: Folded, weights: Sequence[int], measures: Iterable[Measure]) -> list[Folded]:
    """Divide what an event with a period folds into, in proportion to the weights.

    Amounts are divided exactly: share i ends where floor(amount * weights up to i / all weights)
    says, so the shares add up to the amount. What cannot be divided, such as a count, is wholly in
    the last share. Weights are not negative and not all 0, or it raises ValueError.
    """
    reached = list(accumulate(weights))
    if not reached or reached[-1] <= 0 or min(weights) < 0:
        raise ValueError("weights must be positive")
    spread = {measure.name for measure in measures if measure.is_spread}
    shares: list[Folded] = [{} for _ in weights]
    for key, amount in folded.items():
        if isinstance(amount, int) and key.partition("@")[0] in spread:
            _spread(key, amount, reached, shares)
        else:
            shares[-1][key] = amount
    return shares


def _spread(key: str, amount: int, reached: Sequence[int], shares: Sequence[Folded]) -> None:
    whole = reached[-1]
    given = 0
    for share, up_to in zip(shares, reached, strict=True):
        due = amount * up_to // whole
        share[key] = due - given
        given = due


# -- filters -------------------------------------------------------------------------------------


def predicate(where: Where) -> Predicate:
    """Whether an event meets all the conditions."""
    tests = [_test(condition) for condition in where]
    if len(tests) == 1:
        return tests[0]
    return lambda event: all(test(event) for test in tests)


def _test(condition: Condition) -> Predicate:
    value = attrgetter(condition.field)
    allowed, known = condition.allowed, condition.known
    if known is not None:
        # An empty text names nobody.
        return lambda event: (value(event) not in (None, "")) is known
    if allowed is None:
        return _bounded(value, condition)
    if condition.negated:
        return lambda event: value(event) not in allowed
    return lambda event: value(event) in allowed


def _bounded(value: Callable[[Any], Any], condition: Condition) -> Predicate:
    lowest, highest = condition.at_least, condition.at_most

    def test(event: Any) -> bool:
        number = value(event)
        return (
            number is not None
            and (lowest is None or number >= lowest)
            and (highest is None or number <= highest)
        )

    return test


def _filtered(by_where: Mapping[Where, list[Contribution]]) -> Iterator[Contribution]:
    """One contribution for all filters on the values of a field, and one for each other filter."""
    by_field: dict[str, list[Where]] = {}
    for where in by_where:
        asked = next((condition.field for condition in where if _asks_for_values(condition)), "")
        by_field.setdefault(asked, []).append(where)
    for field, wheres in by_field.items():
        if field and len(wheres) > 1:
            yield _sorted_by(field, [_branch(field, where, by_where[where]) for where in wheres])
        else:
            for where in wheres:
                yield _chosen(predicate(where), by_where[where])


def _asks_for_values(condition: Condition) -> bool:
    return condition.allowed is not None and not condition.negated


def _chosen(holds: Predicate, contributions: Iterable[Contribution]) -> Contribution:
    def contribute(events: Events, sums: Folded) -> None:
        chosen = [event for event in events if holds(event)]
        if chosen:
            for each in contributions:
                each(chosen, sums)

    return contribute


def _branch(field: str, where: Where, contributions: list[Contribution]) -> _Branch:
    first = next(one for one in where if one.field == field and _asks_for_values(one))
    rest = tuple(condition for condition in where if condition is not first)
    values = tuple(first.allowed or ())
    return values, [_chosen(predicate(rest), contributions)] if rest else contributions


def _sorted_by(field: str, branches: Sequence[_Branch]) -> Contribution:
    value = attrgetter(field)
    wanted = frozenset(chain.from_iterable(values for values, _ in branches))

    def contribute(events: Events, sums: Folded) -> None:
        found: dict[Any, list[Any]] = {}
        for event in events:
            key = value(event)
            if key in found:
                found[key].append(event)
            elif key in wanted:
                found[key] = [event]
        for values, contributions in branches:
            chosen: list[Any] = []
            for one in values:
                if one in found:
                    chosen = chosen + found[one] if chosen else found[one]
            if chosen:
                for each in contributions:
                    each(chosen, sums)

    return contribute


# -- what is added up ------------------------------------------------------------------------------


def _signed(measure: Measure) -> Iterator[tuple[Where, int]]:
    """What is added, and for a level what is taken away."""
    yield measure.where, 1
    if measure.minus is not None:
        yield measure.minus, -1


def _contribution(measure: Measure, sign: int, people: People, reporting: str) -> Contribution:
    if measure.field is None:
        return _counted(measure.name, sign)
    value = attrgetter(measure.field)
    if measure.kind == "distinct":
        return _distinct(measure.name, value, people)
    if measure.kind == "elapsed":
        return _elapsed(measure.name, value)
    if measure.is_money:
        return _money(measure, value, sign, reporting)
    return _number(measure, value, sign)


def _counted(name: str, sign: int) -> Contribution:
    def contribute(events: Events, sums: Folded) -> None:
        # Only a level has two parts that feed one sum.
        sums[name] = sums.get(name, 0) + sign * len(events)  # type: ignore[operator]

    return contribute


def _number(measure: Measure, value: _Value, sign: int) -> Contribution:
    name, raw = measure.name, _raw(measure)
    factor = sign * measure.factor**measure.power

    def known(events: Events, sums: Folded) -> None:
        numbers = [number for number in map(value, events) if number is not None]
        if numbers:
            sums[name] = sums.get(name, 0) + sum(map(raw, numbers)) * factor

    def all_known(events: Events, sums: Folded) -> None:
        # Rarely is a number unknown: to look for that first would cost every event time.
        try:
            sums[name] = sums.get(name, 0) + sum(map(value, events)) * factor
        except TypeError:
            known(events, sums)

    return all_known if raw is int else known


def _raw(measure: Measure) -> Callable[[Any], int]:
    """What makes the number that is added up of what a field holds."""
    is_decimal = measure.scale != 1
    if measure.power == 1:
        return scaled_decimal if is_decimal else int
    return _decimal_square if is_decimal else _square


def _square(number: int) -> int:
    return number * number


def _decimal_square(number: Decimal) -> int:
    return _square(scaled_decimal(number))


def _money(measure: Measure, value: _Value, sign: int, reporting: str) -> Contribution:
    squared, counts = measure.power == 2, measure.kind == "total"
    key_of, amounts_key_of = measure.key, measure.amounts_key

    def contribute(events: Events, sums: Folded) -> None:
        found: dict[str, list[int]] = {}
        for event in events:
            if (money := value(event)) is None:
                continue
            currency = money.currency
            if currency in found:
                found[currency].append(money.scaled())
            else:
                found[currency] = [money.scaled()]
        for currency, amounts in found.items():
            key = key_of(currency)
            total = sum(amount * amount for amount in amounts) if squared else sum(amounts)
            sums[key] = sums.get(key, 0) + sign * total  # type: ignore[operator]
            if counts and currency != reporting:
                sums[amounts_key_of(currency)] = len(amounts)

    return contribute


def _distinct(name: str, value: _Value, people: People) -> Contribution:
    def contribute(events: Events, sums: Folded) -> None:
        # An empty text names nobody.
        hashes = people.hashes(filter(None, map(value, events)))
        if hashes:
            sums[name] = hashes

    return contribute


def _elapsed(name: str, value: _Value) -> Contribution:
    def contribute(events: Events, sums: Folded) -> None:
        spans = [
            (event.occurred_at - moment) // _MILLISECOND
            for event in events
            if (moment := value(event)) is not None
        ]
        if spans:
            sums[name] = sum(spans)

    return contribute
