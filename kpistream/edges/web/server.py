"""The web server of a worker, on an address of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from kpistream.edges.metrics import Exposition
from kpistream.edges.web.cluster import Cluster
from kpistream.edges.web.guard import Guard
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.operation import Route
from kpistream.edges.web.site import Site

LOOPBACK: Final = "127.0.0.1"
_SHUTDOWN_SECONDS: Final = 2.0
_LONGEST_LINE: Final = 64 * 1024
"""So long may a question be: it can name a thousand alerts."""


class WebServer:
    """Serves a worker's :class:`Site` between start and stop, or within ``async with``.

    Port 0 lets the system choose one; :attr:`port` then says which.
    """

    def __init__(
        self,
        host: str = LOOPBACK,
        port: int = 0,
        *,
        knowledge: Knowledge,
        exposition: Exposition,
        cluster: Cluster | None = None,
        receivers: Sequence[Mapping[str, Any]] = (),
        guard: Guard | None = None,
        frame_ancestors: Sequence[str] = (),
        routes: Sequence[Route] = (),
        pages: Sequence[web.AbstractRouteDef] = (),
    ) -> None:
        """Without a cluster, nobody else is asked; without a guard, only this machine may."""
        self.host = host
        self.port = port
        self._guard = guard or Guard(host)
        self._site = Site(
            knowledge,
            cluster or Cluster(),
            exposition,
            self._guard,
            receivers,
            routes,
            pages,
            frame_ancestors,
        )
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The address of the root page, without the slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen; raises OSError when the address is in use or not this machine's.

        Raises Unguarded before that if everybody in the network could read.
        """
        self._guard.refuse_openness()
        runner = web.AppRunner(
            self._site.app(),
            access_log=None,
            shutdown_timeout=_SHUTDOWN_SECONDS,
            max_line_size=_LONGEST_LINE,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the address; answers under way get a moment to finish."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
