"""Steps: the edges of a course, along panes, local days and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from kpistream.core.driver import Driver
from kpistream.core.instants import rfc3339
from kpistream.core.windows.days import Days
from kpistream.core.windows.steps import (
    MOST_STEPS,
    edges_between,
    edges_for_window,
    step_end,
    step_name,
    usual_step_s,
    window_step_s,
)
from kpistream.core.windows.windows import parse_window
from tests.support.builders import START_S, at_ms, click, plan

UTC_DAYS = Days()
PARIS = Days("Europe/Paris")
HOUR_S = 3_600
DAY_S = 86_400
LATER_S = START_S + 33
"""2026-03-01T10:00:33Z."""


def clock(edges: list[int]) -> list[str]:
    return list(map(rfc3339, edges))


def at(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


class TestTheStepsOfAWindow:
    @pytest.mark.parametrize(
        ("name", "step", "number", "first", "last"),
        [
            ("5m", "10s", 31, "2026-03-01T09:55:30Z", "2026-03-01T10:00:40Z"),
            ("15m", "1m", 16, "2026-03-01T09:45:00Z", "2026-03-01T10:01:00Z"),
            ("1h", "1m", 61, "2026-03-01T09:00:00Z", "2026-03-01T10:01:00Z"),
            ("24h", "15m", 97, "2026-02-28T10:00:00Z", "2026-03-01T10:15:00Z"),
            ("7d", "2h", 85, "2026-02-22T09:00:00Z", "2026-03-01T11:00:00Z"),
            ("30d", "1d", 31, "2026-01-30T05:00:00Z", "2026-03-01T11:00:00Z"),
            ("today", "15m", 45, "2026-02-28T23:00:00Z", "2026-03-01T10:15:00Z"),
            ("this_week", "2h", 78, "2026-02-22T23:00:00Z", "2026-03-01T11:00:00Z"),
            ("this_month", "6h", 2, "2026-02-28T23:00:00Z", "2026-03-01T11:00:00Z"),
            ("this_quarter", "1d", 60, "2025-12-31T23:00:00Z", "2026-03-01T23:00:00Z"),
        ],
    )
    def test_suit_its_length_and_its_panes(
        self, name: str, step: str, number: int, first: str, last: str
    ) -> None:
        window = parse_window(name, PARIS)
        edges = edges_for_window(window, LATER_S, PARIS)
        assert step_name(window_step_s(window, LATER_S)) == step
        assert (len(edges) - 1, rfc3339(edges[0]), rfc3339(edges[-1])) == (number, first, last)

    def test_begin_with_a_part_of_one_where_the_window_does(self) -> None:
        edges = edges_for_window(parse_window("30d", UTC_DAYS), LATER_S, UTC_DAYS)
        assert clock(edges[:3]) == [
            "2026-01-30T06:00:00Z",
            "2026-01-31T00:00:00Z",
            "2026-02-01T00:00:00Z",
        ]

    def test_are_one_at_least(self) -> None:
        midnight = at("2026-03-01T00:00:00+00:00")
        edges = edges_for_window(parse_window("today", UTC_DAYS), midnight, UTC_DAYS)
        assert edges == [midnight, midnight + 10]

    def test_can_be_asked_for(self) -> None:
        window = parse_window("1h", UTC_DAYS)
        edges = edges_for_window(window, LATER_S, UTC_DAYS, 900)
        assert clock(edges) == [
            "2026-03-01T09:00:00Z",
            "2026-03-01T09:15:00Z",
            "2026-03-01T09:30:00Z",
            "2026-03-01T09:45:00Z",
            "2026-03-01T10:00:00Z",
            "2026-03-01T10:01:00Z",
        ]

    def test_are_one_when_it_is_as_long_as_the_window_may_get(self) -> None:
        edges = edges_for_window(parse_window("24h", UTC_DAYS), LATER_S, UTC_DAYS, 2 * DAY_S)
        assert clock(edges) == ["2026-02-28T10:00:00Z", "2026-03-01T10:15:00Z"]

    @pytest.mark.parametrize("name", ["5m", "1h", "24h", "7d", "30d", "today", "this_month"])
    def test_add_up_to_its_reading(self, name: str) -> None:
        driver = Driver(plan(windows=[name], zone="Europe/Paris"))
        for n in range(100):
            list(driver.feed("click", click(f"{n * 97}s", kind="ad"), at_ms(f"{n * 97}s")))
        now_s = START_S + 9_700
        list(driver.advance(now_s * 1000))
        list(driver.finish())
        window = parse_window(name, PARIS)
        (found,) = driver.series(["clicks"], (), edges_for_window(window, now_s, PARIS))
        reading = driver.reading("clicks", name)
        assert reading is not None
        assert all(found.complete[:-1])
        assert sum(value or 0 for value in found.values) == reading.value


class TestStepsBetweenTwoMoments:
    def test_lie_on_multiples_of_the_step(self) -> None:
        edges = edges_between(START_S + 61, START_S + 170, 60, UTC_DAYS)
        assert edges == [START_S + 60, START_S + 120, START_S + 180]

    def test_are_one_for_a_step_as_long_as_the_span(self) -> None:
        from_s, to_s = START_S + 120, START_S + 120 + HOUR_S
        assert edges_between(from_s, to_s, HOUR_S, UTC_DAYS) == [from_s, to_s]

    def test_of_a_span_in_one_step_take_in_the_ten_seconds_that_it_touches(self) -> None:
        assert edges_between(START_S + 5, START_S + 21, 60, UTC_DAYS) == [START_S, START_S + 30]

    def test_longer_than_a_quarter_of_an_hour_are_pieces_of_local_days(self) -> None:
        kathmandu = Days("Asia/Kathmandu")
        edges = edges_between(START_S, START_S + 10 * HOUR_S, 6 * HOUR_S, kathmandu)
        assert clock(edges) == [
            "2026-03-01T06:15:00Z",
            "2026-03-01T12:15:00Z",
            "2026-03-01T18:15:00Z",
            "2026-03-02T00:15:00Z",
        ]

    @pytest.mark.parametrize(
        ("first", "last", "hours"),
        [
            ("2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", [24, 23, 24]),
            ("2026-10-24T00:00:00+02:00", "2026-10-27T00:00:00+01:00", [24, 25, 24]),
        ],
    )
    def test_of_a_day_are_as_long_as_the_clocks_make_it(
        self, first: str, last: str, hours: list[int]
    ) -> None:
        edges = edges_between(at(first), at(last), DAY_S, PARIS)
        assert [(b - a) / HOUR_S for a, b in pairwise(edges)] == hours
        assert edges[0] == at(first)
        assert edges[-1] == at(last)

    def test_of_hours_begin_anew_when_a_day_is_shorter(self) -> None:
        first = PARIS.midnight(date(2026, 3, 29))
        edges = edges_between(first, PARIS.after(first) + 1, 6 * HOUR_S, PARIS)
        assert [(b - a) / HOUR_S for a, b in pairwise(edges)] == [6, 6, 6, 5, 6]

    @pytest.mark.parametrize("first", [date(2026, 3, 23), date(2026, 10, 19), date(2026, 6, 1)])
    def test_of_a_week_are_seven_local_days(self, first: date) -> None:
        from_s = PARIS.midnight(first)
        to_s = PARIS.midnight(date.fromordinal(first.toordinal() + 7))
        assert edges_between(from_s, to_s, 7 * DAY_S, PARIS) == [from_s, to_s]

    @pytest.mark.parametrize(
        ("span_s", "step_s", "problem"),
        [
            (0, 60, "ends after it starts"),
            (-1, 60, "ends after it starts"),
            (600, 15, "a multiple of 10s"),
            (600, 5, "a multiple of 10s"),
            (600, 0, "a multiple of 10s"),
            (600, -60, "a multiple of 10s"),
            (10 * DAY_S, 36 * HOUR_S, "whole days"),
            ((MOST_STEPS + 1) * 60, 60, "more than 1,000 steps"),
            (1e12, 10, "more than 1,000 steps"),
            (801 * DAY_S, 37 * DAY_S, "not longer than 800d"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, span_s: float, step_s: int, problem: str) -> None:
        with pytest.raises(ValueError, match=problem):
            edges_between(START_S, START_S + span_s, step_s, UTC_DAYS)

    def test_can_be_a_thousand(self) -> None:
        edges = edges_between(START_S, START_S + MOST_STEPS * 60, 60, UTC_DAYS)
        assert len(edges) == MOST_STEPS + 1

    def test_can_be_days_as_far_back_as_any_window_goes(self) -> None:
        edges = edges_between(at("2024-01-01T00:00:00Z"), at("2026-03-11T00:00:00Z"), DAY_S, PARIS)
        assert len(edges) == 1 + 801


def test_a_step_ends_after_the_moment_or_with_it() -> None:
    assert step_end(START_S + 1, 60, UTC_DAYS) == START_S + 60
    assert step_end(START_S, 60, UTC_DAYS) == START_S
    assert step_end(START_S, DAY_S, PARIS) == at("2026-03-02T00:00:00+01:00")


@pytest.mark.parametrize(
    ("span_s", "step"),
    [
        (60, "10s"),
        (HOUR_S, "1m"),
        (6 * HOUR_S, "15m"),
        (DAY_S, "15m"),
        (3 * DAY_S, "2h"),
        (14 * DAY_S, "6h"),
        (90 * DAY_S, "1d"),
        (700 * DAY_S, "1d"),
    ],
)
def test_the_usual_step_makes_about_fifty(span_s: float, step: str) -> None:
    assert step_name(usual_step_s(span_s)) == step


@pytest.mark.parametrize(
    ("step_s", "name"),
    [(10, "10s"), (90, "90s"), (60, "1m"), (900, "15m"), (7_200, "2h"), (604_800, "7d")],
)
def test_a_step_is_named_as_it_is_written(step_s: int, name: str) -> None:
    assert step_name(step_s) == name
