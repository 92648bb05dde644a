"""Overlaps: whether the events that meet one filter meet another, told from the filters alone.

Nothing is guessed: `implies` and `excludes` are both False where the filters do not settle it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from decimal import Decimal
from math import inf

from kpistream.core.kpis.measures import Condition, Measure, Scalar, Where

_UNKNOWN_TEXT = ""
"""An empty text names nobody: it is as little known as no value at all."""


def included(measure: Measure, always_known: Container[str] = ()) -> Where:
    """The events that add to a measure: those that meet its filter and have its field.

    What is asked of fields that each event has is left out where it asks for no more than that.
    """
    where = measure.where
    if measure.field is not None:
        where = (*where, Condition(measure.field, known=True))
    return tuple(one for one in where if not (one.known and one.field in always_known))


def implies(where: Where, other: Where) -> bool:
    """Whether each event that meets the first filter certainly meets the other, too."""
    return all(any(_settles(one, asked) for one in where) for asked in other)


def excludes(where: Where, other: Where) -> bool:
    """Whether certainly no event meets both filters."""
    return any(_contradicts(one, another) for one in where for another in other)


def _settles(condition: Condition, asked: Condition) -> bool:
    """Whether what meets a condition on a field certainly meets another on it."""
    if condition.field != asked.field:
        return False
    if asked.known is not None:
        return _knows(condition) is asked.known
    if condition.known is False:
        return asked.negated and _UNKNOWN_TEXT not in (asked.allowed or ())
    if asked.allowed is None:
        return _is_within(condition, asked)
    if asked.negated:
        return _keeps_out(condition, asked.allowed)
    return _is_listed(condition) and (condition.allowed or frozenset()) <= asked.allowed


def _contradicts(condition: Condition, other: Condition) -> bool:
    if condition.field != other.field:
        return False
    if {_knows(condition), _knows(other)} == {True, False}:
        return True
    return _never_with(condition, other) or _never_with(other, condition)


def _never_with(condition: Condition, other: Condition) -> bool:
    """Whether no value that the first lets in is let in by the other."""
    if _is_listed(condition):
        return not any(_lets_in(other, value) for value in condition.allowed or ())
    if _is_bounded(condition) and _is_bounded(other):
        low, high = _bounds(condition)
        other_low, other_high = _bounds(other)
        return high < other_low or other_high < low
    return False


def _knows(condition: Condition) -> bool | None:
    """Whether what meets the condition has a value; None if that is open."""
    if condition.known is not None:
        return condition.known
    if _is_bounded(condition):
        return True
    return True if _is_listed(condition) and not _lets_in(condition, _UNKNOWN_TEXT) else None


def _is_listed(condition: Condition) -> bool:
    return condition.allowed is not None and not condition.negated


def _is_bounded(condition: Condition) -> bool:
    return condition.allowed is None and condition.known is None


def _bounds(condition: Condition) -> tuple[Decimal | float, Decimal | float]:
    low, high = condition.at_least, condition.at_most
    return -inf if low is None else low, inf if high is None else high


def _is_within(condition: Condition, asked: Condition) -> bool:
    if _is_listed(condition):
        return all(_lets_in(asked, value) for value in condition.allowed or ())
    if not _is_bounded(condition):
        return False
    low, high = _bounds(condition)
    asked_low, asked_high = _bounds(asked)
    return asked_low <= low and high <= asked_high


def _keeps_out(condition: Condition, values: Iterable[Scalar | Decimal]) -> bool:
    """Whether nothing that meets the condition has any of the values."""
    if condition.negated:
        return frozenset(values) <= (condition.allowed or frozenset())
    return not any(_lets_in(condition, value) for value in values)


def _lets_in(condition: Condition, value: Scalar | Decimal) -> bool:
    """Whether an event with this value meets the condition."""
    if condition.known is not None:
        return (value != _UNKNOWN_TEXT) is condition.known
    if condition.allowed is not None:
        return (value in condition.allowed) is not condition.negated
    low, high = _bounds(condition)
    return not isinstance(value, str) and low <= value <= high
