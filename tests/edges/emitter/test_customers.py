from __future__ import annotations

import pytest

from kpistream.edges.emitter.customers import Customers

NEW, KNOWN = 3, 4


@pytest.fixture
def customers() -> Customers:
    """Visitor 3 is new, visitor 4 ordered twice before; 4 % 3 is the plan for 20."""
    return Customers({NEW: 0, KNOWN: 2}.__getitem__, prices=(10, 20, 50))


def test_orders_are_counted_on_from_those_before(customers: Customers) -> None:
    assert [customers.order(NEW), customers.order(NEW)] == [1, 2]
    assert [customers.order(KNOWN), customers.order(KNOWN)] == [3, 4]


def test_who_ordered_before_is_a_customer_already(customers: Customers) -> None:
    assert customers.knows(KNOWN)
    assert not customers.knows(NEW)
    assert customers.join(KNOWN) is None


def test_a_new_customer_joins_once(customers: Customers) -> None:
    assert [customers.join(NEW), customers.join(NEW)] == [10, None]
    assert customers.knows(NEW)
    assert customers.is_recent(NEW)
    assert not customers.is_recent(KNOWN)


def test_who_leaves_takes_all_that_he_pays_with_him(customers: Customers) -> None:
    assert customers.move(KNOWN, 1) == 30
    assert [customers.leave(KNOWN), customers.leave(KNOWN)] == [50, None]
    assert not customers.knows(KNOWN)


def test_plans_have_a_largest_and_a_smallest(customers: Customers) -> None:
    assert [customers.move(KNOWN, step) for step in (1, 1, -1, -1, -1)] == [30, None, 30, 10, None]


def test_nobody_but_a_customer_changes_a_plan(customers: Customers) -> None:
    assert customers.move(NEW, 1) is None
    assert customers.leave(NEW) is None


def test_who_left_can_come_back(customers: Customers) -> None:
    customers.leave(KNOWN)
    assert customers.join(KNOWN) == 20
