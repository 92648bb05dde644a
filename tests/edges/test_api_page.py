"""The answers and the message in docs/api.md are what a worker gives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from kpistream.core.readings import Board, Reading
from kpistream.core.slices import Slice
from kpistream.edges.messages import SHAPES, Credentials, Links, shape_of
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from kpistream.edges.web import Readiness, Vocabulary, WebServer
from kpistream.stream.merging import MOST_SLICES
from tests.edges.boards import on_its_way
from tests.edges.messages.sample import message
from tests.support.alerting import firing, reading
from tests.support.front_desk import FrontDesk

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
READINGS, BEFORE, ALERTS, OBJECTIVES, UNREADY, PROBLEM, MESSAGE = map(
    json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.S)
)

SHOWN = reading(currency="EUR", slice=(("channel", "display"), ("campaign", "spring")))
EARLIER = msgspec.structs.replace(SHOWN, value=1.1, numerator=1100.0)
FIRING = firing(slice=SHOWN.slice, currency="EUR")

WORDS = Vocabulary(
    kpis=("return_on_ad_spend",),
    windows=("5m", "1h"),
    dimensions=("channel", "campaign"),
    sets=((), ("channel", "campaign")),
)


def read(
    kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]
) -> tuple[list[Reading], bool]:
    assert (kpi, window, before) == (EARLIER.kpi, EARLIER.window, True)
    return [found for found in [EARLIER] if wanted(found.slice)], False


def worker() -> WebServer:
    collector = WorkerCollector(
        board=Board,
        telemetry=Telemetry(),
        alerts=lambda: [],
        dimensions=WORDS.dimensions,
        rules=(),
        version="1.2.3",
    )
    return WebServer(
        board=lambda: Board((SHOWN,), SHOWN.as_of),
        alerts=lambda: [FIRING],
        ready=lambda: Readiness(("connecting to the broker",)),
        exposition=Exposition(collector),
        vocabulary=WORDS,
        objectives=lambda: [on_its_way(as_of=SHOWN.as_of)],
        read=read,
        desk=FrontDesk,
    )


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
        ("/readyz", 503, UNREADY),
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
