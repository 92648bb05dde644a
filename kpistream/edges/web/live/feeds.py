"""Feeds: one for each question that is looked at, however many pages look at it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
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
_STOPS: Final = "the worker stops"

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
        self._encoded: tuple[int, bytes] | None = None
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
        """Look again and again, until nobody is there, or nothing is to be seen any more."""
        clock = asyncio.get_running_loop().time
        pause_s = TICK_S
        while True:
            await asyncio.sleep(pause_s)
            if not self.subscribers:
                return
            started = clock()
            try:
                self._turn(await self._look(self._query), started)
            except Problem as problem:
                self.end(problem.detail)
                return
            # What takes long is done less often, so that the pipeline has its time.
            pause_s = min(max(TICK_S, 6 * (clock() - started)), LONGEST_TICK_S)

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
        """All there is, made once for all pages that need it."""
        if self._encoded is None or self._encoded[0] != self._number:
            self._encoded = self._number, _event("frame", self._number, self._view)
        return self._encoded[1]


class Feeds:
    """The feeds that somebody looks at."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._feeds: dict[ViewQuery, Feed] = {}
        self._opening: dict[ViewQuery, asyncio.Task[Feed]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming = 0
        """Pages that wait for the first look."""
        self._is_closing = False

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return sum(len(feed.subscribers) for feed in self._feeds.values()) + self._coming

    async def subscribe(self, query: ViewQuery) -> Subscriber:
        """A new page that asks this; raises Problem if there are too many, or nothing to show."""
        self._refuse_more(query)
        self._coming += 1
        try:
            feed = self._feeds.get(query)
            if feed is None:
                feed = await asyncio.shield(self._opened(query))
        except asyncio.CancelledError:
            if self._is_closing:
                raise _busy(_STOPS) from None
            raise
        finally:
            self._coming -= 1
        if self._is_closing:
            raise _busy(_STOPS)
        subscriber = Subscriber()
        feed.add(subscriber)
        return subscriber

    def _refuse_more(self, query: ViewQuery) -> None:
        if self._is_closing:
            raise _busy(_STOPS)
        if self.pages >= MOST_PAGES:
            raise _busy("too many pages are open here")
        questions = self._feeds.keys() | self._opening.keys()
        if query not in questions and len(questions) >= MOST_FEEDS:
            raise _busy("too many different questions are looked at here")

    def _opened(self, query: ViewQuery) -> asyncio.Task[Feed]:
        """The first look, which all pages share that ask this meanwhile."""
        if query not in self._opening:
            task = self._opening[query] = asyncio.create_task(self._open(query))
            # Nobody may be left to hear of it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return self._opening[query]

    async def _open(self, query: ViewQuery) -> Feed:
        feed = Feed(query, self._look)
        try:
            await feed.begin()
            self._feeds[query] = feed
        finally:
            del self._opening[query]
        task = asyncio.create_task(feed.run())
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(query, feed, done))
        return feed

    def unsubscribe(self, query: ViewQuery, subscriber: Subscriber) -> None:
        """The page is gone; when nobody is left, the feed ends with its next turn."""
        feed = self._feeds.get(query)
        if feed is not None:
            feed.subscribers.discard(subscriber)

    def _ended(self, query: ViewQuery, feed: Feed, task: asyncio.Task[None]) -> None:
        """A feed that failed says goodbye, so that its pages ask again."""
        self._tasks.discard(task)
        if self._feeds.get(query) is feed:
            del self._feeds[query]
        if task.cancelled():
            return
        if error := task.exception():
            _log.error("a live view failed", exc_info=error)
            feed.end("the view failed; the worker's log says why")

    async def close(self) -> None:
        """Say goodbye to all pages."""
        self._is_closing = True
        for feed in self._feeds.values():
            feed.end(_STOPS)
        tasks = [*self._tasks, *self._opening.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _event(name: str, number: int, data: object) -> bytes:
    # JSON has no line breaks, so it is one line of data.
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), _encode(data))


def _busy(detail: str) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "30"})
