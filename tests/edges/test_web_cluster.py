"""Workers answer for each other: any of them for all, and who is missing is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import get_ident
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, web

from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.core.instants import rfc3339
from kpistream.core.monitoring.readings import Board
from kpistream.edges.web import Guard, Readiness, WebServer, peer_answers
from kpistream.edges.web import cluster as asking
from kpistream.edges.web.cluster import LARGE_BYTES, NO_WORKER, Cluster
from kpistream.edges.web.gathering import NOBODY
from kpistream.edges.web.operation import Handler
from tests.support.builders import START_S
from tests.support.front_desk import RECEIVER, FrontDesk
from tests.support.known import SETS, server, worker

TOTAL_AND_CHANNELS = SETS[:2]
CAMPAIGNS = SETS[2:]
TOKEN = "0123456789abcdef"  # noqa: S105 - of nobody

PATHS = [
    "readings",
    "readings?slice=total&window=5m",
    "readings?kpi=clicks&window=1h&channel=email",
    "readings?kpi=clicks&window=5m&before=true",
    "series?kpi=clicks&kpi=click_through_rate&window=5m",
    "series?kpi=clicks&window=1h&channel=email",
    "series?kpi=clicks&window=1h&campaign=autumn&step=15m",
    "slices",
    "slices?slice=campaign",
    "alerts",
    "objectives",
    "health",
    "silences",
    "deliveries?limit=3",
    "receivers",
    "kpis",
    "alerts/history?from=2026-03-01T09:00:00Z&to=2026-03-01T11:00:00Z",
]

LISTS = ("readings", "series", "slices", "alerts", "objectives", "workers", "receivers", "missing")
FOREIGN = [
    b"{}",
    b"[]",
    b"fine",
    b'"\xff"',
    b"[" * 100_000,
    msgspec.json.encode(dict.fromkeys(LISTS, 1)),
    msgspec.json.encode({"as_of": None, "truncated": False, **{name: [{}] for name in LISTS}}),
]
"""What no worker answers."""


class Pair:
    """Two workers, each with the slices of half of the sets, and their web servers.

    The second has the notifier.
    """

    def __init__(self, timeout_s: float = 60.0, **named: Any) -> None:
        self.known = [worker(TOTAL_AND_CHANNELS), worker(CAMPAIGNS)]
        self.desks = [FrontDesk(), FrontDesk()]
        self.desks[0].is_owner = False
        self.clusters = [Cluster(self._others(n), TOKEN, timeout_s) for n in range(2)]
        self.servers: list[WebServer] = []
        for known, desk, cluster in zip(self.known, self.desks, self.clusters, strict=True):
            known.desk = desk
            made = server(known, cluster=cluster, receivers=[RECEIVER], **named)
            made._site.silences._clock_s = lambda: float(START_S)
            self.servers.append(made)

    def _others(self, number: int) -> Any:
        return lambda: [known.peer() for n, known in enumerate(self.known) if n != number]

    @property
    def urls(self) -> list[str]:
        return [known.url for known in self.known]

    async def __aenter__(self) -> Pair:
        for started, known in zip(self.servers, self.known, strict=True):
            await started.start()
            known.url = started.url
        return self

    async def __aexit__(self, *_: object) -> None:
        for cluster in self.clusters:
            await cluster.close()
        for started in self.servers:
            await started.stop()


async def asked(url: str, path: str, status: int = 200, **options: Any) -> Any:
    method = options.pop("method", "GET")
    async with (
        ClientSession() as session,
        session.request(method, f"{url}/api/v1/{path}", **options) as answer,
    ):
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


def in_order(document: Any) -> Any:
    """A document whose lists of things are in an order of their own; the clock's part is left."""
    if isinstance(document, dict):
        return {k: in_order(v) for k, v in document.items() if k != "watermark_age_s"}
    if isinstance(document, list):
        items = [in_order(item) for item in document]
        return sorted(items, key=repr) if items and isinstance(items[0], dict) else items
    return document


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with Pair() as two:
        yield two


@pytest.fixture
async def alone() -> AsyncIterator[str]:
    """A worker that owns everything."""
    known = worker()
    known.desk = FrontDesk()
    made = server(known, receivers=[RECEIVER])
    made._site.silences._clock_s = lambda: float(START_S)
    async with made as started:
        yield started.url


class TestEveryWorker:
    @pytest.mark.parametrize("path", PATHS)
    async def test_answers_the_same(self, pair: Pair, path: str) -> None:
        first, second = [in_order(await asked(url, path)) for url in pair.urls]
        assert first == second
        assert first.get("missing", []) == []

    @pytest.mark.parametrize("path", [path for path in PATHS if path != "health"])
    async def test_answers_as_one_that_has_everything(
        self, pair: Pair, alone: str, path: str
    ) -> None:
        whole = in_order(await asked(alone, path))
        assert in_order(await asked(pair.urls[0], path)) == whole
        lists = [value for value in whole.values() if isinstance(value, list) and value]
        assert lists or path in ("silences", "deliveries?limit=3")

    async def test_tells_of_itself_alone_if_it_is_asked_to(self, pair: Pair) -> None:
        found = await asked(pair.urls[0], "readings?scope=worker")
        assert {len(one["slice"]) for one in found["readings"]} == {0, 1}
        assert not any("campaign" in one["slice"] for one in found["readings"])
        health = await asked(pair.urls[1], "health?scope=worker")
        assert [one["url"] for one in health["workers"]] == pair.urls[1:]

    async def test_asks_nobody_who_cannot_know(self, pair: Pair) -> None:
        await pair.servers[1].stop()
        for path in (
            "readings?slice=total",
            "readings?channel=email&campaign=",
            "series?kpi=clicks",
            "slices?slice=channel",
        ):
            assert (await asked(pair.urls[0], path))["missing"] == []

    async def test_knows_alerts_of_the_others_one_by_one(self, pair: Pair) -> None:
        [fingerprint, *_] = [alert.fingerprint for alert in pair.known[0].alerts]
        first, second = [await asked(url, f"alerts/{fingerprint}") for url in pair.urls]
        assert first == second
        assert first["suppression"] is not None
        await asked(pair.urls[1], f"alerts/{fingerprint}?scope=worker", 404)
        await asked(pair.urls[0], "alerts/0123456789abcdef", 404)

    async def test_takes_an_acknowledgement_of_an_alert_of_another(self, pair: Pair) -> None:
        firing = [one for one in pair.known[0].alerts if one.state == "firing"]
        path = f"alerts/{firing[0].fingerprint}/acknowledge"
        await asked(pair.urls[1], path, 202, method="POST", json={"author": "ana"})
        [said] = pair.desks[1].said
        assert isinstance(said, Acknowledgement)
        assert said.since == firing[0].changed_at
        assert said.is_about(firing[0])

    async def test_says_what_keeps_people_from_being_told_as_the_notifier_does(
        self, pair: Pair
    ) -> None:
        pair.desks[1].suppressed = Suppression(silenced_by=("one",))
        for url in pair.urls:
            found = (await asked(url, "alerts"))["alerts"]
            assert len(found) > 1
            assert {one["suppression"]["silenced_by"][0] for one in found} == {"one"}
        own = (await asked(pair.urls[0], "alerts?scope=worker"))["alerts"]
        assert {one["suppression"] for one in own} == {None}

    async def test_knows_the_silences_that_are_there(self, pair: Pair) -> None:
        await asked(pair.urls[0], "silences/none", 404, method="DELETE", json={"author": "bo"})
        body = {"matchers": ["channel=email"], "for": "2h", "author": "ana"}
        await asked(pair.urls[0], "silences", 202, method="POST", json=body)
        [said] = pair.desks[0].said
        assert isinstance(said, Silence)
        pair.desks[1].known = [said]
        [listed] = (await asked(pair.urls[0], "silences"))["silences"]
        assert listed["id"] == said.id
        await asked(
            pair.urls[0], f"silences/{said.id}", 202, method="DELETE", json={"author": "bo"}
        )

    async def test_knows_who_is_gone_for_good(self, pair: Pair) -> None:
        pair.desks[1].disabled = frozenset({"shop"})
        [receiver] = (await asked(pair.urls[0], "receivers"))["receivers"]
        assert receiver["disabled"] is True


class TestAnotherWorker:
    async def test_that_is_gone_is_named_with_its_slices(self, pair: Pair) -> None:
        await pair.servers[1].stop()
        for path in ("readings", "slices", "alerts", "objectives"):
            [missing] = (await asked(pair.urls[0], path))["missing"]
            assert missing["worker"] == pair.urls[1]
            assert missing["slices"] == ["campaign", "channel_campaign"]
            assert missing["reason"]
        found = await asked(pair.urls[0], "readings?window=5m")
        assert {tuple(one["slice"]) for one in found["readings"]} == {(), ("channel",)}

    async def test_that_is_gone_leaves_its_series_empty(self, pair: Pair) -> None:
        await pair.servers[1].stop()
        found = await asked(pair.urls[0], "series?kpi=clicks&campaign=autumn")
        assert found["series"] == []
        assert [one["worker"] for one in found["missing"]] == [pair.urls[1]]

    async def test_that_is_gone_may_have_the_alert(self, pair: Pair) -> None:
        await pair.servers[0].stop()
        [fingerprint, *_] = [alert.fingerprint for alert in pair.known[0].alerts]
        problem = await asked(pair.urls[1], f"alerts/{fingerprint}", 503)
        assert pair.urls[0] in problem["detail"]

    async def test_that_is_gone_makes_the_cluster_degraded(self, pair: Pair) -> None:
        assert (await asked(pair.urls[0], "health"))["status"] == "ok"
        await pair.servers[1].stop()
        health = await asked(pair.urls[0], "health")
        assert health["status"] == "degraded"
        assert [one["url"] for one in health["workers"]] == pair.urls[:1]
        assert [one["worker"] for one in health["missing"]] == pair.urls[1:]

    async def test_that_is_gone_with_the_notifier_is_named(self, pair: Pair) -> None:
        await pair.servers[1].stop()
        for path in ("silences", "deliveries", "suppressions"):
            assert pair.urls[1] in (await asked(pair.urls[0], path, 503))["detail"]
        found = await asked(pair.urls[0], "receivers")
        assert [one["worker"] for one in found["missing"]] == [pair.urls[1]]
        assert found["receivers"][0]["disabled"] is None

    async def test_that_is_not_ready_is_named(self, pair: Pair) -> None:
        pair.known[1].readiness, pair.known[1].board = Readiness(("recovering",)), Board()
        [missing] = (await asked(pair.urls[0], "readings"))["missing"]
        assert "recovering" in missing["reason"]
        assert (await asked(pair.urls[0], "health"))["status"] == "degraded"

    async def test_that_is_not_ready_but_knows_something_tells_it(self, pair: Pair) -> None:
        pair.known[1].readiness = Readiness(("recovering clicks-0",))
        found = await asked(pair.urls[0], "readings?kpi=clicks&window=1h")
        assert any("campaign" in one["slice"] for one in found["readings"])
        [missing] = found["missing"]
        assert (missing["worker"], missing["reason"]) == (pair.urls[1], "recovering clicks-0")
        assert missing["slices"] == ["campaign", "channel_campaign"]

    @pytest.mark.parametrize("number", [0, 1])
    async def test_that_is_not_ready_is_named_with_its_series(
        self, pair: Pair, number: int
    ) -> None:
        pair.known[1].readiness = Readiness(("recovering clicks-0",))
        found = await asked(pair.urls[number], "series?kpi=clicks&campaign=autumn")
        assert found["series"]
        [missing] = found["missing"]
        assert (missing["worker"], missing["reason"]) == (pair.urls[1], "recovering clicks-0")

    async def test_that_is_slow_is_not_waited_for(self) -> None:
        async with slow_worker() as url, Pair(timeout_s=0.2) as pair:
            pair.known[1].url = url
            async with asyncio.timeout(60):
                [missing] = (await asked(pair.known[0].url, "readings"))["missing"]
            assert missing["reason"] == "did not answer in time"
            assert missing["worker"] == url


class TestSomethingElseThatAnswersThere:
    @pytest.mark.parametrize("body", FOREIGN)
    async def test_is_named_as_missing(self, body: bytes) -> None:
        async with something_else(body) as url, Pair() as pair:
            pair.known[1].url = url
            for path in (
                "readings",
                "readings?kpi=clicks&window=5m&before=true",
                "series?kpi=clicks&campaign=autumn",
                "slices",
                "alerts",
                "objectives",
                "health",
                "view",
                "receivers",
            ):
                [missing] = (await asked(pair.known[0].url, path))["missing"]
                assert (missing["worker"], missing["reason"]) == (url, NO_WORKER)

    @pytest.mark.parametrize("body", FOREIGN)
    async def test_knows_nothing_of_notifications(self, body: bytes) -> None:
        async with something_else(body) as url, Pair() as pair:
            pair.known[1].url = url
            for path in ("silences", "deliveries"):
                problem = await asked(pair.known[0].url, path, 503)
                assert problem["detail"] == f"{url}: {NO_WORKER}"


class TestALargeAnswer:
    async def test_is_read_in_another_thread(
        self, pair: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads: list[int] = []

        def watched(path: str, body: bytes) -> dict[str, Any]:
            threads.append(get_ident())
            return peer_answers.read_answer(path, body)

        monkeypatch.setattr(asking, "read_answer", watched)
        for most, is_aside in ((LARGE_BYTES, False), (10, True)):
            monkeypatch.setattr(asking, "LARGE_BYTES", most)
            assert (await asked(pair.urls[0], "objectives"))["missing"] == []
            assert (threads.pop() != get_ident()) is is_aside

    async def test_is_read_item_by_item(self, alone: str, monkeypatch: pytest.MonkeyPatch) -> None:
        async with ClientSession() as session, session.get(f"{alone}/api/v1/readings") as answer:
            body = await answer.read()
        sizes: list[int] = []

        def watched(text: Any, **named: Any) -> Any:
            if not named:
                sizes.append(memoryview(text).nbytes)
            return decode(text, **named)

        decode = msgspec.json.decode
        monkeypatch.setattr(msgspec.json, "decode", watched)
        document = peer_answers.read_answer("readings", body)
        assert len(document["readings"]) > 100
        assert max(sizes) < 500
        monkeypatch.undo()
        assert document == decode(body)


class TestAWorkerThatKnowsNothingYet:
    @pytest.mark.parametrize("path", ["readings", "alerts", "objectives", "slices"])
    async def test_answers_with_what_the_others_know(self, pair: Pair, path: str) -> None:
        known = pair.known[1]
        known.readiness, known.sets = Readiness(("connecting to the broker",)), ()
        known.board, known.alerts, known.objectives = Board(), (), ()
        found = await asked(known.url, path)
        assert found["as_of"] == rfc3339(pair.known[0].board.as_of)
        assert found[path]
        [missing] = found["missing"]
        assert missing == {
            "worker": known.url,
            "reason": "connecting to the broker",
            "slices": ["campaign", "channel_campaign"],
        }

    async def test_says_so_when_the_others_cannot_be_asked(self, pair: Pair) -> None:
        known = pair.known[1]
        known.readiness, known.board = Readiness(("recovering",)), Board()
        await pair.servers[0].stop()
        detail = (await asked(known.url, "readings", 503))["detail"]
        assert detail.startswith("the worker is not ready: recovering; ")
        assert pair.urls[0] in detail


async def test_slices_that_nobody_has_are_missing(pair: Pair) -> None:
    pair.known[1].sets = CAMPAIGNS[:1]
    for url in pair.urls:
        [missing] = (await asked(url, "readings"))["missing"]
        assert (missing["reason"], missing["slices"]) == (NOBODY, ["channel_campaign"])
    assert (await asked(pair.urls[0], "readings?slice=total"))["missing"] == []


async def test_a_slice_that_two_workers_have_is_told_once(pair: Pair, alone: str) -> None:
    everything = worker()
    pair.known[1].sets, pair.known[1].board = everything.sets, everything.board
    whole = (await asked(alone, "readings"))["readings"]
    assert len((await asked(pair.urls[0], "readings"))["readings"]) == len(whole)


async def test_workers_show_each_other_their_token() -> None:
    async with Pair(guard=Guard(read_tokens=(TOKEN,))) as pair:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        found = await asked(pair.urls[0], "readings", headers=headers)
        assert found["missing"] == []
        await asked(pair.urls[0], "readings", 401)


@asynccontextmanager
async def slow_worker() -> AsyncIterator[str]:
    """Something that takes longer to answer than anybody waits."""

    is_over = asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        await is_over.wait()
        return web.Response()

    async with answering(wait) as url:
        try:
            yield url
        finally:
            is_over.set()


@asynccontextmanager
async def something_else(body: bytes) -> AsyncIterator[str]:
    """Something that always answers the same."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async with answering(answer) as url:
        yield url


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[str]:
    """A server that answers at every path."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
