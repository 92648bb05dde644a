"""Metrics: what Prometheus scrapes; of this worker alone, since it scrapes all of them."""

from __future__ import annotations

from functools import partial
from typing import Final

from aiohttp import hdrs, web

from kpistream.edges.metrics import Exposition
from kpistream.edges.web.aside import Aside
from kpistream.edges.web.operation import Operation, Route

METRICS: Final = Operation(
    "GET",
    "/metrics",
    "metrics",
    "Metrics for Prometheus, of the asked worker.",
    media="text/plain",
    problems=(),
)


class MetricsRoutes:
    """Answers with the metrics page, made in another thread."""

    def __init__(self, exposition: Exposition, aside: Aside) -> None:
        self._exposition = exposition
        self._aside = aside

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(METRICS, self.metrics)]

    async def metrics(self, request: web.Request) -> web.Response:
        """The metrics page, in the format and encoding that the scraper accepts."""
        accept = ",".join(request.headers.getall(hdrs.ACCEPT, []))
        encodings = ",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, []))
        page = await self._aside(partial(self._exposition.page, accept, encodings))
        return web.Response(body=page.body, headers=page.headers)
