"""The paths of the live view, over HTTP, of one worker and of two."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, ClientSession

from kpistream.core.monitoring.readings import Board
from kpistream.edges.web import Readiness
from kpistream.edges.web.cluster import Cluster
from kpistream.edges.web.live.routes import LiveRoutes
from tests.support import known
from tests.support.known import Known


@asynccontextmanager
async def serving(worker: Known, cluster: Cluster | None = None) -> AsyncIterator[str]:
    cluster = cluster or Cluster()
    live = LiveRoutes(worker, cluster)
    async with known.server(worker, cluster=cluster, routes=live.routes()) as server:
        try:
            yield f"{server.url}/api/v1/"
        finally:
            await live.feeds.close()
            await cluster.close()


async def told(response: ClientResponse) -> tuple[str, Any]:
    """The next event of a stream."""
    async with asyncio.timeout(60):
        event = ""
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                return event, json.loads(value)
    raise AssertionError("the stream ended")


async def test_a_view_is_answered_and_a_stream_begins_with_the_same() -> None:
    async with serving(known.worker()) as api, ClientSession() as session:
        async with session.get(f"{api}view?window=5m") as answer:
            view = await answer.json()
        async with session.get(f"{api}live?window=5m") as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            assert stream.headers["Cache-Control"] == "no-store"
            event, frame = await told(stream)
        assert event == "frame"
        assert frame == view


async def test_what_changes_is_told() -> None:
    worker = known.worker()
    async with (
        serving(worker) as api,
        ClientSession() as session,
        session.get(f"{api}live?window=5m") as stream,
    ):
        await told(stream)
        worker.alerts = ()
        event, changed = await told(stream)
        assert (event, changed) == ("patch", {"alerts": [], "firing": 0})


async def test_when_the_worker_stops_the_stream_says_goodbye_and_ends() -> None:
    worker = known.worker()
    async with ClientSession() as session:
        async with serving(worker) as api:
            stream = await session.get(f"{api}live")
            await told(stream)
        event, data = await told(stream)
        assert (event, data) == ("bye", {"reason": "the worker stops"})
        assert await stream.content.readline() == b"\n"
        assert stream.content.at_eof()


async def test_a_question_that_cannot_be_asked_is_a_problem_not_a_stream() -> None:
    async with serving(known.worker()) as api, ClientSession() as session:
        for path in ("live?board=nothing", "view?board=nothing", "live?colour=red"):
            async with session.get(api + path) as answer:
                assert (answer.status, answer.content_type) == (400, "application/problem+json")


async def test_a_worker_that_is_not_ready_says_why_and_when_to_ask_again() -> None:
    worker = known.worker()
    worker.board, worker.readiness = Board(), Readiness(("recovering tables",))
    async with serving(worker) as api, ClientSession() as session:
        for path in ("live", "view"):
            async with session.get(api + path) as answer:
                assert answer.status == 503
                assert answer.headers["Retry-After"] == "2"
                assert "recovering tables" in (await answer.json(content_type=None))["detail"]


async def test_two_workers_that_share_the_slices_show_the_same_as_one_that_has_them_all() -> None:
    one = known.worker([(), ("campaign",)])
    two = known.worker([("channel",), ("channel", "campaign")])
    clusters = [Cluster(lambda: one.peers), Cluster(lambda: two.peers)]
    async with (
        serving(known.worker()) as all_of_it,
        serving(one, clusters[0]) as first,
        serving(two, clusters[1]) as second,
        ClientSession() as session,
    ):
        one.url, two.url = (api.removesuffix("/api/v1/") for api in (first, second))
        one.peers, two.peers = (two.peer(),), (one.peer(),)
        for question in ("view?window=5m&by=channel", "view?window=5m&channel=email&by=campaign"):
            views = []
            for api in (all_of_it, first, second):
                async with session.get(api + question) as answer:
                    views.append(await answer.json())
            assert views[1]["tiles"]
            assert views[1]["breakdown"]["rows"]
            assert views[0] == views[1] == views[2]


async def test_what_a_worker_that_is_away_owns_is_missing_and_named() -> None:
    worker = known.worker([(), ("campaign",)])
    away = known.worker([("channel",), ("channel", "campaign")])
    away.url = "http://127.0.0.1:1"
    worker.peers = (away.peer(),)
    async with (
        serving(worker, Cluster(lambda: worker.peers)) as api,
        ClientSession() as session,
        session.get(f"{api}view?window=5m") as answer,
    ):
        view = await answer.json()
    assert view["tiles"]["revenue"]["value"] is not None
    assert view["breakdown"] is None
    [missing] = view["missing"]
    assert (missing["worker"], missing["slices"]) == (away.url, ["channel", "channel_campaign"])
