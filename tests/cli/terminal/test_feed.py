"""The feed against a worker that breaks, restarts, refuses and talks nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from kpistream.cli.terminal.feed import Away, Feed, Picture, Refused
from kpistream.cli.terminal.query import Query
from tests.cli.terminal.live_worker import TOKEN, LiveWorker, overview, tile

News = AsyncIterator[Picture | Away]


ALL = Query()


class Waits:
    """Sleeps not at all, and keeps how long it was told to."""

    def __init__(self) -> None:
        self.told: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.told.append(seconds)


@pytest.fixture
async def worker() -> AsyncIterator[LiveWorker]:
    async with LiveWorker() as started:
        yield started


def follow(worker: LiveWorker, query: Query = ALL, token: str | None = None) -> News:
    return Feed(worker.url, token, sleep=Waits()).follow(query)


async def picture(news: News) -> Picture:
    found = await anext(news)
    assert isinstance(found, Picture)
    return found


async def away(news: News) -> Away:
    found = await anext(news)
    assert isinstance(found, Away)
    return found


async def test_the_first_picture_is_the_frame(worker: LiveWorker) -> None:
    news = follow(worker)
    first = await picture(news)
    assert first.document == overview()
    assert first.frame.tiles["visitors"].value == 20_412


async def test_a_patch_changes_the_picture_before(worker: LiveWorker) -> None:
    news = follow(worker)
    await picture(news)
    await worker.send("patch", {"tiles": {"visitors": tile("visitors", 5)}})
    await worker.send("patch", {"as_of": "2026-03-01T10:00:10Z"})
    assert (await picture(news)).frame.tiles["visitors"].value == 5
    third = await picture(news)
    assert third.frame.tiles["visitors"].value == 5
    assert third.frame.tiles["revenue"].value == 128_431.2
    assert third.document["as_of"] == "2026-03-01T10:00:10Z"


async def test_comments_and_events_of_tomorrow_are_let_be(worker: LiveWorker) -> None:
    news = follow(worker)
    await picture(news)
    await worker.send_raw(b": still here\n\n")
    await worker.send("weather", {"as_of": "never"})
    await worker.send("patch", {"as_of": "2026-03-01T10:00:10Z"})
    assert (await picture(news)).document["as_of"] == "2026-03-01T10:00:10Z"


async def test_the_query_is_asked_for(worker: LiveWorker) -> None:
    await picture(follow(worker, Query("sales", "24h", "campaign", "orders")))
    asked = {"board": "sales", "window": "24h", "by": "campaign", "kpi": "orders"}
    assert worker.asked == [asked]


async def test_after_a_hang_up_it_connects_again_and_starts_from_a_new_frame(
    worker: LiveWorker,
) -> None:
    news = follow(worker)
    await picture(news)
    await worker.send("patch", {"tiles": {"orders": tile("orders", 5)}})
    assert "orders" in (await picture(news)).frame.tiles
    await worker.hang_up()
    assert (await away(news)).reason == "the worker has closed the connection"
    assert "orders" not in (await picture(news)).frame.tiles


async def test_after_a_bye_it_says_why_and_connects_again(worker: LiveWorker) -> None:
    news = follow(worker)
    await picture(news)
    await worker.send("bye", {"reason": "restarting\x1b[2J"})
    assert (await away(news)).reason == "the worker says bye: restarting?[2J"
    assert (await picture(news)).document == overview()


async def test_a_worker_that_is_not_ready_is_waited_for(worker: LiveWorker) -> None:
    worker.refusals = [(503, "recovering: 2 partitions")] * 2
    news = follow(worker)
    assert (await away(news)).reason == "recovering: 2 partitions"
    assert (await away(news)).reason == "recovering: 2 partitions"
    assert (await picture(news)).document == overview()


async def test_the_waits_grow_up_to_a_limit_and_a_picture_ends_them(worker: LiveWorker) -> None:
    worker.refusals = [(503, "no")] * 4
    waits = Waits()
    news = Feed(worker.url, delays_s=(1, 2, 4), sleep=waits).follow(Query())
    assert [(await away(news)).again_in_s for _ in range(4)] == [1, 2, 4, 4]
    await picture(news)
    await worker.hang_up()
    assert (await away(news)).again_in_s == 1
    assert waits.told == [1, 2, 4, 4]


async def test_a_worker_that_does_not_answer_is_tried_again(nobody: str) -> None:
    feed = Feed(f"http://{nobody}", sleep=Waits())
    news = feed.follow(Query())
    assert "Cannot connect" in (await away(news)).reason
    assert "Cannot connect" in (await away(news)).reason


async def test_a_worker_that_has_gone_silent_is_left(worker: LiveWorker) -> None:
    news = Feed(worker.url, silent_s=0.2, sleep=Waits()).follow(Query())
    # Where the machine is slow, the first picture may come too late.
    while not isinstance(await anext(news), Picture):
        pass
    assert (await away(news)).reason == "the worker has gone silent"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"event: patch\ndata: [\n\n", "what the worker sends is no JSON object"),
        (b"event: patch\ndata: []\n\n", "what the worker sends is no JSON object"),
        (b"event: patch\ndata: " + b"[" * 9_000 + b"\n\n", "no JSON object"),
        (b'event: patch\ndata: {"tiles": 5}\n\n', "what the worker sends is no patch"),
        (b'event: patch\ndata: {"alerts": 5}\n\n', "is not as expected: Expected `array`"),
        (b"event: bye\ndata: no\n\n", "the worker says bye"),
    ],
)
async def test_nonsense_is_no_reason_to_end(worker: LiveWorker, sent: bytes, reason: str) -> None:
    news = follow(worker)
    await picture(news)
    await worker.send_raw(sent)
    assert reason in (await away(news)).reason
    assert (await picture(news)).document == overview()


async def test_an_event_that_does_not_end_is_left(worker: LiveWorker) -> None:
    news = follow(worker)
    await picture(news)
    sending = asyncio.create_task(worker.send_raw(b"data: " + b"x" * (17 * 1024 * 1024)))
    assert "an event of more than 16,777,216 bytes" in (await away(news)).reason
    await sending
    assert (await picture(news)).document == overview()


async def test_a_token_is_sent() -> None:
    async with LiveWorker(TOKEN) as worker:
        assert (await picture(follow(worker, token=TOKEN))).document == overview()


async def test_without_the_token_it_says_which_option_is_missing() -> None:
    async with LiveWorker(TOKEN) as worker:
        with pytest.raises(Refused) as refused:
            await anext(follow(worker))
    assert str(refused.value) == "a token is needed (--token, KPISTREAM_API_TOKEN)"
    assert refused.value.code == 1


async def test_a_query_that_makes_no_sense_ends_it(worker: LiveWorker) -> None:
    worker.refusals = [(400, "unknown board 'x'\x1b[2J")]
    with pytest.raises(Refused) as refused:
        await anext(follow(worker))
    assert (str(refused.value), refused.value.code) == ("unknown board 'x'?[2J", 2)


async def test_what_is_no_worker_ends_it() -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        with pytest.raises(Refused, match=r"no worker of kpistream, or one that is older.*: 404"):
            await anext(Feed(f"http://{host}:{port}").follow(Query()))
    finally:
        await runner.cleanup()


async def test_a_redirect_is_not_followed(worker: LiveWorker) -> None:
    worker.refusals = [(302, "elsewhere")]
    with pytest.raises(Refused, match="elsewhere"):
        await anext(follow(worker))
    assert len(worker.asked) == 1
