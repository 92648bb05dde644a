from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from kpistream.core.catalogue.objectives import Objective
from kpistream.core.monitoring.progress import (
    AT_RISK_WITHIN,
    ON_TRACK_WITHIN,
    Progress,
    Status,
    assess,
)
from kpistream.core.windows.days import Days

PAGE = (Path(__file__).parents[3] / "docs" / "objectives.md").read_text(encoding="utf-8")
DAYS = Days("UTC")

SALES = Objective(
    id="sales",
    name={"en": "Sales", "fr": "Ventes"},
    kpi="revenue",
    kind="cumulative",
    unit="money",
    direction="up",
    target=Fraction(1_000),
    slice=(),
    start=date(2026, 4, 1),
    deadline=date(2026, 4, 10),
    owner="head of e-commerce",
    kpis=("conversion_rate",),
    baseline=None,
)
"""1,000 in ten days."""

BUDGET = replace(SALES, kpi="ad_cost", direction="down")
MEMBERS = replace(SALES, kpi="members", kind="level", unit="count", target=Fraction(300))
DEBTS = replace(MEMBERS, direction="down", target=Fraction(100))
CONVERSION = replace(SALES, kind="ratio", unit="ratio", target=Fraction(5, 100))
BOUNCES = replace(CONVERSION, direction="down", target=Fraction(40, 100))


def at(day: int, clock: str = "00:00") -> float:
    """Epoch seconds of a time in April 2026, UTC."""
    hours, minutes = map(int, clock.split(":"))
    return (
        datetime(2026, 4, 1, tzinfo=UTC).timestamp()
        + (day - 1) * 86_400
        + hours * 3600
        + 60 * (minutes)
    )


def progress(
    objective: Objective,
    value: float | None,
    now_s: float,
    at_start: float | None = None,
    **options: Any,
) -> Progress:
    return assess(objective, value, at_start, now_s, DAYS, **options)


class TestASum:
    def test_is_projected_at_the_pace_so_far(self) -> None:
        found = progress(SALES, 300.0, at(5))
        assert (found.expected, found.projected) == (400.0, 750.0)
        assert (found.start_value, found.done) == (0.0, 0.3)

    def test_counts_the_part_of_today_that_has_passed(self) -> None:
        assert progress(SALES, 450.0, at(5, "12:00")).projected == 1_000.0

    def test_needs_what_is_missing_from_each_day_that_is_left(self) -> None:
        found = progress(SALES, 400.0, at(5))
        assert (found.days_left, found.needed_per_day) == (6.0, 100.0)

    def test_needs_no_more_than_what_is_missing_on_the_last_day(self) -> None:
        found = progress(SALES, 900.0, at(10, "18:00"))
        assert (found.days_left, found.needed_per_day) == (0.25, 100.0)

    def test_needs_nothing_when_the_target_is_passed_and_after_the_deadline(self) -> None:
        assert progress(SALES, 1_001.0, at(5)).needed_per_day == 0.0
        assert progress(SALES, 900.0, at(11)).needed_per_day is None

    def test_is_exact_where_floats_are_not(self) -> None:
        cents = replace(SALES, target=Fraction(3, 10), deadline=date(2026, 4, 3))
        found = progress(cents, 0.1, at(2))
        assert (found.projected, found.status) == (0.3, Status.on_track)
        assert progress(cents, 0.1 + 0.2, at(4)).value == 0.30000000000000004
        assert progress(cents, 0.3, at(4)).status is Status.achieved

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (500.0, Status.on_track),
            (380.0, Status.on_track),
            (379.99, Status.at_risk),
            (320.0, Status.at_risk),
            (319.99, Status.off_track),
            (0.0, Status.off_track),
            (-50.0, Status.off_track),
            (999.99, Status.on_track),
            (1_000.0, Status.achieved),
            (None, Status.unknown),
        ],
    )
    def test_is_compared_with_the_plan_of_the_days_that_are_over(
        self, value: float | None, status: Status
    ) -> None:
        assert progress(SALES, value, at(5)).status is status
        assert progress(SALES, value, at(5, "23:59")).status is status

    def test_is_not_judged_on_its_first_day(self) -> None:
        assert progress(SALES, 0.0, at(1, "23:59")).status is Status.on_track
        assert progress(SALES, 0.0, at(2)).status is Status.off_track

    def test_has_no_projection_in_its_first_instant(self) -> None:
        found = progress(SALES, 0.0, at(1))
        assert (found.projected, found.expected) == (None, 0.0)


class TestALimit:
    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (0.0, Status.on_track),
            (525.0, Status.on_track),
            (525.01, Status.at_risk),
            (600.0, Status.at_risk),
            (600.01, Status.off_track),
            (1_000.01, Status.off_track),
        ],
    )
    def test_is_compared_with_the_plan_at_the_end_of_today(
        self, value: float, status: Status
    ) -> None:
        assert progress(BUDGET, value, at(5)).status is status

    def test_says_what_each_day_left_may_still_use(self) -> None:
        found = progress(BUDGET, 400.0, at(5))
        assert (found.needed_per_day, found.done) == (100.0, 0.4)
        assert progress(BUDGET, 1_200.0, at(5)).needed_per_day == 0.0

    def test_is_kept_only_at_the_end(self) -> None:
        assert progress(BUDGET, 1_000.0, at(10, "23:59")).status is Status.on_track
        assert progress(BUDGET, 1_000.0, at(11)).status is Status.achieved
        assert progress(BUDGET, 1_000.01, at(11)).status is Status.missed


class TestALevel:
    def test_goes_from_its_value_at_the_start_to_the_target(self) -> None:
        found = progress(MEMBERS, 220.0, at(5), at_start=200.0)
        assert (found.start_value, found.expected, found.projected) == (200.0, 240.0, 250.0)
        assert (found.done, found.needed_per_day) == (0.2, 80 / 6)

    def test_may_have_to_fall(self) -> None:
        found = progress(DEBTS, 180.0, at(5), at_start=200.0)
        assert (found.expected, found.projected, found.done) == (160.0, 150.0, 0.2)
        assert found.needed_per_day == -80 / 6
        assert progress(DEBTS, 90.0, at(5), at_start=200.0).needed_per_day == 0.0

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (240.0, Status.on_track),
            (235.0, Status.on_track),
            (234.0, Status.at_risk),
            (220.0, Status.at_risk),
            (219.0, Status.off_track),
            (299.0, Status.on_track),
            (300.0, Status.achieved),
        ],
    )
    def test_is_behind_by_a_part_of_the_whole_way(self, value: float, status: Status) -> None:
        assert progress(MEMBERS, value, at(5), at_start=200.0).status is status

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (100.0, Status.achieved),
            (165.0, Status.on_track),
            (180.0, Status.at_risk),
            (181.0, Status.off_track),
        ],
    )
    def test_that_shall_fall_is_behind_when_it_is_above_the_plan(
        self, value: float, status: Status
    ) -> None:
        assert progress(DEBTS, value, at(5), at_start=200.0).status is status

    def test_sets_out_from_the_baseline_where_the_start_is_not_known(self) -> None:
        known = replace(MEMBERS, baseline=Fraction(100))
        assert progress(known, 180.0, at(5)).expected == 180.0
        assert progress(known, 180.0, at(5), at_start=200.0).expected == 240.0

    def test_without_any_start_is_unknown_until_it_is_reached_or_over(self) -> None:
        found = progress(MEMBERS, 250.0, at(5))
        assert (found.expected, found.projected, found.status) == (None, None, Status.unknown)
        assert found.needed_per_day == 50 / 6
        assert progress(MEMBERS, 300.0, at(5)).status is Status.achieved
        assert progress(MEMBERS, 250.0, at(11)).status is Status.missed

    def test_that_was_reached_before_it_began_must_stay_there(self) -> None:
        assert progress(MEMBERS, 310.0, at(5), at_start=300.0).status is Status.achieved
        fallen = progress(MEMBERS, 299.0, at(5), at_start=300.0)
        assert (fallen.status, fallen.done) == (Status.off_track, None)


class TestARatio:
    def test_has_no_sums_to_project_or_to_need(self) -> None:
        found = progress(CONVERSION, 0.04, at(5))
        assert (found.expected, found.projected, found.done) == (0.05, 0.04, 0.8)
        assert (found.needed_per_day, found.start_value) == (None, None)

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (0.05, Status.on_track),
            (0.0475, Status.on_track),
            (0.0474, Status.at_risk),
            (0.04, Status.at_risk),
            (0.0399, Status.off_track),
        ],
    )
    def test_is_compared_with_the_target(self, value: float, status: Status) -> None:
        assert progress(CONVERSION, value, at(5)).status is status

    def test_with_a_baseline_is_behind_by_a_part_of_the_way_from_there(self) -> None:
        higher = replace(CONVERSION, baseline=Fraction(4, 100))
        assert progress(higher, 0.0495, at(5)).status is Status.on_track
        assert progress(higher, 0.048, at(5)).status is Status.at_risk
        assert progress(higher, 0.0479, at(5)).status is Status.off_track
        assert progress(higher, 0.045, at(5)).done == 0.5

    def test_may_have_to_be_small(self) -> None:
        assert progress(BOUNCES, 0.39, at(5)).status is Status.on_track
        assert progress(BOUNCES, 0.48, at(5)).status is Status.at_risk
        assert progress(BOUNCES, 0.49, at(5)).status is Status.off_track
        assert progress(BOUNCES, 0.3, at(5)).done is None

    def test_is_decided_only_at_the_end(self) -> None:
        assert progress(CONVERSION, 0.06, at(10, "23:59")).status is Status.on_track
        assert progress(CONVERSION, 0.06, at(11)).status is Status.achieved
        assert progress(CONVERSION, 0.0499, at(11)).status is Status.missed


class TestTime:
    def test_before_the_start_nothing_is_judged(self) -> None:
        found = progress(SALES, None, at(0, "23:59"))
        assert found.status is Status.not_started
        assert (found.days_left, found.expected) == (10.0, 0.0)
        assert progress(SALES, 0.0, at(1)).status is Status.on_track

    def test_the_deadline_is_inclusive(self) -> None:
        assert progress(SALES, 960.0, at(10, "23:59")).status is Status.on_track
        assert progress(SALES, 960.0, at(11)).status is Status.missed
        assert progress(SALES, 1_000.0, at(11)).status is Status.achieved
        assert progress(SALES, 960.0, at(400)).days_left == 0.0

    def test_after_the_deadline_no_reading_is_still_unknown(self) -> None:
        assert progress(SALES, None, at(50)).status is Status.unknown

    def test_days_are_local_ones(self) -> None:
        paris = Days("Europe/Paris")
        last_instant = at(10, "21:59")
        assert assess(SALES, 960.0, None, last_instant, paris).status is Status.on_track
        assert assess(SALES, 960.0, None, last_instant + 60, paris).status is Status.missed

    def test_a_day_of_23_hours_is_one_day(self) -> None:
        spring = replace(SALES, start=date(2026, 3, 29), deadline=date(2026, 3, 29))
        paris = Days("Europe/Paris")
        noon = datetime(2026, 3, 29, 10, 30, tzinfo=UTC).timestamp()
        found = assess(spring, 500.0, None, noon, paris)
        assert (found.days_left, found.projected) == (0.5, 1_000.0)

    def test_a_day_of_25_hours_is_one_day(self) -> None:
        autumn = replace(SALES, start=date(2026, 10, 24), deadline=date(2026, 10, 27))
        paris = Days("Europe/Paris")
        midnight = datetime(2026, 10, 25, 23, tzinfo=UTC).timestamp()
        found = assess(autumn, 500.0, None, midnight, paris)
        assert (found.days_left, found.projected, found.needed_per_day) == (2.0, 1_000.0, 250.0)

    def test_a_leap_day_is_a_day(self) -> None:
        leap = replace(SALES, start=date(2028, 2, 1), deadline=date(2028, 2, 29))
        assert leap.days == 29


@pytest.mark.parametrize("day", range(1, 11))
@pytest.mark.parametrize("objective", [SALES, BUDGET, CONVERSION], ids=lambda o: o.kpi)
def test_what_keeps_to_the_plan_is_on_track_all_the_time(objective: Objective, day: int) -> None:
    for clock in ("00:00", "03:00", "12:00", "23:59"):
        planned = progress(objective, None, at(day, clock)).expected
        assert progress(objective, planned, at(day, clock)).status is Status.on_track


def test_a_progress_is_published_with_its_objective() -> None:
    email = replace(SALES, slice=(("channel", "email"),))
    assert progress(email, 300.0, at(5), currency="EUR").to_dict() == {
        "kind": "objective",
        "id": "sales",
        "name": {"en": "Sales", "fr": "Ventes"},
        "kpi": "revenue",
        "counts": "cumulative",
        "unit": "money",
        "direction": "up",
        "slice": {"channel": "email"},
        "start": "2026-04-01",
        "deadline": "2026-04-10",
        "owner": "head of e-commerce",
        "kpis": ["conversion_rate"],
        "status": "off_track",
        "target": 1_000.0,
        "value": 300.0,
        "start_value": 0.0,
        "expected": 400.0,
        "projected": 750.0,
        "done": 0.3,
        "needed_per_day": 700 / 6,
        "days_left": 6.0,
        "currency": "EUR",
        "as_of": "2026-04-05T00:00:00Z",
    }


def test_the_page_names_every_status_and_its_thresholds() -> None:
    [table] = re.findall(r"\| status \|.*?\n\n", PAGE, re.S)
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(Status)
    assert f"behind the plan by at most {float(ON_TRACK_WITHIN):.0%}".replace("%", " %") in table
    assert f"behind by at most {float(AT_RISK_WITHIN):.0%}".replace("%", " %") in table


def test_the_page_names_every_number() -> None:
    for name in ("expected", "projected", "done", "needed_per_day"):
        assert f"`{name}`" in PAGE
