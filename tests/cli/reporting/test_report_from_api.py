"""What a worker tells: the same as the files that it has heard."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from kpistream.cli.reporting.play import Play
from tests.cli.reporting.reported import document, run
from tests.cli.reporting.worker import Worker


@pytest.fixture
def worker(
    played: Play, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Worker]:
    monkeypatch.setattr(logging.getLogger("werkzeug"), "disabled", True)
    answering = Worker(played)
    httpserver.expect_request(re.compile("/api/v1/.*")).respond_with_handler(answering.answer)
    yield answering
    httpserver.check_assertions()


def test_the_report_is_the_one_of_the_files(
    worker: Worker, httpserver: HTTPServer, found: dict[str, Any]
) -> None:
    report = document("--url", httpserver.url_for(""), "--board", "small")

    same = ("span", "span_before", "kpis", "breakdowns", "funnels", "objectives", "as_of")
    assert {name: report[name] for name in same} == {name: found[name] for name in same}
    assert (report["source"], report["notes"]) == ("worker", [])
    assert report["asked"] == f"{httpserver.host}:{httpserver.port}"


def test_objectives_are_as_they_were_when_the_period_ended(
    worker: Worker, httpserver: HTTPServer
) -> None:
    given = "--url", httpserver.url_for(""), "--board", "small", "--ending", "2026-03-08"

    [objective] = document(*given)["objectives"]

    assert (objective["value"], objective["as_of"]) == (2800.0, "2026-03-09T00:00:00Z")


def test_a_period_is_asked_for_in_one_step_and_day_by_day(
    worker: Worker, httpserver: HTTPServer
) -> None:
    document("--url", httpserver.url_for(""), "--board", "small")

    series = [query for path, query in worker.asked if path == "series"]
    objectives = 1
    assert len(series) == 4 + 2 * 2 + objectives


def test_the_token_goes_with_each_question(worker: Worker, httpserver: HTTPServer) -> None:
    document("--url", httpserver.url_for(""), "--token", "t" * 20, "--board", "small")

    assert worker.headers["Authorization"] == f"Bearer {'t' * 20}"


def test_what_others_did_not_answer_is_said_once(worker: Worker, httpserver: HTTPServer) -> None:
    lost = {"worker": "http://w2:6066", "reason": "timed out", "slices": ["channel"]}
    worker.missing = [lost]

    report = document("--url", httpserver.url_for(""), "--board", "small")

    assert report["notes"] == [{"kind": "missing", "facts": lost}]


def test_alerts_come_from_the_log_and_from_those_that_fire(
    worker: Worker, httpserver: HTTPServer, found: dict[str, Any]
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
    assert report["notes"] == []


def changes(worker: Worker, *days: str) -> list[dict[str, Any]]:
    """Another alert that fired for an hour on each of some days."""
    [firing] = [one.to_dict() for one in worker.play.driver.alerts]
    earlier = firing | {"fingerprint": "f2", "rule": "other"}
    return [
        earlier | {"state": state, "changed_at": f"{day}T0{hour}:00:00Z"}
        for day in days
        for hour, state in ((1, "firing"), (2, "resolved"))
    ]


def test_of_a_long_log_the_parts_are_asked_for_one_by_one(
    worker: Worker, httpserver: HTTPServer
) -> None:
    days = ("2026-03-03", "2026-03-08", "2026-03-10", "2026-03-14")
    worker.alerts, worker.most_changes = changes(worker, *days), 4

    report = document("--url", httpserver.url_for(""), "--board", "small")

    told = [one["begun"][:10] for one in report["alerts"] if one["rule"] == "other"]
    assert sorted(told) == ["2026-03-10", "2026-03-14"]
    assert report["notes"] == []


def test_a_log_that_is_too_long_in_its_parts_is_noted(
    worker: Worker, httpserver: HTTPServer
) -> None:
    worker.alerts, worker.most_changes = changes(worker, "2026-03-10", "2026-03-11"), 2

    report = document("--url", httpserver.url_for(""), "--board", "small")

    assert [note["kind"] for note in report["notes"]] == ["truncated"]


def asked_channels(worker: Worker) -> set[str]:
    """The channels whose KPIs were asked for."""
    series = [query for path, query in worker.asked if path == "series"]
    return {name for query in series for name in query.get("channel", ())}


def rankings(worker: Worker) -> list[tuple[str, str]]:
    """The KPIs and windows that members were ranked by."""
    found = [query for path, query in worker.asked if path == "readings"]
    return [(query["kpi"][0], query["window"][0]) for query in found]


def test_of_many_members_those_with_most_events_of_all_are_reported(
    worker: Worker, httpserver: HTTPServer
) -> None:
    worker.channels = [f"c{n:03}" for n in range(100)]
    sizes = {name: n + 1 for n, name in enumerate(worker.channels)}
    worker.kept = {("revenue", "24h"): sizes}

    report = document("--url", httpserver.url_for(""), "--board", "small")

    assert rankings(worker) == [("revenue", "30d"), ("revenue", "24h")]
    assert asked_channels(worker) == {f"c{n:03}" for n in range(70, 100)}
    assert report["notes"] == []


def test_members_that_only_the_ranking_knows_are_reported_too(
    worker: Worker, httpserver: HTTPServer
) -> None:
    worker.has_more_slices = True
    worker.kept = {("revenue", "24h"): {"large": 1000, "ads": 10}}

    report = document("--url", httpserver.url_for(""), "--board", "small")

    assert asked_channels(worker) == {"large", "ads", "email"}
    assert report["notes"] == [{"kind": "members", "facts": {"dimension": "channel"}}]


def test_members_that_could_not_all_be_ranked_are_noted(
    worker: Worker, httpserver: HTTPServer
) -> None:
    worker.channels = [f"c{n:03}" for n in range(100)]

    report = document("--url", httpserver.url_for(""), "--board", "small")

    assert rankings(worker)[0] == ("revenue", "30d")
    assert len(set(rankings(worker))) == len(rankings(worker)) <= 8
    assert len(asked_channels(worker)) == 30
    assert {"c000", "c001"} <= asked_channels(worker)
    assert report["notes"] == [{"kind": "members", "facts": {"dimension": "channel"}}]


@pytest.mark.parametrize(
    ("since", "is_noted"),
    [(None, False), ("2026-03-09T00:00:00Z", False), ("2026-03-09T00:00:01Z", True)],
)
def test_a_period_that_begins_before_the_log_of_alerts_says_since_when_they_are_known(
    worker: Worker, httpserver: HTTPServer, since: str | None, is_noted: bool
) -> None:
    worker.alerts_since = since

    report = document("--url", httpserver.url_for(""), "--board", "small")

    noted = {"kind": "alerts_since", "facts": {"first": "2026-03-09"}}
    assert report["notes"] == ([noted] if is_noted else [])


def test_an_answer_of_another_form_is_told(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/kpis").respond_with_json({"kpis": 3})

    ran = run("--url", httpserver.url_for(""), "--json")

    assert ran.code == 1
    assert "answers otherwise to kpis" in ran.err


def test_a_worker_that_has_heard_nothing_has_nothing_to_report(
    worker: Worker, httpserver: HTTPServer
) -> None:
    nothing: dict[str, Any] = {"as_of": None, "objectives": [], "missing": []}
    httpserver.clear()
    httpserver.expect_request("/api/v1/objectives").respond_with_json(nothing)
    httpserver.expect_request(re.compile("/api/v1/.*")).respond_with_handler(worker.answer)

    ran = run("--url", httpserver.url_for(""), "--json")

    assert ran.code == 1
    assert "has not heard anything yet" in ran.err
