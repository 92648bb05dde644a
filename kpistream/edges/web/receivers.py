"""Receivers: who is told of what, without anything that opens their doors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.cluster import PeerAway
from kpistream.edges.web.notifying_worker import NotifyingWorker
from kpistream.edges.web.operation import API, SCOPE, Operation, Route
from kpistream.edges.web.peer import Missing
from kpistream.edges.web.query import is_alone, refuse_unknown

RECEIVERS: Final = Operation(
    "GET",
    f"{API}receivers",
    "receivers",
    "Who is told of what, and whether they said that they are gone for good.",
    (SCOPE,),
    answer=published.Receivers,
)


class ReceiversRoutes:
    """Answers with the receivers, which are all workers' alike; the notifier knows who is gone."""

    def __init__(self, receivers: Sequence[Mapping[str, Any]], notifying: NotifyingWorker) -> None:
        self._receivers = receivers
        self._notifying = notifying

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(RECEIVERS, self.receivers)]

    async def receivers(self, request: web.Request) -> web.Response:
        """All of them."""
        refuse_unknown(request.query, ("scope",))
        disabled, missing = await self._disabled(is_alone(request.query))
        known = [
            {**one, "disabled": None if disabled is None else one["name"] in disabled}
            for one in self._receivers
        ]
        return json_answer({"receivers": known, "missing": [one.to_dict() for one in missing]})

    async def _disabled(self, is_alone: bool) -> tuple[frozenset[str] | None, list[Missing]]:
        """Who is gone for good, None if it is not known; and who did not say so."""
        if self._notifying.desk is not None:
            return self._notifying.desk.disabled, []
        if is_alone or self._notifying.url is None:
            return None, []
        try:
            answer = await self._notifying.ask("receivers")
        except PeerAway as away:
            return None, [Missing(self._notifying.url, str(away))]
        told = answer.get("receivers", ())
        return frozenset(one["name"] for one in told if one.get("disabled")), []
