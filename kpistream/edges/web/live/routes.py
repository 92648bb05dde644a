"""The paths of the live view: one look, and a stream of what changes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from multidict import MultiDict, MultiMapping

from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.cluster import SCOPE, Cluster
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.live.feeds import Feeds
from kpistream.edges.web.live.joining import joined
from kpistream.edges.web.live.view_query import ViewQuery, boards_of
from kpistream.edges.web.live.viewer import View, Viewer
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.suppressions import with_suppressions

VIEW: Final = "view"
"""The path of one look, below ``/api/v1/``."""

_STREAM: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    # A proxy that gathers what it passes on would hold back what is new.
    "X-Accel-Buffering": "no",
}


class LiveRoutes:
    """The handlers of these paths; what other workers own is asked of them."""

    def __init__(self, knowledge: Knowledge, cluster: Cluster) -> None:
        self._knowledge = knowledge
        self._cluster = cluster
        self._viewer = Viewer(knowledge)
        self._boards = boards_of(knowledge.plan.catalogue)
        self.feeds = Feeds(self._look)

    async def view(self, request: web.Request) -> web.Response:
        """One look."""
        query, is_own = self._asked(request.query)
        return json_answer(self._viewer.view(query) if is_own else await self._look(query))

    async def live(self, request: web.Request) -> web.StreamResponse:
        """One look, and from then on what changes, as server-sent events."""
        query, _ = self._asked(request.query)
        subscriber = await self.feeds.subscribe(query)
        try:
            response = web.StreamResponse(headers=_STREAM)
            await response.prepare(request)
            while message := await subscriber.next():
                await response.write(message)
            return response
        finally:
            self.feeds.unsubscribe(query, subscriber)

    async def _look(self, query: ViewQuery) -> View:
        """What is known anywhere; raises Problem while nothing is."""
        own = self._viewer.view(query)
        gathered = await self._cluster.gather(VIEW, query.params())
        if not gathered.answers:
            self._need_something()
        view = joined(own, gathered.answers, gathered.missing, self._boards[query.board])
        await with_suppressions(view["alerts"], self._knowledge, self._cluster)
        return view

    def _need_something(self) -> None:
        readiness = self._knowledge.readiness
        if not readiness.ready and not self._knowledge.board.as_of:
            detail = f"the worker is not ready: {', '.join(readiness.reasons)}"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "2"})

    def _asked(self, params: MultiMapping[str]) -> tuple[ViewQuery, bool]:
        """The question, and whether it is to this worker alone."""
        name, own = SCOPE
        others: MultiDict[Any] = MultiDict((k, v) for k, v in params.items() if k != name)
        scope = params.getall(name, [])
        if scope not in ([], [own]):
            allowed = [own]
            raise Problem(HTTPStatus.BAD_REQUEST, f"unknown {name}; allowed: {own}", allowed)
        return ViewQuery.parse(others, self._knowledge.plan), bool(scope)
