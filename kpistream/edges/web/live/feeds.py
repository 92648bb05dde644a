"""Feeds: one for each question that is looked at, however many pages look at it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import msgspec

from kpistream.edges.web.live.patches import patch
from kpistream.edges.web.live.view_query import ViewQuery
from kpistream.edges.web.live.viewer import View
from kpistream.edges.web.problem import Problem

TICK_S: Final = 0.5
"""How often a view is looked at again."""

LONGEST_TICK_S: Final = 2.0

TIME_TOLD_S: Final = 5.0
"""When nothing else has changed, so often pages are told how far time has come."""

QUIET_S: Final = 15.0
"""A stream that says nothing for so long says that it is still there."""

MOST_FEEDS: Final = 50
"""Each costs the pipeline some of its time."""

MOST_PAGES: Final = 1_000
MOST_WAITING: Final = 20
"""A page that is so many messages behind starts afresh."""

_STILL_HERE: Final = b": still here\n\n"
_OVER: Final = b""

Look = Callable[[ViewQuery], Awaitable[View]]

_log = logging.getLogger(__name__)
_encode: Final = msgspec.json.Encoder().encode


class Subscriber:
    """A page that is told what changes; one that is too slow is told all of it anew."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()

    def tell(self, message: bytes, afresh: Callable[[], bytes]) -> None:
        """Put a message in the row; or what it all comes to, if the row is too long."""
        if self._waiting.qsize() >= MOST_WAITING:
            while not self._waiting.empty():
                self._waiting.get_nowait()
            message = afresh()
        self._waiting.put_nowait(message)

    def end(self, message: bytes) -> None:
        """Put the last message in the row."""
        self._waiting.put_nowait(message)
        self._waiting.put_nowait(_OVER)

    async def next(self) -> bytes:
        """The next message; a comment if there is none for a while, nothing after the last."""
        try:
            async with asyncio.timeout(QUIET_S):
                return await self._waiting.get()
        except TimeoutError:
            return _STILL_HERE


class Feed:
    """What the pages that ask one question are told; made once for all of them."""

    def __init__(self, query: ViewQuery, look: Look) -> None:
        self._query = query
        self._look = look
        self._view: View = {}
        self._number = 0
        self._told_at = 0.0
        self.subscribers: set[Subscriber] = set()

    async def begin(self) -> None:
        """Look for the first time; raises Problem."""
        self._view = await self._look(self._query)
        self._told_at = asyncio.get_running_loop().time()

    def add(self, subscriber: Subscriber) -> None:
        """From now on tell a page what changes; first, what there is."""
        self.subscribers.add(subscriber)
        subscriber.tell(self._frame(), self._frame)

    async def run(self) -> None:
        """Look again and again, until it is cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            try:
                self._turn(await self._look(self._query), started)
            except Problem as problem:
                self.end(problem.detail)
                return
            # What takes long is done less often, so that the pipeline has its time.
            await asyncio.sleep(min(max(TICK_S, 6 * (clock() - started)), LONGEST_TICK_S))

    def _turn(self, view: View, at: float) -> None:
        changed = patch(self._view, view)
        if not changed and at - self._told_at >= TIME_TOLD_S:
            changed = {"as_of": view["as_of"]}
        if changed:
            self._view = view
            self._number += 1
            self._told_at = at
            self._tell(_event("patch", self._number, changed))

    def end(self, reason: str) -> None:
        """Say goodbye to all pages: they ask again."""
        bye = _event("bye", self._number, {"reason": reason})
        for subscriber in self.subscribers:
            subscriber.end(bye)

    def _tell(self, message: bytes) -> None:
        for subscriber in self.subscribers:
            subscriber.tell(message, self._frame)

    def _frame(self) -> bytes:
        return _event("frame", self._number, self._view)


class Feeds:
    """The feeds that somebody looks at."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._feeds: dict[ViewQuery, Feed] = {}
        self._tasks: dict[ViewQuery, asyncio.Task[None]] = {}
        self._is_closing = False

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return sum(len(feed.subscribers) for feed in self._feeds.values())

    async def subscribe(self, query: ViewQuery) -> Subscriber:
        """A new page that asks this; raises Problem if there are too many, or nothing to show."""
        if self._is_closing or self.pages >= MOST_PAGES:
            raise _busy("too many pages are open here")
        feed = self._feeds.get(query)
        if feed is None:
            feed = await self._open(query)
        subscriber = Subscriber()
        feed.add(subscriber)
        return subscriber

    async def _open(self, query: ViewQuery) -> Feed:
        if len(self._feeds) >= MOST_FEEDS:
            raise _busy("too many different questions are looked at here")
        feed = Feed(query, self._look)
        await feed.begin()
        # Another page may have asked the same in the meantime.
        feed = self._feeds.setdefault(query, feed)
        if query not in self._tasks:
            task = self._tasks[query] = asyncio.create_task(feed.run())
            task.add_done_callback(lambda done: self._ended(query, feed, done))
        return feed

    def unsubscribe(self, query: ViewQuery, subscriber: Subscriber) -> None:
        """The page is gone; nobody looks for it any more."""
        feed = self._feeds.get(query)
        if feed is None:
            return
        feed.subscribers.discard(subscriber)
        if not feed.subscribers:
            self._feeds.pop(query)
            if task := self._tasks.pop(query, None):
                task.cancel()

    def _ended(self, query: ViewQuery, feed: Feed, task: asyncio.Task[None]) -> None:
        """A feed that failed says goodbye, so that its pages ask again."""
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("a live view failed", exc_info=error)
        if self._feeds.get(query) is feed:
            self._feeds.pop(query)
            self._tasks.pop(query, None)
            feed.end("the view failed; the worker's log says why")

    async def close(self) -> None:
        """Say goodbye to all pages."""
        self._is_closing = True
        for feed in self._feeds.values():
            feed.end("the worker stops")
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _event(name: str, number: int, data: object) -> bytes:
    # JSON has no line breaks, so it is one line of data.
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), _encode(data))


def _busy(detail: str) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "30"})
