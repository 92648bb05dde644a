"""The site of a worker: all that can be asked of it, and who may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from aiohttp import hdrs, web

from kpistream.edges.metrics import Exposition
from kpistream.edges.web.alerts import AlertsRoutes
from kpistream.edges.web.aside import Aside
from kpistream.edges.web.body import MOST_BYTES
from kpistream.edges.web.cluster import Cluster
from kpistream.edges.web.deliveries import DeliveriesRoutes
from kpistream.edges.web.document import OpenApiRoutes
from kpistream.edges.web.gathering import Gathering
from kpistream.edges.web.guard import Guard
from kpistream.edges.web.health import HealthRoutes
from kpistream.edges.web.history import HistoryRoutes
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.kpis import KpisRoutes
from kpistream.edges.web.metrics import MetricsRoutes
from kpistream.edges.web.notifying_worker import NotifyingWorker
from kpistream.edges.web.objectives import ObjectivesRoutes
from kpistream.edges.web.operation import Handler, Operation, Route
from kpistream.edges.web.problem import problems_as_json
from kpistream.edges.web.readings import ReadingsRoutes
from kpistream.edges.web.receivers import ReceiversRoutes
from kpistream.edges.web.series import SeriesRoutes
from kpistream.edges.web.silences import SilencesRoutes
from kpistream.edges.web.slices import SlicesRoutes
from kpistream.edges.web.suppressions import SuppressionsRoutes
from kpistream.edges.web.vocabulary import Vocabulary

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_PAGE: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
)


class Site:
    """Everything at its path, behind the guard.

    ``routes`` are further operations, ``pages`` the files of the page, which are open to everybody;
    ``frame_ancestors`` are the origins whose pages may show it in a frame.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        cluster: Cluster,
        exposition: Exposition,
        guard: Guard,
        receivers: Sequence[Mapping[str, Any]] = (),
        routes: Sequence[Route] = (),
        pages: Sequence[web.AbstractRouteDef] = (),
        frame_ancestors: Sequence[str] = (),
    ) -> None:
        aside = Aside()
        gathering = Gathering(knowledge, cluster)
        notifying = NotifyingWorker(knowledge, cluster)
        self.alerts = AlertsRoutes(knowledge, cluster, gathering, notifying)
        self.silences = SilencesRoutes(notifying)
        self._guard = guard
        self._pages = pages
        self._page_policy = page_policy(frame_ancestors)
        self.routes: list[Route] = [
            *KpisRoutes(knowledge.plan).routes(),
            *ReadingsRoutes(knowledge, gathering, aside).routes(),
            *SeriesRoutes(knowledge, gathering).routes(),
            *SlicesRoutes(knowledge, gathering).routes(),
            # Before the alerts: their paths have a place for any word.
            *HistoryRoutes(knowledge, aside).routes(),
            *self.alerts.routes(),
            *SuppressionsRoutes(notifying).routes(),
            *self.silences.routes(),
            *DeliveriesRoutes(notifying).routes(),
            *ReceiversRoutes(receivers, notifying).routes(),
            *ObjectivesRoutes(knowledge, gathering).routes(),
            *HealthRoutes(knowledge, gathering).routes(),
            *MetricsRoutes(exposition, aside).routes(),
            *routes,
        ]
        operations = [operation for operation, _ in self.routes]
        words = Vocabulary.of(knowledge.plan)
        self.routes += OpenApiRoutes(operations, words, guard.needs_token).routes()

    def app(self) -> web.Application:
        """An application with all paths, ready to be served."""
        app = web.Application(middlewares=[problems_as_json], client_max_size=MOST_BYTES)
        app.on_response_prepare.append(self._add_headers)
        app.add_routes([*self._guarded(), *self._pages])
        return app

    def _guarded(self) -> Iterable[web.RouteDef]:
        for operation, handler in self.routes:
            guarded = _guarded(operation, handler, self._guard)
            add = web.get if operation.method == "GET" else partial(web.route, operation.method)
            yield add(operation.path, guarded)

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers[hdrs.SERVER] = "kpistream"
        if request.path == "/" or request.path.startswith("/page/"):
            response.headers["Content-Security-Policy"] = self._page_policy


def page_policy(frame_ancestors: Sequence[str]) -> str:
    """What the page may load, and whose pages may show it in a frame."""
    ancestors = " ".join(frame_ancestors) or "'none'"
    return "; ".join((*_PAGE, f"frame-ancestors {ancestors}"))


def _guarded(operation: Operation, handler: Handler, guard: Guard) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        guard.check(request, operation.access)
        return await handler(request)

    return guarded
