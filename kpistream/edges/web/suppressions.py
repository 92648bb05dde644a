"""Suppressions: what keeps people from being told of alerts, known to the notifier alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from aiohttp import web
from multidict import MultiMapping

from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.core.instants import rfc3339
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.cluster import Cluster, PeerAway
from kpistream.edges.web.desk import Desk
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.notifying_worker import NotifyingWorker
from kpistream.edges.web.operation import API, SCOPE, Operation, Parameter, Route
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import refuse_unknown

MOST_AT_ONCE: Final = 1_000
"""About so many alerts can be asked at once."""

ALERTS_A_TURN: Final = 100
"""So many alerts are looked at before something else may run."""

_PRINT: Final = re.compile("[0-9a-f]{16}")

FINGERPRINT: Final = Parameter(
    "fingerprint",
    "Of the alert with this fingerprint.",
    {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    many=True,
    most=MOST_AT_ONCE,
)

SUPPRESSIONS: Final = Operation(
    "GET",
    f"{API}suppressions",
    "suppressions",
    "What keeps people from being told of some alerts, by fingerprint; of those that are known.",
    (FINGERPRINT, SCOPE),
    answer=dict[str, published.Suppression],
    problems=(400, 503),
)


class SuppressionsRoutes:
    """Answers with what the notifier knows."""

    def __init__(self, notifying: NotifyingWorker) -> None:
        self._notifying = notifying

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(SUPPRESSIONS, self.suppressions)]

    async def suppressions(self, request: web.Request) -> web.Response:
        """By fingerprint, those of the alerts that the notifier knows."""
        refuse_unknown(request.query, ("fingerprint", "scope"))
        asked = fingerprints_in(request.query)
        own = lambda desk: _known(desk, asked)  # noqa: E731 - what is said of them, once
        return json_answer(await self._notifying.answer("suppressions", request.query, own))


def is_fingerprint(text: str) -> bool:
    """Whether an alert can have it."""
    return _PRINT.fullmatch(text) is not None


def fingerprints_in(params: MultiMapping[str]) -> list[str]:
    """Those that are asked for; raises Problem 400 for what is none, and for too many."""
    asked = params.getall("fingerprint", [])
    if len(asked) > MOST_AT_ONCE:
        detail = f"{len(asked)} fingerprints; {MOST_AT_ONCE:,} are the most"
        raise Problem(HTTPStatus.BAD_REQUEST, detail)
    for one in asked:
        if not is_fingerprint(one):
            raise Problem(HTTPStatus.BAD_REQUEST, f"{one[:40]!r} is no fingerprint of an alert")
    return asked


async def with_suppressions(
    alerts: list[dict[str, Any]], knowledge: Knowledge, cluster: Cluster
) -> list[dict[str, Any]]:
    """Published alerts with what keeps people from being told of them, where it was not known.

    It is None where the notifier knows nothing of an alert, or cannot be asked.
    """
    notifying = NotifyingWorker(knowledge, cluster)
    unknown = [one["fingerprint"] for one in alerts if one.get("suppression") is None]
    found: dict[str, Any] = {}
    if notifying.desk is not None:
        found = await _known_by_turns(notifying.desk, unknown)
    elif unknown and notifying.url is not None:
        found = await _asked(notifying, unknown)
    return [
        {**one, "suppression": one.get("suppression") or found.get(one["fingerprint"])}
        for one in alerts
    ]


async def _known_by_turns(desk: Desk, fingerprints: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for some in _portions(fingerprints, ALERTS_A_TURN):
        found |= _known(desk, some)
        await asyncio.sleep(0)
    return found


async def _asked(notifying: NotifyingWorker, fingerprints: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for some in _portions(fingerprints, MOST_AT_ONCE):
        try:
            answer = await notifying.ask("suppressions", [("fingerprint", one) for one in some])
        except PeerAway:
            return found
        found |= {one: answer[one] for one in some if one in answer}
    return found


def _known(desk: Desk, fingerprints: Iterable[str]) -> dict[str, Any]:
    pairs = ((one, desk.suppression_of(one)) for one in fingerprints)
    return {one: suppression_document(known) for one, known in pairs if known is not None}


def _portions(all_of_them: Sequence[str], size: int) -> Iterable[list[str]]:
    rest = iter(all_of_them)
    while portion := list(islice(rest, size)):
        yield portion


def suppression_document(found: Suppression) -> Mapping[str, Any]:
    """What keeps people from being told, as it is published."""
    said = found.acknowledged
    return {
        "silenced_by": list(found.silenced_by),
        "inhibited_by": list(found.inhibited_by),
        "acknowledged": None if said is None else acknowledgement_document(said),
        "muted_receivers": list(found.muted),
    }


def acknowledgement_document(said: Acknowledgement) -> Mapping[str, Any]:
    """Who looks after an alert, as it is published."""
    return {
        "fingerprint": said.fingerprint,
        "since": rfc3339(said.since),
        "author": said.author,
        "comment": said.comment,
        "at": rfc3339(said.at),
    }
