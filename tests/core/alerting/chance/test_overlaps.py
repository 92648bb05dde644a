from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.chance.overlaps import excludes, implies, included
from kpistream.core.kpis.measures import Condition, Measure, Scalar, Where
from kpistream.core.measuring.fold import predicate


def is_(*values: Scalar, field: str = "kind") -> Condition:
    return Condition(field, allowed=frozenset(values))


def not_(*values: Scalar, field: str = "kind") -> Condition:
    return Condition(field, allowed=frozenset(values), negated=True)


def within(
    low: int | Decimal | None, high: int | Decimal | None, field: str = "number"
) -> Condition:
    return Condition(field, at_least=low, at_most=high)


def known(is_known: bool = True, field: str = "number") -> Condition:
    return Condition(field, known=is_known)


@pytest.mark.parametrize(
    ("where", "other"),
    [
        ((), ()),
        ((is_("a"),), ()),
        ((is_("a"),), (is_("a", "b"),)),
        ((is_("a"), known()), (known(),)),
        ((is_("a"),), (known(field="kind"),)),
        ((is_("a"),), (not_("b"),)),
        ((not_("a", "b"),), (not_("a"),)),
        ((within(2, None),), (known(),)),
        ((within(2, 5),), (within(1, 6),)),
        ((within(2, 5),), (not_(1, field="number"),)),
        ((is_(3, field="number"),), (within(1, Decimal("3.5")),)),
        ((known(False),), (not_(1, field="number"),)),
    ],
)
def test_a_filter_implies_another_that_asks_for_less(where: Where, other: Where) -> None:
    assert implies(where, other)
    assert not excludes(where, other)


@pytest.mark.parametrize(
    ("where", "other"),
    [
        ((), (is_("a"),)),
        ((is_("a", "b"),), (is_("a"),)),
        ((not_("a"),), (known(field="kind"),)),
        ((within(1, 6),), (within(2, 5),)),
        ((is_("a"),), (is_("a", field="other"),)),
        ((known(),), (within(0, None),)),
        ((is_("", "a"),), (known(field="kind"),)),
    ],
)
def test_a_filter_does_not_imply_one_that_asks_for_more(where: Where, other: Where) -> None:
    assert not implies(where, other)
    assert not excludes(where, other)


@pytest.mark.parametrize(
    ("where", "other"),
    [
        ((is_("a"),), (is_("b"),)),
        ((is_("a"),), (not_("a", "b"),)),
        ((within(1, 2),), (within(3, None),)),
        ((is_(3, field="number"),), (within(4, None),)),
        ((known(),), (known(False),)),
        ((within(1, None),), (known(False),)),
    ],
)
def test_filters_exclude_each_other_whichever_comes_first(where: Where, other: Where) -> None:
    assert excludes(where, other)
    assert excludes(other, where)
    assert not implies(where, other)


NUMBERS = (None, 0, 1, 2, 3)
TEXTS = (None, "", "a", "b", "c")
EVENTS = [SimpleNamespace(number=n, kind=k) for n, k in product(NUMBERS, TEXTS)]

of_text = st.builds(
    Condition,
    st.just("kind"),
    allowed=st.frozensets(st.sampled_from(["a", "b", "c"]), min_size=1),
    negated=st.booleans(),
)
of_number = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(
    lambda ends: Condition("number", at_least=min(ends), at_most=max(ends))
)
of_knowledge = st.builds(known, st.booleans(), st.sampled_from(["number", "kind"]))
wheres = st.lists(of_text | of_number | of_knowledge, max_size=3).map(tuple)


@given(wheres, wheres)
def test_what_is_told_of_filters_holds_for_every_event(where: Where, other: Where) -> None:
    first, second = predicate(where), predicate(other)
    if implies(where, other):
        assert all(second(event) for event in EVENTS if first(event))
    if excludes(where, other):
        assert not any(first(event) and second(event) for event in EVENTS)


def test_a_total_is_fed_by_events_that_have_its_field() -> None:
    total = Measure("total", "order", "total", "revenue", (is_("a"),), "money")
    count = replace(total, kind="count", field=None)

    assert included(count) == (is_("a"),)
    assert included(total) == (is_("a"), known(field="revenue"))
    assert included(total, always_known={"revenue"}) == (is_("a"),)
