"""History: the changes of alerts that people were told of, from the log that all workers share."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web
from multidict import MultiMapping

from kpistream.core.instants import rfc3339
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_bytes
from kpistream.edges.web.aside import Aside
from kpistream.edges.web.changes import Changes
from kpistream.edges.web.desk import BrokerAway
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.moments import moment
from kpistream.edges.web.operation import API, Operation, Parameter, Route
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import limit_in, only, refuse_unknown

USUAL_SPAN_S: Final = 86_400.0
USUAL_TRANSITIONS: Final = 1_000
MOST_TRANSITIONS: Final = 10_000

_MOMENT: Final = {"type": "string", "format": "date-time"}

HISTORY: Final = Operation(
    "GET",
    f"{API}alerts/history",
    "history",
    "Every change of an alert to firing or resolved between two moments, from the log of alerts.",
    (
        Parameter("from", "Since this moment; a day before `to` unless given.", _MOMENT),
        Parameter("to", "Until this moment; now unless given.", _MOMENT),
        Parameter(
            "limit",
            "So many at most.",
            {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_TRANSITIONS,
                "default": USUAL_TRANSITIONS,
            },
        ),
    ),
    answer=published.Transitions,
    problems=(400, 503),
)


class HistoryRoutes:
    """Answers from the log of alerts; the wall clock (epoch seconds) is passed in by tests.

    Answers are made in another thread, so that a long one does not hold up the pipeline.
    """

    def __init__(
        self, knowledge: Knowledge, aside: Aside, clock_s: Callable[[], float] = time.time
    ) -> None:
        self._knowledge = knowledge
        self._aside = aside
        self._clock_s = clock_s

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(HISTORY, self.history)]

    async def history(self, request: web.Request) -> web.Response:
        """The changes, the oldest first."""
        refuse_unknown(request.query, ("from", "to", "limit"))
        most = limit_in(request.query, MOST_TRANSITIONS, USUAL_TRANSITIONS)
        from_s, to_s = self._span(request.query)
        try:
            found = await self._knowledge.alert_log(round(from_s * 1000), round(to_s * 1000), most)
        except BrokerAway as away:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(away)) from away
        return json_bytes(await self._aside(partial(_encode, found)))

    def _span(self, params: MultiMapping[str]) -> tuple[float, float]:
        begin, end = only(params, "from"), only(params, "to")
        try:
            to_s = self._clock_s() if end is None else moment("to", end)
            from_s = to_s - USUAL_SPAN_S if begin is None else moment("from", begin)
        except ValueError as error:
            raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None
        if to_s < from_s:
            raise Problem(HTTPStatus.BAD_REQUEST, "a span ends after it starts")
        return from_s, to_s


def _encode(found: Changes) -> bytes:
    since = None if found.since_ms is None else rfc3339(found.since_ms / 1000)
    transitions = [alert.to_dict() for alert in found.alerts]
    answer = {"transitions": transitions, "truncated": found.is_truncated, "since": since}
    return msgspec.json.encode(answer)
