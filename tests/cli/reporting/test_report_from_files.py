"""What files of events come to: numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from kpistream.cli.reporting.from_files import complete_in_files, find
from kpistream.cli.reporting.play import Play
from kpistream.cli.reporting.wish import Wish
from kpistream.core.reporting.building import build
from kpistream.core.reporting.report import Report
from tests.cli.reporting.events import Lines, two_days
from tests.cli.reporting.reported import by_id, document

BOARDS = {"small": ("revenue", "session_conversion_rate", "orders")}


def reported(play: Play, wish: Wish) -> Report:
    period = wish.period(play.plan.days, play.known_until_s)
    return build(find(play, period, BOARDS, ["channel"], ["weeks.ndjson"]))


def value(report: Report, kpi: str) -> float | None:
    return next(one.value for one in report.kpis if one.id == kpi)


def test_the_last_complete_week_is_reported(found: dict[str, Any]) -> None:
    assert (found["span"]["first"], found["span"]["last"]) == ("2026-03-09", "2026-03-15")
    assert found["span_before"]["first"] == "2026-03-02"
    assert found["is_over"]
    assert found["as_of"] == "2026-03-16T00:10:00Z"
    assert (found["source"], found["asked"], found["notes"]) == ("files", "weeks.ndjson", [])


def test_values_are_those_of_the_sums(found: dict[str, Any]) -> None:
    kpis = by_id(found)

    assert (kpis["revenue"]["value"], kpis["revenue"]["before"]) == (2100.0, 2800.0)
    assert kpis["revenue"]["daily"] == [300.0] * 7
    assert kpis["revenue"]["daily_before"] == [400.0] * 7
    assert kpis["revenue"]["relative"] == -0.25
    rate = kpis["session_conversion_rate"]
    assert (rate["numerator"], rate["denominator"]) == (35.0, 420.0)
    assert (rate["value"], rate["before"]) == (35 / 420, 56 / 420)
    assert (kpis["orders"]["value"], kpis["orders"]["sample"]) == (35.0, 35)


def test_clear_changes_are_called_so_and_say_who_made_them(found: dict[str, Any]) -> None:
    revenue = by_id(found)["revenue"]

    assert {one["trend"] for one in found["kpis"]} == {"worse"}
    # By ads 4 x 50 a day became 1 x 60; by e-mail 4 x 50 became 4 x 60.
    assert revenue["movers"][0] == {"dimension": "channel", "member": "ads", "adds": -980.0}


def test_a_breakdown_has_each_member_s_part(found: dict[str, Any]) -> None:
    [channel] = found["breakdowns"]

    assert channel["kpis"][0] == "revenue"
    rows = {row["member"]: row for row in channel["rows"]}
    assert rows["email"]["cells"]["revenue"]["value"] == 1680.0
    assert rows["email"]["share"] == 0.8
    assert (rows["email"]["adds"], rows["ads"]["adds"]) == (280.0, -980.0)
    assert rows["ads"]["cells"]["session_conversion_rate"]["value"] == 7 / 210


def test_a_funnel_has_its_steps(found: dict[str, Any]) -> None:
    [funnel] = found["funnels"]

    assert [(step["kpi"], step["value"]) for step in funnel["steps"]] == [
        ("sessions", 420.0),
        ("orders", 35.0),
    ]
    assert funnel["steps"][1]["of_previous"] == 35 / 420


def test_alerts_and_what_to_do(found: dict[str, Any]) -> None:
    [alert] = found["alerts"]

    assert (alert["rule"], alert["ended"]) == ("conversion_low", None)
    # From noon on, a day's orders are 5 of 60 visits.
    assert alert["begun"].startswith("2026-03-09T12:16")
    assert alert["worst"] <= 5 / 60
    [shop] = found["duties"]
    assert shop["owner"] == "e-commerce"
    tasks = {task["action"]: task["reasons"] for task in shop["tasks"]}
    assert [one["rule"] for one in tasks["Walk through the checkout."]] == ["conversion_low"]


def test_objectives_have_their_pace(found: dict[str, Any]) -> None:
    [objective] = found["objectives"]

    assert (objective["id"], objective["value"], objective["target"]) == (
        "spring",
        4900.0,
        10_000.0,
    )


def test_objectives_are_as_they_were_when_the_period_ended(place: Path) -> None:
    given = place / "weeks.ndjson", "--config", place / "small.yml"

    report = document(*given, "--board", "small", "--ending", "2026-03-08")

    [objective] = report["objectives"]
    assert (objective["value"], objective["as_of"]) == (2800.0, "2026-03-09T00:00:00Z")
    assert objective["days_left"] == 23.0


def test_any_days_can_be_asked_for(played: Play) -> None:
    days = played.plan.days

    one_day = reported(played, Wish("day", date(2026, 3, 10)))
    some = reported(played, Wish("week", span=(date(2026, 3, 5), date(2026, 3, 7))))

    assert (one_day.span.first, value(one_day, "revenue")) == (date(2026, 3, 10), 300.0)
    assert (some.days, value(some, "revenue")) == (
        (date(2026, 3, 5), date(2026, 3, 6)),
        800.0,
    )
    assert some.kpis[0].before == 800.0
    assert days.zone == some.zone == "UTC"


def test_what_files_do_not_hold_in_whole_is_reported_as_far_as_it_goes(played: Play) -> None:
    period, notes = complete_in_files("month", played)
    found = find(played, period, BOARDS, [], ["weeks.ndjson"])

    report = build(replace(found, notes=notes))

    assert (period.first, period.last) == (date(2026, 3, 2), date(2026, 3, 16))
    assert [note.kind for note in report.notes] == ["running", "no_before", "chosen"]
    assert value(report, "revenue") == 4900.0
    assert report.kpis[0].before is None


def test_days_are_those_of_the_zone_when_clocks_change(place: Path, tmp_path: Path) -> None:
    """The last week of March lasts 167 hours in Paris."""
    lines = Lines()
    for at, amount in {
        "2026-03-16T12:00:00Z": "1.00",
        "2026-03-22T22:59:00Z": "2.00",  # Sunday 23:59, before
        "2026-03-22T23:01:00Z": "4.00",  # Monday 00:01, in it
        "2026-03-29T21:59:00Z": "8.00",  # Sunday 23:59, in it
        "2026-03-29T22:01:00Z": "16.00",  # Monday 00:01, after
    }.items():
        lines.order(at, amount)
    events = lines.to(tmp_path / "dst.ndjson")

    report = document(events, "--config", place / "paris.yml", "--board", "small")

    revenue = by_id(report)["revenue"]
    assert report["span"]["begins"] == "2026-03-22T23:00:00Z"
    assert report["span"]["ends"] == "2026-03-29T22:00:00Z"
    assert (revenue["value"], revenue["before"]) == (12.0, 3.0)
    assert (revenue["daily"][0], revenue["daily"][-1]) == (4.0, 8.0)


def test_files_that_end_shortly_before_midnight_hold_that_day(place: Path, tmp_path: Path) -> None:
    lines = two_days()
    lines.order("2026-03-04T23:30:00Z", "40.00", channel="ads")
    given = lines.to(tmp_path / "late.ndjson"), "--config", place / "small.yml"

    report = document(*given, "--board", "small", "--period", "day")

    revenue = by_id(report)["revenue"]
    assert report["span"]["first"] == "2026-03-04"
    assert (revenue["value"], revenue["before"], revenue["complete"]) == (40.0, 20.0, True)
    assert (report["is_over"], report["notes"]) == (True, [])


def test_what_was_left_out_is_said(place: Path, tmp_path: Path) -> None:
    lines = two_days()
    lines.add("order", "2026-03-03T12:00:00Z")
    given = lines.to(tmp_path / "bad.ndjson"), "--config", place / "small.yml"

    report = document(*given, "--board", "small", "--period", "day")

    left_out = {"produced": 4, "late": 0, "rejected": 1, "duplicate": 0}
    assert report["notes"] == [{"kind": "left_out", "facts": left_out}]
    assert by_id(report)["revenue"]["value"] == 20.0
