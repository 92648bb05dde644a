"""A fake worker: it serves the page and speaks the contract, and tells what a test wants told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar

from aiohttp import hdrs, web

from kpistream.core.alerting.telling.matchers import Matchers, parse_matchers
from kpistream.edges.web.alerts import AcknowledgeBody
from kpistream.edges.web.assets import Assets
from kpistream.edges.web.body import Body, read_body
from kpistream.edges.web.guard import Guard
from kpistream.edges.web.problem import Problem, problems_as_json
from kpistream.edges.web.silences import EndBody, SilenceBody
from kpistream.edges.web.site import page_policy
from tests.browser import shop

T = TypeVar("T")
B = TypeVar("B", bound=Body)

_PATIENCE_S: Final = 60.0

Frame = dict[str, Any]

SILENCE: Final = "5f0c2ab94d7e4a10"
"""The id of every silence that is made."""


class FakeWorker:
    """A worker whose picture is a test's, in a thread of its own.

    ``kpis`` is its catalogue, ``overrides`` replace parts of each frame. ``asked`` are the queries
    of all streams so far; ``unready`` and ``refuses`` say why it answers none. ``said`` is what
    people have said so far, which changes nothing in the picture: that is for the test to tell.
    ``write_token`` is what it takes, ``problem`` what is answered instead, and while ``answering``
    is not set, nothing is.
    """

    def __init__(self) -> None:
        self.overrides: dict[str, Any] = {}
        self.kpis = shop.kpis()
        self.token: str | None = None
        self.write_token: str | None = None
        self.problem: tuple[HTTPStatus, str] | None = None
        self.said: list[tuple[str, Body]] = []
        self.said_with: list[str | None] = []
        self.matchers: list[Matchers] = []
        self.silences: list[dict[str, Any]] = []
        self.answering = threading.Event()
        self.answering.set()
        self.unready: str | None = None
        self.refuses: str | None = None
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.authorisations: list[str | None] = []
        self.port = 0
        self._number = 0
        self._streams: dict[web.StreamResponse, asyncio.Event] = {}
        self._runner: web.AppRunner | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()

    @property
    def url(self) -> str:
        """The page."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def streams(self) -> int:
        """How many pages follow it now."""
        return len(self._streams)

    # -- what tests do to it -----------------------------------------------------------------------

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._do(self._start())

    def stop(self) -> None:
        """Go away in the middle of everything."""
        self._do(self._stop())

    def patch(self, **parts: Any) -> None:
        """Tell all pages that these parts have changed."""
        for name, part in parts.items():
            is_tiles = name == "tiles" and "tiles" in self.overrides
            self.overrides[name] = {**self.overrides["tiles"], **part} if is_tiles else part
        self.tell("patch", parts)

    def tell(self, name: str, document: object) -> None:
        """Send an event to all pages."""
        self._do(self._tell(self._event(name, document)))

    def bye(self) -> None:
        """Say goodbye to all pages."""
        self._do(self._bye())

    def wait_until_asked(self, **named: str) -> None:
        """Wait until the last query has these: a page may show what it has yet to ask for."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while not named.items() <= self.asked[-1].items():
            assert time.monotonic() < deadline_s, self.asked
            time.sleep(0.02)

    # -- what it does ------------------------------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    async def _start(self) -> None:
        app = web.Application(middlewares=[problems_as_json])
        app.add_routes(Assets().routes())
        app.add_routes(
            [web.get("/api/v1/kpis", self._kpis), web.get("/api/v1/live", self._live)],
        )
        app.add_routes(
            [
                web.post("/api/v1/alerts/{fingerprint}/acknowledge", self._acknowledge),
                web.get("/api/v1/silences", self._silences),
                web.post("/api/v1/silences", self._silence),
                web.delete("/api/v1/silences/{id}", self._end),
            ]
        )
        app.on_response_prepare.append(self._note)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        for over in self._streams.values():
            over.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _note(self, request: web.Request, response: web.StreamResponse) -> None:
        self.paths.append(request.path)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Content-Security-Policy"] = page_policy(())
        response.headers["Referrer-Policy"] = "no-referrer"

    def _check(self, request: web.Request) -> None:
        given = request.headers.get(hdrs.AUTHORIZATION)
        self.authorisations.append(given)
        if self.token is not None and given != f"Bearer {self.token}":
            raise Problem(HTTPStatus.UNAUTHORIZED, "needs a read token")

    async def _kpis(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response(self.kpis)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        query = dict(request.query)
        if self.unready:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {self.unready}")
        if self.refuses or not shop.is_known(query):
            raise Problem(HTTPStatus.BAD_REQUEST, self.refuses or f"unknown query {query}")
        self.asked.append(query)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        frame = self.frame(query)
        await stream.write(b": hello\n\n" + self._event("frame", frame))
        over = self._streams[stream] = asyncio.Event()
        try:
            await over.wait()
        finally:
            del self._streams[stream]
        return stream

    async def _acknowledge(self, request: web.Request) -> web.Response:
        said = await self._hear(request, AcknowledgeBody)
        return _accepted({"author": said.author, "comment": said.comment})

    async def _silences(self, request: web.Request) -> web.Response:
        self._check(request)
        self._fail()
        return web.json_response({"silences": self.silences})

    async def _silence(self, request: web.Request) -> web.Response:
        said = await self._hear(request, SilenceBody)
        self.matchers.append(parse_matchers(said.matchers))
        return _accepted({"id": SILENCE, "ends_at": shop.moment(shop.NOW)})

    async def _end(self, request: web.Request) -> web.Response:
        await self._hear(request, EndBody)
        return _accepted({"id": request.match_info["id"], "ended_at": shop.moment(shop.NOW)})

    async def _hear(self, request: web.Request, shape: type[B]) -> B:
        """What somebody who may says; behind the guard that real workers have."""
        self.said_with.append(request.headers.get(hdrs.AUTHORIZATION))
        Guard("127.0.0.1", _known(self.token), _known(self.write_token)).check(request, "write")
        said = await read_body(request, shape)
        await asyncio.to_thread(self.answering.wait, _PATIENCE_S)
        self._fail()
        self.said.append((f"{request.method} {request.path}", said))
        return said

    def _fail(self) -> None:
        if self.problem is not None:
            raise Problem(*self.problem)

    def frame(self, query: dict[str, str]) -> Frame:
        """What a new page is told first."""
        frame = shop.frame(query)
        tiles = {**frame["tiles"], **self.overrides.get("tiles", {})}
        return {**frame, **self.overrides, "tiles": tiles}

    def _event(self, name: str, document: object) -> bytes:
        self._number += 1
        return f"id: {self._number}\nevent: {name}\ndata: {json.dumps(document)}\n\n".encode()

    async def _tell(self, message: bytes) -> None:
        for stream, over in list(self._streams.items()):
            try:
                await stream.write(message)
            except ConnectionError:
                over.set()

    async def _bye(self) -> None:
        await self._tell(self._event("bye", {"reason": "the worker stops"}))
        for over in list(self._streams.values()):
            over.set()


def _known(token: str | None) -> tuple[str, ...]:
    return () if token is None else (token,)


def _accepted(document: dict[str, Any]) -> web.Response:
    return web.json_response(document, status=HTTPStatus.ACCEPTED)
