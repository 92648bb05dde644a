"""A series: the course of a KPI step by step, from panes and never from memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kpistream.core.driver import DrivenRecord, Driver
from kpistream.core.measuring.partials import (
    MARK_KEY,
    TICK_KEY,
    Mark,
    Partial,
    encode_mark,
    encode_partial,
)
from kpistream.core.monitoring.monitor import Monitor
from kpistream.core.monitoring.series import Series
from tests.support.builders import START_S, at_ms, click, cost, impression, order, plan, session

Happening = tuple[str, str, bytes]


def played(happenings: Sequence[Happening], until: str, **named: Any) -> Driver:
    """A driver that took in each event when it occurred, and saw time pass."""
    driver = Driver(plan(**named))
    for event, at, value in happenings:
        list(driver.feed(event, value, at_ms(at)))
    list(driver.advance(at_ms(until)))
    list(driver.finish())
    return driver


def course(driver: Driver, kpi: str, edges: Sequence[int], **members: str) -> Series:
    (found,) = driver.series([kpi], tuple(members.items()), edges)
    return found


def minutes(first: int, last: int, step: int = 1) -> list[int]:
    """Edges, in minutes after START."""
    return [START_S + 60 * minute for minute in range(first, last + 1, step)]


def clicks_and_impressions() -> list[Happening]:
    return [
        *(("impression", "10s", impression("10s")) for _ in range(4)),
        ("click", "20s", click("20s", kind="ad")),
        *(("impression", "70s", impression("70s")) for _ in range(2)),
        ("click", "75s", click("75s", kind="ad")),
        ("click", "130s", click("130s", kind="ad")),
    ]


def test_each_step_is_a_quotient_of_its_own() -> None:
    driver = played(clicks_and_impressions(), "4m")
    found = course(driver, "click_through_rate", minutes(0, 4))
    assert list(found.values) == [0.25, 0.5, None, None]
    assert list(found.numerators) == [1, 1, None, None]
    assert list(found.denominators) == [4, 2, None, None]
    assert all(found.complete)


def test_one_step_over_all_is_the_quotient_of_the_sums() -> None:
    driver = played(clicks_and_impressions(), "4m")
    assert course(driver, "click_through_rate", minutes(0, 4, 4)).values == (0.5,)


def test_the_last_step_equals_the_reading_of_a_window_as_long() -> None:
    driver = played(clicks_and_impressions(), "4m")
    reading = driver.reading("clicks", "5m")
    assert reading is not None
    assert course(driver, "clicks", minutes(-1, 4, 5)).values == (reading.value,)


def test_people_of_a_step_are_counted_once() -> None:
    seen = [("10s", "a"), ("30s", "a"), ("70s", "a"), ("80s", "b")]
    happened = [("session", at, session(at, visitor_id=who)) for at, who in seen]
    driver = played(happened, "3m")
    assert course(driver, "visitors", minutes(0, 2)).values == (1, 2)
    assert course(driver, "visitors", minutes(0, 2, 2)).values == (2,)


def test_steps_of_a_slice_are_those_of_its_events_alone() -> None:
    happened = [
        ("order", "10s", order("50.00", "10s", channel="email")),
        ("order", "20s", order("70.00", "20s", channel="display")),
    ]
    driver = played(happened, "2m")
    found = course(driver, "revenue", minutes(0, 1), channel="email")
    assert (found.values, found.currency) == ((50.0,), "EUR")
    assert course(driver, "revenue", minutes(0, 1), channel="nobody").values == (None,)


def test_a_level_is_what_it_was_at_the_end_of_each_step() -> None:
    happened = [
        (
            "customer",
            at,
            f'{{"event_id":"{at}","occurred_at":"2026-03-01T10:0{n}:00Z","kind":"{kind}"}}'.encode(),
        )
        for n, (at, kind) in enumerate([("0m", "created"), ("1m", "created"), ("2m", "churned")])
    ]
    driver = played(happened, "4m")
    assert course(driver, "active_customers", minutes(0, 4)).values == (1, 2, 1, 1)


def test_a_step_finer_than_what_is_kept_has_no_value() -> None:
    driver = played([("click", "5s", click("5s", kind="ad"))], "3h")
    tens = [START_S, START_S + 10, START_S + 20]
    assert course(driver, "clicks", tens).values == (None, None)
    assert course(driver, "clicks", tens).complete == (False, False)
    quarter = [START_S, START_S + 900]
    assert course(driver, "clicks", quarter).values == (1,)


def test_a_cost_reported_for_hours_is_whole_over_them_and_not_told_finer() -> None:
    # Of the last three hours, the older part lies in panes of a quarter of an hour.
    driver = played([("cost", "0s", cost("180.00", "0s", since="-180m"))], "1m")
    whole = course(driver, "ad_cost", [START_S - 3 * 3600, START_S])
    assert (whole.values, whole.complete) == ((180.0,), (True,))
    minute = course(driver, "ad_cost", minutes(-170, -169))
    assert (minute.values, minute.complete) == ((None,), (False,))
    assert course(driver, "ad_cost", minutes(-10, -9)).values == (1.0,)


def test_events_before_the_first_edge_and_after_the_last_are_in_no_step() -> None:
    driver = played(clicks_and_impressions(), "4m")
    assert course(driver, "clicks", minutes(1, 2)).values == (1,)


def test_the_published_form_names_edges_and_slice() -> None:
    driver = played([("click", "5s", click("5s", kind="ad", channel="email"))], "1m")
    published = course(driver, "clicks", minutes(0, 1), channel="email").to_dict()
    assert published["edges"] == ["2026-03-01T10:00:00Z", "2026-03-01T10:01:00Z"]
    assert published["slice"] == {"channel": "email"}
    assert published["samples"] == [1]


def test_an_unknown_kpi_is_an_error() -> None:
    with pytest.raises(KeyError):
        course(played([], "1m"), "nothing", minutes(0, 1))


def test_a_step_that_goes_on_is_not_complete() -> None:
    driver = played([("click", "5s", click("5s", kind="ad"))], "90s")
    found = course(driver, "clicks", minutes(0, 2))
    assert (list(found.values), list(found.complete)) == ([1, None], [True, False])


def test_money_without_a_rate_makes_a_step_incomplete_though_it_has_no_value() -> None:
    driver = played([("cost", "5s", cost("9.00", "5s", "JPY"))], "3m")
    found = course(driver, "return_on_ad_spend", minutes(0, 2))
    assert (list(found.values), list(found.complete)) == ([None, None], [False, True])


def test_while_a_source_is_silent_only_what_came_since_is_incomplete() -> None:
    monitor = Monitor(plan(events=["impression", "click"]), [("impressions", 0), ("clicks", 0)])

    def take(at: str, key: bytes, value: bytes) -> None:
        monitor.take([DrivenRecord(monitor.merger.version + 1, at_ms(at), value, key)])

    panes: list[Any] = [(10, START_S + 60 * n, {"clicks": 1}, {}) for n in range(10)]
    take("1s", b"s[]", encode_partial(Partial("clicks", 0, 1, panes)))
    for topic, reached in (("impressions", "9m"), ("clicks", "5m")):
        take("9m", MARK_KEY, encode_mark(Mark(topic, 0, at_ms(reached), 0)))
    take("9m", TICK_KEY, b"")
    monitor.beat()
    assert "clicks" in monitor.silent
    (found,) = monitor.series(["clicks"], (), minutes(0, 9))
    assert list(found.complete) == [True] * 5 + [False] * 4
