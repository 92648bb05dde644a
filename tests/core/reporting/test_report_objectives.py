"""How objectives stood when a period ended: by what their KPIs had come to by then."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kpistream.core.catalogue.objectives import exact
from kpistream.core.monitoring.progress import assess
from kpistream.core.reporting.findings import Point
from kpistream.core.reporting.past_objectives import stood
from kpistream.core.reporting.period import Period
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days
from tests.edges.boards import objective

DAYS = Days("Europe/Paris")
JUNE = Period("month", date(2026, 6, 1), date(2026, 7, 1), DAYS)
SEPTEMBER_S = float(DAYS.midnight(date(2026, 9, 1)))


class Worker:
    """What an objective comes to over days: so much for each of them."""

    def __init__(self, a_day: float | None = 100.0, is_complete: bool = True) -> None:
        self.a_day = a_day
        self.is_complete = is_complete
        self.asked: list[tuple[str, Slice, date, date]] = []

    def look_up(self, kpi: str, part: Slice, days: Period) -> Point | None:
        self.asked.append((kpi, part, days.first, days.end))
        value = None if self.a_day is None else self.a_day * len(days.dates)
        return Point(value, value, complete=self.is_complete)


def published(value: float | None = 20_000.0, at_s: float = SEPTEMBER_S, **changes: Any) -> Any:
    """36,500 EUR of revenue in 2026, as it stands on 1 September unless said otherwise."""
    return assess(objective(**changes), value, None, at_s, DAYS, "EUR").to_dict()


def june(one: dict[str, Any], worker: Worker) -> Any:
    [found] = stood([one], JUNE, worker.look_up)
    return found


def test_an_objective_is_as_it_was_when_the_period_ended() -> None:
    worker = Worker()
    found = june(published(), worker)

    assert worker.asked == [("revenue", (), date(2026, 1, 1), date(2026, 7, 1))]
    assert (found["value"], found["expected"], found["status"]) == (18_100.0, 18_100.0, "on_track")
    assert (found["days_left"], found["as_of"]) == (184.0, "2026-06-30T22:00:00Z")
    assert found["needed_per_day"] == 100.0


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"slice": (("channel", "email"),)},
        {"direction": "down"},
        {"kind": "ratio", "unit": "ratio", "baseline": exact(0.02), "target": exact(0.03)},
        {"kind": "level", "unit": "count", "baseline": exact(12.0)},
    ],
)
def test_it_is_what_would_have_been_published_then(changes: dict[str, Any]) -> None:
    worker = Worker()
    then = published(18_100.0, float(JUNE.to_s), **changes)
    assert june(published(**changes), worker) == then


def test_one_that_was_over_in_the_period_is_looked_at_to_its_end() -> None:
    worker = Worker()
    found = june(published(deadline=date(2026, 6, 15)), worker)
    assert worker.asked[0][3] == date(2026, 6, 16)
    assert (found["status"], found["value"], found["days_left"]) == ("missed", 16_600.0, 0.0)


def test_one_that_had_not_begun_had_no_value() -> None:
    worker = Worker()
    found = june(published(start=date(2026, 7, 1)), worker)
    assert (found["status"], found["value"], worker.asked) == ("not_started", None, [])


def test_one_without_a_value_then_is_unknown() -> None:
    assert june(published(), Worker(a_day=None))["status"] == "unknown"


def test_what_is_not_known_of_the_past_is_told_as_it_is_now() -> None:
    now = published()
    assert june(now, Worker(is_complete=False)) == now
    assert stood([now], JUNE, lambda *_: None) == [now]


def test_in_a_period_that_runs_objectives_are_as_they_are() -> None:
    worker, now = Worker(), published(at_s=float(JUNE.to_s))
    assert (june(now, worker), worker.asked) == (now, [])
