"""Feeds: what pages are told, over a look that tests decide."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kpistream.edges.web.live import feeds as module
from kpistream.edges.web.live.feeds import MOST_WAITING, Feeds, Subscriber
from kpistream.edges.web.live.view_query import ViewQuery
from kpistream.edges.web.problem import Problem

QUERY = ViewQuery("overview", "1h", "channel", "revenue")
OTHER = ViewQuery("shop", "1h", "channel", "revenue")


class Look:
    """What is to be seen; tests change it."""

    def __init__(self) -> None:
        self.value = 1
        self.looks = 0
        self.error: Exception | None = None
        self._looked = asyncio.Event()

    async def again(self) -> None:
        """Return after another look at what there is now."""
        for _ in range(2):
            self._looked.clear()
            await self._looked.wait()

    async def __call__(self, query: ViewQuery) -> dict[str, Any]:
        self.looks += 1
        self._looked.set()
        if self.error is not None:
            raise self.error
        tiles = {"revenue": {"value": self.value}, "orders": {"value": 0}}
        return {"as_of": f"{self.looks}", "tiles": tiles, "board": query.board}


@pytest.fixture
def look() -> Look:
    return Look()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_S", 0.01)


async def told(subscriber: Subscriber) -> tuple[str, dict[str, Any]]:
    message = await asyncio.wait_for(subscriber.next(), 60)
    _, event, data, *_ = message.decode().split("\n")
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_a_page_is_told_all_at_first_and_then_what_changes(look: Look) -> None:
    feeds = Feeds(look)
    page = await feeds.subscribe(QUERY)
    event, frame = await told(page)
    assert (event, frame["tiles"]["revenue"]) == ("frame", {"value": 1})
    look.value = 2
    event, changed = await told(page)
    assert (event, changed["tiles"]) == ("patch", {"revenue": {"value": 2}})
    await feeds.close()


async def test_pages_that_ask_the_same_share_one_look(look: Look) -> None:
    feeds = Feeds(look)
    pages = [await feeds.subscribe(QUERY) for _ in range(50)]
    assert look.looks <= 3
    for page in pages:
        await told(page)
    look.value = 7
    for page in pages:
        assert (await told(page))[1]["tiles"] == {"revenue": {"value": 7}}
    await feeds.close()


async def test_a_page_that_comes_later_begins_with_what_is_then(look: Look) -> None:
    feeds = Feeds(look)
    first = await feeds.subscribe(QUERY)
    await told(first)
    look.value = 3
    await told(first)
    later = await feeds.subscribe(QUERY)
    event, frame = await told(later)
    assert (event, frame["tiles"]["revenue"]) == ("frame", {"value": 3})
    await feeds.close()


async def test_nobody_looks_where_no_page_is_open(look: Look) -> None:
    feeds = Feeds(look)
    page, other = await feeds.subscribe(QUERY), await feeds.subscribe(OTHER)
    feeds.unsubscribe(QUERY, page)
    feeds.unsubscribe(OTHER, other)
    assert feeds.pages == 0
    await asyncio.sleep(0.03)
    looks = look.looks
    await asyncio.sleep(0.05)
    assert look.looks == looks


async def test_a_page_that_is_too_slow_is_told_all_anew_and_no_more_than_that(look: Look) -> None:
    feeds = Feeds(look)
    page = await feeds.subscribe(QUERY)
    for value in range(MOST_WAITING + 5):
        look.value = 100 + value
        await look.again()
    events = [await told(page) for _ in range(page._waiting.qsize())]
    assert len(events) <= MOST_WAITING
    name, frame = events[0]
    assert name == "frame"
    value = frame["tiles"]["revenue"]["value"]
    for name, changed in events[1:]:
        assert name == "patch"
        value = changed["tiles"]["revenue"]["value"] if "tiles" in changed else value
    assert value == look.value
    await feeds.close()


async def test_when_the_worker_stops_pages_are_told_goodbye_and_the_stream_ends(look: Look) -> None:
    feeds = Feeds(look)
    page = await feeds.subscribe(QUERY)
    await told(page)
    await feeds.close()
    assert (await told(page))[0] == "bye"
    assert await page.next() == b""
    with pytest.raises(Problem) as refused:
        await feeds.subscribe(QUERY)
    assert refused.value.status == 503


async def test_what_cannot_be_shown_is_a_problem_and_opens_no_feed(look: Look) -> None:
    feeds = Feeds(look)
    look.error = Problem(503, "not ready")  # type: ignore[arg-type]
    with pytest.raises(Problem, match="not ready"):
        await feeds.subscribe(QUERY)
    look.error = None
    assert (await told(await feeds.subscribe(QUERY)))[0] == "frame"
    await feeds.close()


async def test_a_look_that_fails_later_ends_the_stream_and_the_next_page_begins_anew(
    look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    feeds = Feeds(look)
    page = await feeds.subscribe(QUERY)
    await told(page)
    look.error = RuntimeError("broken")
    assert (await told(page))[0] == "bye"
    assert "a live view failed" in caplog.text
    look.error = None
    assert (await told(await feeds.subscribe(QUERY)))[0] == "frame"
    await feeds.close()


async def test_so_many_pages_and_questions_are_enough(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PAGES", 2)
    monkeypatch.setattr(module, "MOST_FEEDS", 1)
    feeds = Feeds(look)
    await feeds.subscribe(QUERY)
    with pytest.raises(Problem, match="too many different"):
        await feeds.subscribe(OTHER)
    await feeds.subscribe(QUERY)
    with pytest.raises(Problem, match="too many pages"):
        await feeds.subscribe(QUERY)
    await feeds.close()


async def test_pages_that_ask_while_the_first_look_lasts_share_it_and_count(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FEEDS", 1)
    monkeypatch.setattr(module, "MOST_PAGES", 3)
    may = asyncio.Event()

    async def slow(query: ViewQuery) -> dict[str, Any]:
        await may.wait()
        return await look(query)

    feeds = Feeds(slow)
    coming = [asyncio.create_task(feeds.subscribe(QUERY)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Problem, match="too many pages"):
        await feeds.subscribe(QUERY)
    coming.pop().cancel()
    await asyncio.sleep(0)
    with pytest.raises(Problem, match="too many different"):
        await feeds.subscribe(OTHER)
    may.set()
    pages = await asyncio.gather(*coming)
    assert [(await told(page))[0] for page in pages] == ["frame", "frame"]
    assert feeds.pages == 2
    await feeds.close()


async def test_a_page_that_comes_while_the_worker_stops_is_told_that(look: Look) -> None:
    may = asyncio.Event()

    async def slow(query: ViewQuery) -> dict[str, Any]:
        await may.wait()
        return await look(query)

    feeds = Feeds(slow)
    coming = asyncio.create_task(feeds.subscribe(QUERY))
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(feeds.close())
    await asyncio.sleep(0.01)
    may.set()
    await closing
    with pytest.raises(Problem, match="the worker stops"):
        await coming
    assert feeds.pages == 0
    with pytest.raises(Problem, match="the worker stops"):
        await feeds.subscribe(QUERY)


async def test_all_pages_that_are_too_slow_are_told_the_same_bytes(look: Look) -> None:
    feeds = Feeds(look)
    pages = [await feeds.subscribe(QUERY) for _ in range(3)]
    frames = {id(page._waiting.get_nowait()) for page in pages}
    assert len(frames) == 1
    await feeds.close()


async def test_a_stream_that_has_nothing_to_say_says_that_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.01)
    assert (await Subscriber().next()).startswith(b":")
