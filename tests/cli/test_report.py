"""`kpistream report`, from files whose numbers are worked out by hand, and from a worker."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from pytest_httpserver import HTTPServer
from typer.core import TyperGroup
from typer.testing import CliRunner
from werkzeug import Request, Response

from kpistream.cli import report as command
from kpistream.cli.arrivals import arrivals
from kpistream.cli.failures import told
from kpistream.cli.report import Wish
from kpistream.cli.report_from_files import Play, complete_in_files, find
from kpistream.cli.wiring import build_plan
from kpistream.core.instants import rfc3339
from kpistream.core.reporting.building import build
from kpistream.core.reporting.report import Report
from kpistream.core.slices import set_of
from kpistream.core.steps import edges_between
from kpistream.core.windows import parse_length
from kpistream.settings import load_settings
from tests.cli.conftest import Ran

HOSTILE = "<script>alert(1)</script>"

SETTINGS = """\
zone: {zone}
rules: {rules}
slices: [[], [channel], [campaign]]
dashboards: {{small: [revenue, session_conversion_rate, orders]}}
funnels: {{small: [sessions, orders]}}
objectives:
  spring:
    name: {{en: Ten thousand in March, fr: Dix mille en mars}}
    kpi: revenue
    target: 10000
    start: "2026-03-01"
    deadline: "2026-03-31"
    owner: e-commerce
"""

RULES = """\
rules:
  - name: conversion_low
    kpi: session_conversion_rate
    window: 24h
    below: 0.1
    confidence: raw
    for: 1m
    severity: critical
    owner: e-commerce
    action: Walk through the checkout.
    summary: Fewer than one in ten visits end in an order.
"""


class _Group(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        with told():
            return super().invoke(ctx)


app = typer.Typer(cls=_Group, pretty_exceptions_enable=False)
app.command("report")(command.report)


@app.callback()
def _several() -> None:
    """Keeps the name of the command."""


def run(*arguments: object, given: bytes | None = None) -> Ran:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        result = CliRunner().invoke(app, ["report", *map(str, arguments)], input=given)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def document(*arguments: object) -> dict[str, Any]:
    ran = run(*arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


def by_id(report: dict[str, Any]) -> dict[str, Any]:
    return {one["id"]: one for one in report["kpis"]}


BOARDS = {"small": ("revenue", "session_conversion_rate", "orders")}


def reported(play: Play, wish: Wish) -> Report:
    period = wish.period(play.plan.days, play.known_until_s)
    return build(find(play, period, BOARDS, ["channel"], ["weeks.ndjson"]))


def value(report: Report, kpi: str) -> float | None:
    return next(one.value for one in report.kpis if one.id == kpi)


class Lines:
    """Events as the lines of a file."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def add(self, event: str, at: str, **fields: Any) -> None:
        name = f"e{len(self.written)}"
        self.written.append({"type": event, "event_id": name, "occurred_at": at, **fields})

    def session(self, at: str, **fields: Any) -> None:
        self.add("session", at, duration_ms=60_000, page_views=3, **fields)

    def order(self, at: str, amount: str, **fields: Any) -> None:
        money = {"amount": amount, "currency": "EUR"}
        named = {"order_id": f"o{len(self.written)}", "kind": "purchase", "revenue": money}
        self.add("order", at, **named, **fields)

    def to(self, path: Path) -> Path:
        path.write_text("".join(f"{json.dumps(one)}\n" for one in self.written), encoding="utf-8")
        return path


def two_weeks() -> Lines:
    """From 2 to 15 March 2026, each noon: 60 visits, half by ads; in the first week 8 orders of
    50 EUR, half of them by ads, in the second 5 of 60 EUR, one of them by ads."""
    lines = Lines()
    for number in range(14):
        noon = f"{date(2026, 3, 2) + timedelta(days=number)}T12:00:00Z"
        for n in range(60):
            lines.session(noon, channel="ads" if n < 30 else "email", campaign=HOSTILE)
        orders, of_ads, amount = (8, 4, "50.00") if number < 7 else (5, 1, "60.00")
        for n in range(orders):
            lines.order(noon, amount, channel="ads" if n < of_ads else "email", campaign=HOSTILE)
    lines.session("2026-03-16T00:10:00Z", channel="ads")
    return lines


def two_days() -> Lines:
    """Orders of 10 EUR on 2 March, of 20 EUR on the day after, and one more visit."""
    lines = Lines()
    lines.order("2026-03-02T12:00:00Z", "10.00", channel="ads", campaign=HOSTILE)
    lines.order("2026-03-03T12:00:00Z", "20.00", channel="ads", campaign=HOSTILE)
    lines.session("2026-03-04T00:10:00Z", channel="ads", campaign=HOSTILE)
    return lines


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings, rules and the events of two weeks."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "rules.yml").write_text(RULES)
    (folder / "ruled.yml").write_text(SETTINGS.format(zone="UTC", rules="[rules.yml]"))
    (folder / "small.yml").write_text(SETTINGS.format(zone="UTC", rules="[]"))
    (folder / "paris.yml").write_text(SETTINGS.format(zone="Europe/Paris", rules="[]"))
    two_weeks().to(folder / "weeks.ndjson")
    return folder


@pytest.fixture(scope="module")
def found(place: Path) -> dict[str, Any]:
    """The report of the second week."""
    return document(place / "weeks.ndjson", "--config", place / "ruled.yml", "--board", "small")


class TestFromFiles:
    def test_the_last_complete_week_is_reported(self, found: dict[str, Any]) -> None:
        assert (found["span"]["first"], found["span"]["last"]) == ("2026-03-09", "2026-03-15")
        assert found["span_before"]["first"] == "2026-03-02"
        assert found["is_over"]
        assert found["as_of"] == "2026-03-16T00:10:00Z"
        assert (found["source"], found["asked"], found["notes"]) == ("files", "weeks.ndjson", [])

    def test_values_are_those_of_the_sums(self, found: dict[str, Any]) -> None:
        kpis = by_id(found)

        assert (kpis["revenue"]["value"], kpis["revenue"]["before"]) == (2100.0, 2800.0)
        assert kpis["revenue"]["daily"] == [300.0] * 7
        assert kpis["revenue"]["daily_before"] == [400.0] * 7
        assert kpis["revenue"]["relative"] == -0.25
        rate = kpis["session_conversion_rate"]
        assert (rate["numerator"], rate["denominator"]) == (35.0, 420.0)
        assert (rate["value"], rate["before"]) == (35 / 420, 56 / 420)
        assert (kpis["orders"]["value"], kpis["orders"]["sample"]) == (35.0, 35)

    def test_clear_changes_are_called_so_and_say_who_made_them(self, found: dict[str, Any]) -> None:
        revenue = by_id(found)["revenue"]

        assert {one["trend"] for one in found["kpis"]} == {"worse"}
        # By ads 4 x 50 a day became 1 x 60; by e-mail 4 x 50 became 4 x 60.
        assert revenue["movers"][0] == {"dimension": "channel", "member": "ads", "adds": -980.0}

    def test_a_breakdown_has_each_member_s_part(self, found: dict[str, Any]) -> None:
        [channel] = found["breakdowns"]

        assert channel["kpis"][0] == "revenue"
        rows = {row["member"]: row for row in channel["rows"]}
        assert rows["email"]["cells"]["revenue"]["value"] == 1680.0
        assert rows["email"]["share"] == 0.8
        assert (rows["email"]["adds"], rows["ads"]["adds"]) == (280.0, -980.0)
        assert rows["ads"]["cells"]["session_conversion_rate"]["value"] == 7 / 210

    def test_a_funnel_has_its_steps(self, found: dict[str, Any]) -> None:
        [funnel] = found["funnels"]

        assert [(step["kpi"], step["value"]) for step in funnel["steps"]] == [
            ("sessions", 420.0),
            ("orders", 35.0),
        ]
        assert funnel["steps"][1]["of_previous"] == 35 / 420

    def test_alerts_and_what_to_do(self, found: dict[str, Any]) -> None:
        [alert] = found["alerts"]

        assert (alert["rule"], alert["ended"]) == ("conversion_low", None)
        # From noon on, a day's orders are 5 of 60 visits.
        assert alert["begun"].startswith("2026-03-09T12:16")
        assert alert["worst"] <= 5 / 60
        [shop] = found["duties"]
        assert shop["owner"] == "e-commerce"
        tasks = {task["action"]: task["reasons"] for task in shop["tasks"]}
        assert [one["rule"] for one in tasks["Walk through the checkout."]] == ["conversion_low"]

    def test_objectives_have_their_pace(self, found: dict[str, Any]) -> None:
        [objective] = found["objectives"]

        assert (objective["id"], objective["value"], objective["target"]) == (
            "spring",
            4900.0,
            10_000.0,
        )

    def test_any_days_can_be_asked_for(self, played: Play) -> None:
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

    def test_what_files_do_not_hold_in_whole_is_reported_as_far_as_it_goes(
        self, played: Play
    ) -> None:
        period, notes = complete_in_files("month", played)
        found = find(played, period, BOARDS, [], ["weeks.ndjson"])

        report = build(replace(found, notes=notes))

        assert (period.first, period.last) == (date(2026, 3, 2), date(2026, 3, 16))
        assert [note.kind for note in report.notes] == ["running", "no_before", "chosen"]
        assert value(report, "revenue") == 4900.0
        assert report.kpis[0].before is None

    def test_days_are_those_of_the_zone_when_clocks_change(
        self, place: Path, tmp_path: Path
    ) -> None:
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

    def test_files_that_end_shortly_before_midnight_hold_that_day(
        self, place: Path, tmp_path: Path
    ) -> None:
        lines = two_days()
        lines.order("2026-03-04T23:30:00Z", "40.00", channel="ads")
        given = lines.to(tmp_path / "late.ndjson"), "--config", place / "small.yml"

        report = document(*given, "--board", "small", "--period", "day")

        revenue = by_id(report)["revenue"]
        assert report["span"]["first"] == "2026-03-04"
        assert (revenue["value"], revenue["before"], revenue["complete"]) == (40.0, 20.0, True)
        assert (report["is_over"], report["notes"]) == (True, [])

    def test_what_was_left_out_is_said(self, place: Path, tmp_path: Path) -> None:
        lines = two_days()
        lines.add("order", "2026-03-03T12:00:00Z")
        given = lines.to(tmp_path / "bad.ndjson"), "--config", place / "small.yml"

        report = document(*given, "--board", "small", "--period", "day")

        left_out = {"produced": 4, "late": 0, "rejected": 1, "duplicate": 0}
        assert report["notes"] == [{"kind": "left_out", "facts": left_out}]
        assert by_id(report)["revenue"]["value"] == 20.0

    def test_the_page_is_written_and_says_so(self, place: Path, tmp_path: Path) -> None:
        output = tmp_path / "pages" / "day.html"
        output.parent.mkdir()
        output.write_text("an older one")
        given = two_days().to(tmp_path / "days.ndjson"), "--config", place / "small.yml"

        ran = run(
            *(*given, "--board", "small", "--period", "day"),
            *("--by", "campaign", "--output", output),
        )

        assert (ran.code, ran.out) == (0, "")
        assert f"wrote {output}: 2026-03-03 to 2026-03-03" in ran.err
        text = output.read_text(encoding="utf-8")
        assert "20.00 EUR" in text
        assert "<script" not in text
        assert "&lt;script&gt;" in text
        assert [one.name for one in output.parent.iterdir()] == ["day.html"]

    def test_events_may_come_from_standard_input(self, place: Path, tmp_path: Path) -> None:
        given = two_days().to(tmp_path / "days.ndjson").read_bytes()
        settings = ("--config", place / "small.yml", "--board", "small", "--period", "day")

        ran = run("-", *settings, "--json", given=given)

        assert by_id(json.loads(ran.out))["revenue"]["value"] == 20.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ending", "2026-13-01"), "--ending: '2026-13-01' is no date such as 2026-03-01"),
        (("--from", "2026-03-01"), "--from and --to go together"),
        (("--from", "2026-03-05", "--to", "2026-03-05"), "is not after"),
        (("--from", "2026-03-05", "--to", "2026-03-06", "--ending", "2026-03-05"), "leave one out"),
        (("--from", "2027-03-05", "--to", "2027-03-06"), "2027-03-05 is yet to come"),
        (("--board", "smal"), "unknown dashboard 'smal'; did you mean 'small'?"),
        (("--by", "chanel"), "no slices by 'chanel'; did you mean 'channel'?"),
        (("--by", "country"), "no slices by 'country'"),
    ],
)
def test_what_cannot_be_reported_is_told(
    place: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    lines = Lines()
    lines.session("2026-03-02T10:00:00Z")
    events = lines.to(tmp_path / "one.ndjson")

    ran = run(events, "--config", place / "paris.yml", *arguments, "--json")

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_file_without_events_is_nothing_to_report(place: Path, tmp_path: Path) -> None:
    events = tmp_path / "none.ndjson"
    events.write_text("")

    ran = run(events, "--config", place / "paris.yml")

    assert (ran.code, ran.err) == (2, "no events: there is nothing to report\n")


def test_a_page_that_cannot_be_written_leaves_nothing_behind(place: Path, tmp_path: Path) -> None:
    lines = Lines()
    lines.session("2026-03-02T10:00:00Z")
    events = lines.to(tmp_path / "one.ndjson")

    ran = run(events, "--config", place / "paris.yml", "--output", tmp_path / "no" / "x.html")

    assert ran.code == 1
    assert "No such file or directory" in ran.err


# --- from a worker --------------------------------------------------------------------------


class Worker:
    """Answers as a worker does, with what the files come to."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.plan = play.plan
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.missing: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []
        self.headers: dict[str, str] = {}

    def answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v1/")
        query = {name: request.args.getlist(name) for name in request.args}
        self.asked.append((path, query))
        self.headers = dict(request.headers)
        known = {
            "kpis": self._kpis,
            "series": self._series,
            "slices": self._slices,
            "objectives": self._objectives,
            "alerts": self._alerts,
            "alerts/history": self._history,
        }
        return Response(json.dumps(known[path](query)), content_type="application/json")

    def _kpis(self, _: dict[str, list[str]]) -> dict[str, Any]:
        catalogue = self.plan.catalogue
        names = (
            *("id", "unit", "has_money", "direction", "formula", "target", "urgent"),
            *("minimum_sample", "owner", "action", "stage", "north_star"),
        )
        return {
            "kpis": [
                {name: getattr(one, name) for name in names}
                | {"name": dict(one.name), "description": dict(one.description)}
                for one in catalogue.kpis.values()
            ],
            "dashboards": catalogue.dashboards,
            "funnels": catalogue.funnels,
            "windows": [window.name for window in self.plan.windows],
            "slices": ["total", "channel", "campaign"],
            "dimensions": ["channel", "campaign"],
            "currency": "EUR",
            "zone": "UTC",
            "version": "0.1.0",
        }

    def _series(self, query: dict[str, list[str]]) -> dict[str, Any]:
        kpis = query.pop("kpi")
        begin, end = (
            int(datetime.fromisoformat(query.pop(name)[0]).timestamp()) for name in ("from", "to")
        )
        step_s = parse_length(query.pop("step")[0])
        part = tuple((name, member) for name, [member] in query.items())
        edges = edges_between(begin, end, step_s, self.plan.days)
        found = self.play.driver.series(kpis, part, edges)
        return {
            "as_of": self._as_of,
            "step": f"{step_s}s",
            "edges": list(map(rfc3339, edges)),
            "series": [one.to_dict() for one in found],
            "missing": self.missing,
        }

    def _slices(self, query: dict[str, list[str]]) -> dict[str, Any]:
        [dimension] = query["slice"]
        parts = [part for part in self.play.driver.slices if set_of(part) == (dimension,)]
        slices = [{"set": dimension, "members": dict(part)} for part in parts]
        return {"as_of": self._as_of, "slices": slices, "truncated": False, "missing": []}

    def _objectives(self, _: dict[str, list[str]]) -> dict[str, Any]:
        found = [one.to_dict() for one in self.play.driver.objectives]
        return {"as_of": self._as_of, "objectives": found, "missing": []}

    def _alerts(self, _: dict[str, list[str]]) -> dict[str, Any]:
        found = [one.to_dict() for one in self.play.driver.alerts]
        return {"as_of": self._as_of, "alerts": found, "missing": []}

    def _history(self, _: dict[str, list[str]]) -> dict[str, Any]:
        return {"transitions": self.alerts, "truncated": bool(self.alerts)}

    @property
    def _as_of(self) -> str:
        return rfc3339(self.play.known_until_s)


@pytest.fixture(scope="module")
def played(place: Path) -> Play:
    """What a worker has heard that was there for two weeks."""
    plan = build_plan(load_settings(place / "ruled.yml"))
    play = Play(plan)
    play.take(arrivals([str(place / "weeks.ndjson")], tuple(plan.topics)))
    return play


@pytest.fixture
def worker(
    played: Play, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Worker]:
    monkeypatch.setattr(logging.getLogger("werkzeug"), "disabled", True)
    answering = Worker(played)
    httpserver.expect_request(re.compile("/api/v1/.*")).respond_with_handler(answering.answer)
    yield answering
    httpserver.check_assertions()


class TestFromAWorker:
    def test_the_report_is_the_one_of_the_files(
        self, worker: Worker, httpserver: HTTPServer, found: dict[str, Any]
    ) -> None:
        report = document("--url", httpserver.url_for(""), "--board", "small")

        same = ("span", "span_before", "kpis", "breakdowns", "funnels", "objectives", "as_of")
        assert {name: report[name] for name in same} == {name: found[name] for name in same}
        assert (report["source"], report["notes"]) == ("worker", [])
        assert report["asked"] == f"{httpserver.host}:{httpserver.port}"

    def test_a_period_is_asked_for_in_one_step_and_day_by_day(
        self, worker: Worker, httpserver: HTTPServer
    ) -> None:
        document("--url", httpserver.url_for(""), "--board", "small")

        series = [query for path, query in worker.asked if path == "series"]
        assert len(series) == 4 + 2 * 2

    def test_the_token_goes_with_each_question(
        self, worker: Worker, httpserver: HTTPServer
    ) -> None:
        document("--url", httpserver.url_for(""), "--token", "t" * 20, "--board", "small")

        assert worker.headers["Authorization"] == f"Bearer {'t' * 20}"

    def test_what_others_did_not_answer_is_said_once(
        self, worker: Worker, httpserver: HTTPServer
    ) -> None:
        lost = {"worker": "http://w2:6066", "reason": "timed out", "slices": ["channel"]}
        worker.missing = [lost]

        report = document("--url", httpserver.url_for(""), "--board", "small")

        assert report["notes"] == [{"kind": "missing", "facts": lost}]

    def test_alerts_come_from_the_log_and_from_those_that_fire(
        self, worker: Worker, httpserver: HTTPServer, found: dict[str, Any]
    ) -> None:
        [firing] = [one.to_dict() for one in worker.play.driver.alerts]
        earlier = firing | {"fingerprint": "f2", "rule": "other"}
        worker.alerts = [
            earlier | {"state": "firing", "changed_at": "2026-03-09T01:00:00Z", "value": 0.01},
            earlier | {"state": "resolved", "changed_at": "2026-03-09T03:00:00Z"},
        ]

        report = document("--url", httpserver.url_for(""), "--board", "small")

        told = [(one["rule"], one["begun"], one["ended"]) for one in report["alerts"]]
        assert told == [
            ("conversion_low", found["alerts"][0]["begun"], None),
            ("other", "2026-03-09T01:00:00Z", "2026-03-09T03:00:00Z"),
        ]
        assert report["alerts"][1]["worst"] == 0.01
        assert [note["kind"] for note in report["notes"]] == ["truncated"]

    def test_an_answer_of_another_form_is_told(self, httpserver: HTTPServer) -> None:
        httpserver.expect_request("/api/v1/kpis").respond_with_json({"kpis": 3})

        ran = run("--url", httpserver.url_for(""), "--json")

        assert ran.code == 1
        assert "answers otherwise to kpis" in ran.err

    def test_a_worker_that_has_heard_nothing_has_nothing_to_report(
        self, worker: Worker, httpserver: HTTPServer
    ) -> None:
        nothing: dict[str, Any] = {"as_of": None, "objectives": [], "missing": []}
        httpserver.clear()
        httpserver.expect_request("/api/v1/objectives").respond_with_json(nothing)
        httpserver.expect_request(re.compile("/api/v1/.*")).respond_with_handler(worker.answer)

        ran = run("--url", httpserver.url_for(""), "--json")

        assert ran.code == 1
        assert "has not heard anything yet" in ran.err
