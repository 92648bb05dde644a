"""Folding: from a list of events of one type to the sums of its measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from kpistream.core.measures import Measure
from kpistream.core.partials import Sums

Events = Sequence[Any]
Contribution = Callable[[Events, Sums], None]
Predicate = Callable[[Any], bool]
Where = tuple[tuple[str, frozenset[Any]], ...]


class Fold:
    """The measures of one event type, as one function from events to sums.

    Works on lists, not on single events: a count costs nothing per event, and a filter that several
    measures share runs once.
    """

    def __init__(self, measures: Iterable[Measure]) -> None:
        """Group the measures by their filter."""
        by_where: dict[Where, list[Contribution]] = {}
        for measure in measures:
            by_where.setdefault(measure.where, []).append(_contribution(measure))
        self._plain = by_where.pop((), [])
        self._filtered = [(_predicate(where), made) for where, made in by_where.items()]

    def __call__(self, events: Events) -> Sums:
        """The sums of these events; a measure that none of them feeds is left out."""
        sums: Sums = {}
        for contribute in self._plain:
            contribute(events, sums)
        for holds, contributions in self._filtered:
            chosen = [event for event in events if holds(event)]
            if chosen:
                for contribute in contributions:
                    contribute(chosen, sums)
        return sums


def _predicate(where: Where) -> Predicate:
    if len(where) == 1:
        ((name, allowed),) = where
        value = attrgetter(name)
        return lambda event: value(event) in allowed
    tests = [(attrgetter(name), allowed) for name, allowed in where]
    return lambda event: all(value(event) in allowed for value, allowed in tests)


def _contribution(measure: Measure) -> Contribution:
    name = measure.name
    if measure.field is None:
        return lambda events, sums: sums.__setitem__(name, len(events))
    value = attrgetter(measure.field)
    if measure.is_money:
        return lambda events, sums: _total_money(name, map(value, events), sums)
    return lambda events, sums: sums.__setitem__(name, sum(map(value, events)))


def _total_money(name: str, amounts: Iterable[Any], sums: Sums) -> None:
    for money in amounts:
        key = f"{name}@{money.currency}"
        sums[key] = sums.get(key, 0) + money.scaled()
