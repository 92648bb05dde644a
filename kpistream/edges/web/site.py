"""The site of a worker: what is at which path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import hdrs, web

from kpistream.core.alerting.alerts import Alert
from kpistream.core.instants import rfc3339
from kpistream.core.progress import Progress
from kpistream.core.readings import Board, Reading
from kpistream.core.slices import Slice
from kpistream.edges.metrics import Exposition
from kpistream.edges.web.answers import json_answer, json_bytes
from kpistream.edges.web.body import MOST_BYTES
from kpistream.edges.web.desk import Desk
from kpistream.edges.web.guard import Guard
from kpistream.edges.web.index import INDEX
from kpistream.edges.web.notifications import Notifications
from kpistream.edges.web.problem import Problem, problems_as_json
from kpistream.edges.web.query import ReadingsQuery, refuse_unknown
from kpistream.edges.web.readiness import Readiness
from kpistream.edges.web.vocabulary import Vocabulary

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "kpistream",
    "X-Content-Type-Options": "nosniff",
}

T = TypeVar("T")

Found = tuple[Sequence[Reading], bool]
"""Readings, and whether they are not all since there are too many slices."""

Read = Callable[[str, str, bool, Callable[[Slice], bool]], Found]
"""The readings of a KPI over a window, or if true the one before it, of the slices wanted."""


class Site:
    """The handlers of a worker's paths; what they show comes from the callables given.

    ``board``, ``alerts`` and ``objectives`` return immutable snapshots: large answers are made in
    another thread, one at a time, so that neither a scrape nor a large query holds up the pipeline.
    ``read`` makes the readings of a KPI over a window that are not on the board; it is called in
    the event loop, since it looks into what the pipeline changes, and reads but so many slices.
    """

    def __init__(
        self,
        *,
        board: Callable[[], Board],
        alerts: Callable[[], Sequence[Alert]],
        ready: Callable[[], Readiness],
        exposition: Exposition,
        vocabulary: Vocabulary,
        objectives: Callable[[], Sequence[Progress]] = lambda: (),
        read: Read | None = None,
        desk: Callable[[], Desk | None] = lambda: None,
        receivers: Sequence[Mapping[str, Any]] = (),
        guard: Guard | None = None,
    ) -> None:
        self._notifications = Notifications(desk, receivers, alerts, guard or Guard())
        self._board = board
        self._alerts = alerts
        self._ready = ready
        self._exposition = exposition
        self._vocabulary = vocabulary
        self._objectives = objectives
        self._read = read
        self._one_at_a_time = asyncio.Lock()

    def app(self) -> web.Application:
        """An application with all paths, ready to be served."""
        app = web.Application(middlewares=[problems_as_json], client_max_size=MOST_BYTES)
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.get("/", self.index),
                web.get("/metrics", self.metrics),
                web.get("/healthz", self.healthz),
                web.get("/readyz", self.readyz),
                web.get("/api/v1/readings", self.readings),
                web.get("/api/v1/alerts", self.alerts),
                web.get("/api/v1/objectives", self.objectives),
                *self._notifications.routes(),
            ]
        )
        return app

    async def index(self, request: web.Request) -> web.Response:
        """Links to the other paths."""
        return web.Response(text=INDEX, content_type="text/html")

    async def metrics(self, request: web.Request) -> web.Response:
        """The metrics page, in the format and encoding that the scraper accepts."""
        accept = ",".join(request.headers.getall(hdrs.ACCEPT, []))
        encodings = ",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, []))
        page = await self._aside(lambda: self._exposition.page(accept, encodings))
        return web.Response(body=page.body, headers=page.headers)

    async def healthz(self, request: web.Request) -> web.Response:
        """The process is alive: it answers."""
        return json_answer({"status": "alive"})

    async def readyz(self, request: web.Request) -> web.Response:
        """200 when the worker has recovered and owns its partitions, else 503 with reasons."""
        readiness = self._ready()
        if readiness.ready:
            return json_answer({"status": "ready", "reasons": []})
        unready = {"status": "not ready", "reasons": readiness.reasons}
        return json_answer(unready, HTTPStatus.SERVICE_UNAVAILABLE)

    async def readings(self, request: web.Request) -> web.Response:
        """The readings that the query asks for: of this worker's board, or else made for it."""
        query = ReadingsQuery.parse(request.query, self._vocabulary)
        board = self._known_board()
        found, is_truncated = await self._find(query, board)
        notes = {"before": query.before, "truncated": is_truncated}
        return json_bytes(await self._aside(lambda: _encode_readings(board, found, notes)))

    async def _find(self, query: ReadingsQuery, board: Board) -> Found:
        if query.before:
            return self._make(query)
        found = await self._aside(lambda: tuple(query.find(board)))
        if found or query.kpi_and_window is None:
            return found, False
        return self._make(await self._aside(lambda: query.beyond(board)))

    def _make(self, query: ReadingsQuery) -> Found:
        """Readings of one KPI over one window, unless no slice can be as it was asked for."""
        if self._read is None or query.kpi_and_window is None or not query.sets:
            return (), False
        return self._read(*query.kpi_and_window, query.before, query.wants)

    async def alerts(self, request: web.Request) -> web.Response:
        """The alerts of this worker, each in its present state."""
        refuse_unknown(request.query, ())
        alerts = await self._notifications.published_all(self._alerts())
        return json_answer({"as_of": _as_of(self._known_board()), "alerts": alerts})

    async def objectives(self, request: web.Request) -> web.Response:
        """The objectives whose slice this worker owns, each with how far it is."""
        refuse_unknown(request.query, ())
        objectives = [progress.to_dict() for progress in self._objectives()]
        return json_answer({"as_of": _as_of(self._known_board()), "objectives": objectives})

    def _known_board(self) -> Board:
        """The board; a :class:`Problem` before the first one of a worker that is not ready."""
        board, readiness = self._board(), self._ready()
        if not board.as_of and not readiness.ready:
            detail = f"the worker is not ready: {', '.join(readiness.reasons)}"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        return board

    async def _aside(self, work: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            return await asyncio.to_thread(work)


def _encode_readings(board: Board, found: Sequence[Reading], notes: Mapping[str, bool]) -> bytes:
    """The answer, with those notes on it that are true."""
    noted = {name: True for name, is_so in notes.items() if is_so}
    readings = [_published(reading) for reading in found]
    return msgspec.json.encode({"as_of": _as_of(board), **noted, "readings": readings})


def _as_of(board: Board) -> str | None:
    """When the readings hold; None for a board of a worker that has had nothing to read."""
    return rfc3339(board.as_of) if board.as_of else None


def _published(reading: Reading) -> dict[str, Any]:
    """A reading as one of many: its kind goes without saying, its currency never does."""
    document = reading.to_dict() | {"currency": reading.currency}
    del document["kind"]
    return document


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
