"""Alerts: what fires, on this worker and on the others, and who looks after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from multidict import MultiDict, MultiMapping

from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.body import Author, Body, Words, read_body
from kpistream.edges.web.cluster import Cluster
from kpistream.edges.web.gathering import Gathering, Parts
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.notifying_worker import NotifyingWorker
from kpistream.edges.web.operation import API, SCOPE, Operation, Parameter, Route
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import is_alone, refuse_unknown
from kpistream.edges.web.suppressions import (
    ALERTS_A_TURN,
    FINGERPRINT,
    acknowledgement_document,
    fingerprints_in,
    is_fingerprint,
    suppression_document,
    with_suppressions,
)

_IN_THE_PATH: Final = Parameter(
    "fingerprint", "Of the alert.", {"type": "string"}, required=True, place="path"
)

ALERTS: Final = Operation(
    "GET",
    f"{API}alerts",
    "alerts",
    "The alerts, each in its present state; those that ended stay for a day.",
    (FINGERPRINT, SCOPE),
    answer=published.Alerts,
    problems=(400, 503),
)
ALERT: Final = Operation(
    "GET",
    f"{API}alerts/{{fingerprint}}",
    "alert",
    "One alert.",
    (_IN_THE_PATH, SCOPE),
    answer=published.Alert,
    problems=(400, 404, 503),
)


class AcknowledgeBody(Body):
    """What who acknowledges says."""

    author: Author
    comment: Words = ""


ACKNOWLEDGE: Final = Operation(
    "POST",
    f"{API}alerts/{{fingerprint}}/acknowledge",
    "acknowledge",
    "Look after a firing alert: nobody is told of it again, but of its end.",
    (_IN_THE_PATH,),
    body=AcknowledgeBody,
    answer=published.Acknowledgement,
    status=HTTPStatus.ACCEPTED,
    problems=(400, 404, 409, 413, 415, 503),
    access="write",
)


NO_SUCH_ALERT: Final = "there is no such alert"


class AlertsRoutes:
    """Answers with the alerts of all workers, and takes acknowledgements of any of them.

    The wall clock (epoch seconds) is passed in by tests.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        cluster: Cluster,
        gathering: Gathering,
        notifying: NotifyingWorker,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._knowledge = knowledge
        self._cluster = cluster
        self._gathering = gathering
        self._notifying = notifying
        self._clock_s = clock_s

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [
            (ALERTS, self.alerts),
            (ALERT, self.alert),
            (ACKNOWLEDGE, self.acknowledge),
        ]

    async def alerts(self, request: web.Request) -> web.Response:
        """All of them, or those with the fingerprints that are asked for."""
        refuse_unknown(request.query, ("fingerprint", "scope"))
        fingerprints = frozenset(fingerprints_in(request.query))
        found, parts = await self._found(request.query, fingerprints)
        document = {
            "as_of": parts.as_of(self._knowledge.board.as_of),
            "alerts": found,
            "missing": parts.missing,
        }
        return json_answer(document)

    async def alert(self, request: web.Request) -> web.Response:
        """One alert, wherever it is."""
        refuse_unknown(request.query, ("scope",))
        return json_answer(await self._known(request))

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Somebody looks after an alert."""
        refuse_unknown(request.query, ())
        said = await read_body(request, AcknowledgeBody)
        alert = await self._known(request)
        if alert["state"] != "firing":
            detail = f"the alert is {alert['state']}; only a firing one is acknowledged"
            raise Problem(HTTPStatus.CONFLICT, detail)
        acknowledgement = Acknowledgement(
            fingerprint=alert["fingerprint"],
            since=datetime.fromisoformat(alert["changed_at"]).timestamp(),
            author=said.author,
            comment=said.comment,
            at=self._clock_s(),
        )
        await self._notifying.say(acknowledgement)
        return json_answer(acknowledgement_document(acknowledgement), HTTPStatus.ACCEPTED)

    async def _known(self, request: web.Request) -> Mapping[str, Any]:
        """The alert of the path; raises Problem 404, or 503 if somebody who may know is away."""
        wanted = request.match_info["fingerprint"]
        if not is_fingerprint(wanted):
            raise Problem(HTTPStatus.NOT_FOUND, NO_SUCH_ALERT)
        scope = [(name, value) for name, value in request.query.items() if name == SCOPE.name]
        params = MultiDict([("fingerprint", wanted), *scope])
        own, parts = await self._found(params, frozenset([wanted]), is_own_enough=True)
        if own:
            return own[0]
        if parts.missing:
            away = "; ".join(f"{one['worker']}: {one['reason']}" for one in parts.missing)
            detail = f"no such alert is known, and some may not be known at the moment: {away}"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        raise Problem(HTTPStatus.NOT_FOUND, NO_SUCH_ALERT)

    async def _found(
        self,
        params: MultiMapping[str],
        fingerprints: Collection[str],
        *,
        is_own_enough: bool = False,
    ) -> tuple[list[dict[str, Any]], Parts]:
        """The alerts with these fingerprints, all if there are none, of this worker and others."""
        found = await self._own(fingerprints)
        if is_own_enough and found:
            parts = Parts((), ())
        else:
            parts = await self._gathering.parts("alerts", params)
        by_fingerprint = {one["fingerprint"]: one for one in (*parts.all("alerts"), *found)}
        alerts = sorted(by_fingerprint.values(), key=_rank)
        if self._notifying.desk is not None or not is_alone(params):
            alerts = await with_suppressions(alerts, self._knowledge, self._cluster)
        return alerts, parts

    async def _own(self, fingerprints: Collection[str]) -> list[dict[str, Any]]:
        """This worker's; the pipeline gets its turns meanwhile."""
        desk = self._notifying.desk
        found: list[dict[str, Any]] = []
        for number, alert in enumerate(self._knowledge.alerts):
            if not fingerprints or alert.fingerprint in fingerprints:
                known = None if desk is None else desk.suppression(alert)
                shown = None if known is None else suppression_document(known)
                found.append({**alert.to_dict(), "suppression": shown})
            if number % ALERTS_A_TURN == 0:
                await asyncio.sleep(0)
        return found


def _rank(alert: Mapping[str, Any]) -> tuple[float, str]:
    """The newest change first."""
    changed_at = datetime.fromisoformat(alert["changed_at"]).timestamp()
    return -changed_at, alert["fingerprint"]
