from __future__ import annotations

from datetime import UTC, datetime

from kpistream.core.events import EVENT_TYPES, Email
from kpistream.core.measures import (
    Measure,
    additive_fields,
    can_have,
    comparable_fields,
    possible_values,
)


def test_money_is_summed_per_currency() -> None:
    revenue = Measure("revenue", "order", "total", "revenue", (), "money")
    assert revenue.is_money
    assert revenue.key("EUR") == "revenue@EUR"


def test_all_else_is_summed_whatever_the_currency() -> None:
    clicks = Measure("clicks", "click", "count", None, (), "count")
    assert not clicks.is_money
    assert clicks.key("EUR") == "clicks"


def test_the_unit_of_a_total_follows_from_the_field() -> None:
    assert additive_fields("session") == {"duration_ms": "milliseconds", "page_views": "count"}
    assert additive_fields("order") == {"revenue": "money"}
    assert additive_fields("cost") == {"amount": "money"}
    assert additive_fields("click") == {}


def test_text_numbers_and_flags_can_be_compared_but_neither_money_nor_moments() -> None:
    for event in EVENT_TYPES:
        assert {"channel", "country"} <= set(comparable_fields(event))
        assert "occurred_at" not in comparable_fields(event)
    assert "revenue" not in comparable_fields("order")
    assert {"kind", "machine_open"} <= set(comparable_fields("email"))
    assert {"page_views", "duration_ms"} <= set(comparable_fields("session"))


def test_a_field_with_a_closed_set_of_values_lists_them() -> None:
    assert possible_values("order", "kind") == ("purchase", "refund")
    assert possible_values("order", "channel") is None


def test_a_value_must_be_one_that_the_field_can_have() -> None:
    assert can_have("order", "kind", "refund")
    assert not can_have("order", "kind", "refunded")
    assert can_have("session", "page_views", 1)
    assert not can_have("session", "page_views", 0)
    assert not can_have("session", "page_views", True)
    assert can_have("email", "machine_open", False)
    assert not can_have("email", "machine_open", 0)
    assert can_have("click", "country", "NO")


def test_the_values_of_a_filter_equal_those_of_decoded_events() -> None:
    email = Email(event_id="1", occurred_at=datetime(2026, 1, 1, tzinfo=UTC), kind="opened")
    assert email.kind in frozenset({"opened"})
    assert email.machine_open in frozenset({False})
