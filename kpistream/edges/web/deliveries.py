"""Deliveries: what was told to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from kpistream.core.alerting.telling.dispatches import NEVER, Delivery
from kpistream.core.instants import rfc3339
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.desk import Desk
from kpistream.edges.web.notifying_worker import NotifyingWorker
from kpistream.edges.web.operation import API, SCOPE, Operation, Parameter, Route
from kpistream.edges.web.query import limit_in, refuse_unknown

MOST_DELIVERIES: Final = 1_000
USUAL_DELIVERIES: Final = 100

DELIVERIES: Final = Operation(
    "GET",
    f"{API}deliveries",
    "deliveries",
    "The newest message of each receiver and group.",
    (
        Parameter(
            "limit",
            "So many at most.",
            {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_DELIVERIES,
                "default": USUAL_DELIVERIES,
            },
        ),
        SCOPE,
    ),
    answer=published.Deliveries,
    problems=(400, 503),
)


class DeliveriesRoutes:
    """Answers with the notifier's deliveries."""

    def __init__(self, notifying: NotifyingWorker) -> None:
        self._notifying = notifying

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(DELIVERIES, self.deliveries)]

    async def deliveries(self, request: web.Request) -> web.Response:
        """The newest message of each receiver and group, the newest first."""
        refuse_unknown(request.query, ("limit", "scope"))
        most = limit_in(request.query, MOST_DELIVERIES, USUAL_DELIVERIES)

        def own(desk: Desk) -> Mapping[str, Any]:
            return {"deliveries": [_published(delivery) for delivery in desk.deliveries(most)]}

        return json_answer(await self._notifying.answer("deliveries", request.query, own))


def _published(delivery: Delivery) -> dict[str, Any]:
    return {
        "receiver": delivery.receiver,
        "group": dict(delivery.group),
        "message_id": delivery.message_id,
        "alerts": [
            {"fingerprint": print_, "state": state.value, "changed_at": rfc3339(changed_at)}
            for print_, state, changed_at in delivery.told
        ],
        "truncated": delivery.truncated,
        "reason": delivery.reason,
        "outcome": delivery.outcome,
        "tries": delivery.tries,
        "status": delivery.status,
        "problem": delivery.problem,
        "first_try_at": rfc3339(delivery.first_try_at),
        "last_try_at": rfc3339(delivery.last_try_at),
        "retry_at": None if delivery.retry_at == NEVER else rfc3339(delivery.retry_at),
    }
