"""Series: the course of KPIs over time, told by the worker that owns the slice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from kpistream.core.instants import rfc3339
from kpistream.core.monitoring.series import Series
from kpistream.core.slices import set_of
from kpistream.core.windows.steps import step_name
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.gathering import Gathering
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.operation import API, MEMBERS, SCOPE, Operation, Parameter, Route
from kpistream.edges.web.series_query import MOST_KPIS, SeriesQuery

_MOMENT: Final = {"type": "string", "format": "date-time"}

SERIES: Final = Operation(
    "GET",
    f"{API}series",
    "series",
    "The course of KPIs over time, each step on its own, exact from what is kept.",
    (
        Parameter("kpi", "Of this KPI.", words="kpis", many=True, most=MOST_KPIS, required=True),
        Parameter(
            "window", "Over this window so far; `24h` unless `from` is given.", words="windows"
        ),
        Parameter("from", "Since this moment, instead of a window.", _MOMENT),
        Parameter("to", "Until this moment; now unless given.", _MOMENT),
        Parameter(
            "step",
            "How long each step is: a multiple of ten seconds, or beyond a day of days; at most "
            "1,000 steps. One that suits the span unless given.",
            {"type": "string", "pattern": "^[1-9][0-9]{0,5}[smhd]$"},
        ),
        MEMBERS,
        SCOPE,
    ),
    answer=published.Series,
    problems=(400, 503),
)


class SeriesRoutes:
    """Answers with the courses of a slice, or with what its owner answers."""

    def __init__(
        self,
        knowledge: Knowledge,
        gathering: Gathering,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        """``clock_s`` (epoch seconds) is read while nothing is known of the time of events."""
        self._knowledge = knowledge
        self._gathering = gathering
        self._clock_s = clock_s

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(SERIES, self.series)]

    async def series(self, request: web.Request) -> web.Response:
        """The courses that are asked for."""
        knowledge = self._knowledge
        query = SeriesQuery.parse(request.query, knowledge.plan)
        as_of = knowledge.board.as_of
        step_s, edges = query.edges(as_of or self._clock_s(), knowledge.plan)
        courses = knowledge.series(query.kpis, query.part, edges)
        if courses is None:
            parts = await self._gathering.parts("series", request.query, [set_of(query.part)])
            told = next((answer for answer in parts.answers if answer["series"]), None)
            if told is not None:
                return json_answer({**told, "missing": parts.missing})
            missing = parts.missing
        else:
            missing = self._gathering.own()
        document = {
            "as_of": rfc3339(as_of) if as_of else None,
            "step": step_name(step_s),
            "edges": list(map(rfc3339, edges)),
            "series": [_published(course) for course in courses or ()],
            "missing": missing,
        }
        return json_answer(document)


def _published(course: Series) -> dict[str, Any]:
    """A course as one of several: they share their edges, and their kind goes without saying."""
    document = course.to_dict()
    del document["kind"], document["edges"]
    return document
