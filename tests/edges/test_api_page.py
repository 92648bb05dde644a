"""The answers and the message in docs/api.md are what a worker gives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from kpistream.core.monitoring.readings import Board
from kpistream.core.slices import Slice
from kpistream.core.windows.panes import ALL_TIERS
from kpistream.core.windows.steps import MOST_STEPS, USUAL_STEPS_S, step_name
from kpistream.core.windows.windows import MAX_REACH_S
from kpistream.edges.messages import SHAPES, Credentials, Links, shape_of
from kpistream.edges.web import Readiness, WebServer
from kpistream.edges.web.assets import Assets
from kpistream.edges.web.knowledge import Found
from kpistream.edges.web.openapi import OPERATIONS
from kpistream.edges.web.series_query import MOST_KPIS
from kpistream.stream.merging import MOST_SLICES
from tests.edges.boards import on_its_way
from tests.edges.messages.sample import message
from tests.support import builders as build
from tests.support.alerting import firing, reading
from tests.support.front_desk import FrontDesk
from tests.support.known import Known, KnownWorker, server

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
READINGS, BEFORE, SERIES, ALERTS, OBJECTIVES, UNREADY, PROBLEM, MESSAGE = map(
    json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.S)
)

SHOWN = reading(currency="EUR", slice=(("channel", "display"), ("campaign", "spring")))
EARLIER = msgspec.structs.replace(SHOWN, value=1.1, numerator=1100.0)
FIRING = firing(slice=SHOWN.slice, currency="EUR")

PLAN = replace(
    build.plan(windows=("5m", "1h"), slices=((), ("channel", "campaign"))),
    catalogue=replace(
        build.shipped_catalogue(),
        kpis={
            name: build.shipped_catalogue().kpis[name]
            for name in ("return_on_ad_spend", "click_through_rate")
        },
        objectives=(on_its_way().objective,),
    ),
)


class Worker(Known):
    """What the page shows."""

    def __init__(self) -> None:
        super().__init__(PLAN)
        self.board = Board((SHOWN,), SHOWN.as_of)
        self.alerts = [FIRING]
        self.objectives = [on_its_way(as_of=SHOWN.as_of)]
        self.desk = FrontDesk()

    def read(self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]) -> Found:
        assert (kpi, window, before) == (EARLIER.kpi, EARLIER.window, True)
        return [found for found in [EARLIER] if wanted(found.slice)], False


def worker() -> WebServer:
    return server(Worker(), pages=Assets().routes())


@pytest.mark.parametrize(
    ("path", "status", "example"),
    [
        ("/api/v1/readings?kpi=return_on_ad_spend&window=1h&channel=display", 200, READINGS),
        (
            "/api/v1/readings?kpi=return_on_ad_spend&window=1h&channel=display&before=true",
            200,
            BEFORE,
        ),
        ("/api/v1/alerts", 200, ALERTS),
        ("/api/v1/objectives", 200, OBJECTIVES),
        ("/readyz", 200, {"status": "ready", "reasons": []}),
        ("/api/v1/readings?window=2h", 400, PROBLEM),
        ("/healthz", 200, {"status": "alive"}),
    ],
)
async def test_an_answer_is_as_the_page_shows_it(path: str, status: int, example: Any) -> None:
    async with (
        worker() as server,
        aiohttp.ClientSession() as session,
        session.get(server.url + path) as answer,
    ):
        assert (HTTPStatus(answer.status), await answer.json(content_type=None)) == (
            status,
            example,
        )


async def test_a_worker_that_is_not_ready_answers_as_the_page_shows_it() -> None:
    known = Worker()
    known.readiness = Readiness(("connecting to the broker",))
    async with (
        server(known) as started,
        aiohttp.ClientSession() as session,
        session.get(started.url + "/readyz") as answer,
    ):
        assert (answer.status, await answer.json()) == (503, UNREADY)


async def test_a_course_is_as_the_page_shows_it() -> None:
    impressions = [("impression", build.impression("10s")) for _ in range(4)]
    driver = build.driven([*impressions, ("click", build.click("20s", kind="ad"))], "150s")
    span = "from=2026-03-01T10:00:00Z&to=2026-03-01T10:02:00Z"
    async with (
        server(KnownWorker(driver, build.plan())) as started,
        aiohttp.ClientSession(started.url) as session,
        session.get(f"/api/v1/series?kpi=click_through_rate&{span}&step=1m") as answer,
    ):
        assert await answer.json() == SERIES


def test_the_page_says_what_a_series_is_made_of() -> None:
    text = " ".join(PAGE.split())
    assert f"up to {MOST_KPIS} KPIs" in text
    assert f"at most {MOST_STEPS:,} steps" in text
    assert f"{MAX_REACH_S // 86_400} days at most. Each step" in text
    assert ", ".join(f"`{step_name(step)}`" for step in USUAL_STEPS_S[:-1]) in text
    seconds = {"s": 1, "min": 60, "h": 3_600, "minutes": 60, "hours": 3_600, "days": 86_400}
    kept = [
        (int(width) * seconds[unit], int(length), seconds[span])
        for width, unit, length, span in re.findall(
            r"(\d+) (s|min|h) for (\d+) (minutes|hours|days)", text
        )
    ]
    assert kept == [
        (tier.width_s, tier.reach_s // span_s, span_s)
        for tier, (_, _, span_s) in zip(ALL_TIERS[:-1], kept, strict=True)
    ]
    assert f"days for {ALL_TIERS[-1].reach_s // 86_400}." in text


def test_a_reading_of_the_page_has_the_keys_of_a_reading() -> None:
    [shown] = READINGS["readings"]
    assert shown == {name: value for name, value in SHOWN.to_dict().items() if name != "kind"}


def test_every_question_of_the_page_is_one_that_is_answered_here() -> None:
    asked = set(re.findall(r"^`(/api/v1/readings\?\S*)`$", PAGE, re.M))
    question = "/api/v1/readings?kpi=return_on_ad_spend&window=1h&channel=display"
    assert asked == {question, f"{question}&before=true"}


def test_the_page_says_how_many_slices_are_read_at_most() -> None:
    assert set(re.findall(r"(\S+)\s+slices\b(?= at most| holds)", PAGE)) == {f"{MOST_SLICES:,}"}


def test_the_message_is_what_a_receiver_gets() -> None:
    links = Links("https://kpis.example.org")
    [sent] = shape_of("webhook")(message(FIRING, links=links), Credentials())
    assert msgspec.json.decode(sent.body) == MESSAGE


def test_the_page_names_every_shape_of_a_message() -> None:
    webhooks = PAGE.split("\n## Webhooks\n")[1].split("\n## ")[0]
    assert {*re.findall(r"^\| `(\w+)` \|", webhooks, re.M)} == {*SHAPES, "apprise"}


def test_every_path_of_the_page_exists_and_every_path_is_on_it() -> None:
    served = {str(r.canonical) for r in worker()._site.app().router.resources()}
    assert set(re.findall(r"^\| `(/\S*)` \|", PAGE, re.M)) == served


def test_every_path_of_the_page_is_in_the_document() -> None:
    declared = {operation.path for operation in OPERATIONS}
    shown = set(re.findall(r"^\| `(/\S*)` \|", PAGE, re.M))
    assert shown == declared | {"/", "/page/{name}"}
