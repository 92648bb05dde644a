"""Objectives: how far each is, by the worker that owns its slice."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.gathering import Gathering
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.operation import API, SCOPE, Operation, Route
from kpistream.edges.web.query import refuse_unknown

OBJECTIVES: Final = Operation(
    "GET",
    f"{API}objectives",
    "objectives",
    "The objectives, and how far each is.",
    (SCOPE,),
    answer=published.Objectives,
    problems=(400, 503),
)


class ObjectivesRoutes:
    """Answers with the objectives of all workers."""

    def __init__(self, knowledge: Knowledge, gathering: Gathering) -> None:
        self._knowledge = knowledge
        self._gathering = gathering
        declared = knowledge.plan.catalogue.objectives
        self._places = {objective.id: place for place, objective in enumerate(declared)}

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(OBJECTIVES, self.objectives)]

    async def objectives(self, request: web.Request) -> web.Response:
        """All of them, in the order of the catalogue."""
        refuse_unknown(request.query, ("scope",))
        parts = await self._gathering.parts("objectives", request.query)
        own = [progress.to_dict() for progress in self._knowledge.objectives]
        by_id = {one["id"]: one for one in (*parts.all("objectives"), *own)}
        document = {
            "as_of": parts.as_of(self._knowledge.board.as_of),
            "objectives": sorted(by_id.values(), key=self._place),
            "missing": parts.missing,
        }
        return json_answer(document)

    def _place(self, objective: dict[str, Any]) -> int:
        return self._places.get(objective["id"], len(self._places))
