"""The feed: a page that a worker keeps up to date, followed over broken connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec

from kpistream.cli.failures import FAILED, WRONG, Failure
from kpistream.cli.terminal.cleaning import clean_text
from kpistream.cli.terminal.frame import Frame, patched
from kpistream.cli.terminal.query import Query
from kpistream.cli.terminal.sse import Event, EventReader, TooLarge

DELAYS_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""How long to wait before each next try; the last one from then on."""

SILENT_S: Final = 40.0
"""A worker says something every 15 s at least: after so long the connection is dead."""

CONNECT_S: Final = 10.0

MOST_OF_A_PROBLEM: Final = 64 * 1024

_STREAM: Final = "text/event-stream"
_LATER: Final = (429, 500, 502, 503, 504)


class Picture(NamedTuple):
    """A frame with all patches so far: as it was sent, and as it can be shown."""

    document: dict[str, Any]
    frame: Frame


class Away(NamedTuple):
    """Nothing comes at the moment, why, and when it is tried again."""

    reason: str
    again_in_s: float


class Refused(Failure):
    """The worker does not want to answer this query, and will not when asked again."""


class _Lost(Exception):
    """The connection is of no use any more; says why."""


class Feed:
    """Follows `/api/v1/live` of one worker.

    Redirects and proxies are not used: the token is for the worker alone.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        delays_s: tuple[float, ...] = DELAYS_S,
        silent_s: float = SILENT_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Accept": _STREAM}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._delays_s = delays_s
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_S, sock_read=silent_s
        )
        self._sleep = sleep

    async def follow(self, query: Query) -> AsyncGenerator[Picture | Away, None]:
        """Each new picture; whenever there is none, why. Never ends by itself; raises Refused."""
        tries = 0
        async with aiohttp.ClientSession(timeout=self._timeout) as session:
            while True:
                reason = ""
                try:
                    async with aclosing(self._pictures(session, query)) as pictures:
                        async for picture in pictures:
                            tries = 0
                            yield picture
                except _Lost as lost:
                    reason = str(lost)
                delay = self._delays_s[min(tries, len(self._delays_s) - 1)]
                tries += 1
                yield Away(reason, delay)
                await self._sleep(delay)

    async def _pictures(
        self, session: aiohttp.ClientSession, query: Query
    ) -> AsyncGenerator[Picture, None]:
        """The pictures of one connection; always ends with _Lost or Refused."""
        document: dict[str, Any] | None = None
        async with aclosing(self._events(session, query)) as events:
            async for event in events:
                if event.name == "bye":
                    raise _Lost(_farewell(event.data))
                if event.name == "frame":
                    document = _object(event.data)
                elif event.name == "patch" and document is not None:
                    document = _patched(document, _object(event.data))
                else:
                    continue
                yield Picture(document, _frame(document))

    async def _events(
        self, session: aiohttp.ClientSession, query: Query
    ) -> AsyncGenerator[Event, None]:
        reader = EventReader()
        try:
            async with session.get(
                f"{self.url}/api/v1/live",
                params=query.parameters,
                headers=self._headers,
                allow_redirects=False,
            ) as answer:
                await self._admit(answer)
                async for chunk in answer.content.iter_any():
                    for event in reader.feed(chunk):
                        yield event
        except TimeoutError:
            raise _Lost("the worker has gone silent") from None
        except TooLarge as error:
            raise _Lost(f"the worker sends {error}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _Lost(clean_text(str(error)) or type(error).__name__) from None
        raise _Lost("the worker has closed the connection")

    async def _admit(self, answer: aiohttp.ClientResponse) -> None:
        """Raises _Lost if it is worth another try, Refused if it is not."""
        if answer.status == 200 and answer.content_type == _STREAM:
            return
        detail = await _detail(answer)
        if answer.status in _LATER:
            raise _Lost(detail or f"the worker answers {answer.status}")
        if answer.status == 401:
            wanted = detail or "a token is needed"
            raise Refused(f"{wanted} (--token, KPISTREAM_API_TOKEN)", FAILED)
        if detail is None:
            status = answer.status
            what = "no worker of kpistream, or one that is older and has no live page"
            raise Refused(f"what answers at {self.url} is {what}: {status}", FAILED)
        raise Refused(detail, WRONG)


async def _detail(answer: aiohttp.ClientResponse) -> str | None:
    """What a problem says is wrong; None for an answer that is no problem of ours."""
    try:
        detail = json.loads(await answer.content.read(MOST_OF_A_PROBLEM))["detail"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return clean_text(detail) if isinstance(detail, str) else None


def _farewell(data: str) -> str:
    try:
        reason = _object(data).get("reason")
    except _Lost:
        reason = None
    return f"the worker says bye: {clean_text(str(reason))}" if reason else "the worker says bye"


def _object(data: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _Lost("what the worker sends is no JSON object")
    return found


def _patched(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    try:
        return patched(document, patch)
    except TypeError:
        raise _Lost("what the worker sends is no patch") from None


def _frame(document: dict[str, Any]) -> Frame:
    try:
        return Frame.of(document)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _Lost(f"what the worker sends is not as expected: {clean_text(str(error))}") from None
