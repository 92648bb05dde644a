"""Health: how the workers do, and whether this one is alive and ready."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from kpistream import __version__
from kpistream.core.instants import rfc3339
from kpistream.core.slices import set_name
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.gathering import Gathering, Parts
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.operation import API, SCOPE, Operation, Route
from kpistream.edges.web.query import is_alone, refuse_unknown

HEALTH: Final = Operation(
    "GET",
    f"{API}health",
    "health",
    "How each worker does, and what it owns.",
    (SCOPE,),
    answer=published.Health,
)
HEALTHZ: Final = Operation(
    "GET",
    "/healthz",
    "healthz",
    "Whether the process answers.",
    answer=published.Alive,
    problems=(),
    access="open",
)
READYZ: Final = Operation(
    "GET",
    "/readyz",
    "readyz",
    "Whether the worker owns its partitions, has recovered, and the broker answers it.",
    answer=published.Ready,
    problems=(),
    access="open",
    also={503: published.Ready},
)


class HealthRoutes:
    """Answers with how this worker does, and the others; the wall clock is passed in by tests."""

    def __init__(
        self, knowledge: Knowledge, gathering: Gathering, clock_s: Callable[[], float] = time.time
    ) -> None:
        self._knowledge = knowledge
        self._gathering = gathering
        self._clock_s = clock_s

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(HEALTH, self.health), (HEALTHZ, self.healthz), (READYZ, self.readyz)]

    async def health(self, request: web.Request) -> web.Response:
        """All workers, in the order of their addresses."""
        refuse_unknown(request.query, ("scope",))
        others = Parts((), ())
        if not is_alone(request.query):
            others = await self._gathering.others("health")
        workers = [self._own(), *others.all("workers")]
        is_ok = all(worker["ready"] for worker in workers) and not others.missing
        document = {
            "status": "ok" if is_ok else "degraded",
            "workers": sorted(workers, key=lambda worker: worker["url"]),
            "missing": others.missing,
        }
        return json_answer(document)

    async def healthz(self, request: web.Request) -> web.Response:
        """Whether the process answers at all."""
        return json_answer({"status": "alive"})

    async def readyz(self, request: web.Request) -> web.Response:
        """Whether the worker has recovered, and its answers are whole and up to date."""
        readiness = self._knowledge.readiness
        status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
        word = "ready" if readiness.ready else "not ready"
        return json_answer({"status": word, "reasons": list(readiness.reasons)}, status)

    def _own(self) -> dict[str, Any]:
        knowledge = self._knowledge
        readiness, telemetry, desk = knowledge.readiness, knowledge.telemetry, knowledge.desk
        as_of = knowledge.board.as_of
        oldest = min(telemetry.watermarks.values(), default=None)
        return {
            "url": knowledge.url,
            "version": __version__,
            "ready": readiness.ready,
            "reasons": list(readiness.reasons),
            "partitions": list(knowledge.partitions),
            "as_of": rfc3339(as_of) if as_of else None,
            "lag_records": sum(telemetry.lags.values()),
            "watermark_age_s": None if oldest is None else max(0.0, self._clock_s() - oldest),
            "silent_topics": list(knowledge.silent_topics),
            "slices": list(map(set_name, knowledge.sets)),
            "is_notifier": desk is not None and desk.is_owner,
        }
