"""The paths of the live view: one look, and a stream of what changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import web
from multidict import MultiDict, MultiMapping

from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.cluster import Cluster
from kpistream.edges.web.gathering import Gathering
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.live.feeds import Feeds
from kpistream.edges.web.live.joining import joined
from kpistream.edges.web.live.operations import LIVE, VIEW
from kpistream.edges.web.live.view_query import ViewQuery, dashboards_of
from kpistream.edges.web.live.viewer import View, Viewer
from kpistream.edges.web.operation import API, Route
from kpistream.edges.web.query import is_alone
from kpistream.edges.web.suppressions import with_suppressions

PATIENCE_S: Final = 30.0
"""A page that takes nothing for so long has its stream ended."""

_PATH: Final = VIEW.path.removeprefix(API)

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
        self._gathering = Gathering(knowledge, cluster)
        self._viewer = Viewer(knowledge)
        self._boards = dashboards_of(knowledge.plan.catalogue)
        self.feeds = Feeds(self._look)

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(VIEW, self.view), (LIVE, self.live)]

    async def view(self, request: web.Request) -> web.Response:
        """One look."""
        query = ViewQuery.parse(request.query, self._knowledge.plan)
        return json_answer(await self._joined(query, request.query))

    async def live(self, request: web.Request) -> web.StreamResponse:
        """One look, and from then on what changes, as server-sent events."""
        query = ViewQuery.parse(request.query, self._knowledge.plan)
        subscriber = await self.feeds.subscribe(query)
        try:
            response = web.StreamResponse(headers=_STREAM)
            await response.prepare(request)
            with suppress(ConnectionError, TimeoutError):
                while message := await subscriber.next():
                    async with asyncio.timeout(PATIENCE_S):
                        await response.write(message)
            return response
        finally:
            self.feeds.unsubscribe(query, subscriber)

    async def _look(self, query: ViewQuery) -> View:
        """What is known anywhere; raises Problem while nothing is."""
        return await self._joined(query, MultiDict(query.params()))

    async def _joined(self, query: ViewQuery, params: MultiMapping[str]) -> View:
        own = self._viewer.view(query)
        parts = await self._gathering.parts(_PATH, params)
        view = joined(own, parts, self._boards[query.board])
        if not is_alone(params):
            view["alerts"] = await with_suppressions(view["alerts"], self._knowledge, self._cluster)
        return view
