"""The web server of a worker, on an address of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from kpistream.core.alerting.alerts import Alert
from kpistream.core.progress import Progress
from kpistream.core.readings import Board
from kpistream.edges.metrics import Exposition
from kpistream.edges.web.desk import Desk
from kpistream.edges.web.guard import Guard
from kpistream.edges.web.readiness import Readiness
from kpistream.edges.web.site import Read, Site
from kpistream.edges.web.vocabulary import Vocabulary

LOOPBACK: Final = "127.0.0.1"
_SHUTDOWN_SECONDS: Final = 2.0


class WebServer:
    """Serves a worker's :class:`Site` between start and stop, or within ``async with``.

    Port 0 lets the system choose one; :attr:`port` then says which.
    """

    def __init__(
        self,
        host: str = LOOPBACK,
        port: int = 0,
        *,
        board: Callable[[], Board],
        alerts: Callable[[], Sequence[Alert]],
        ready: Callable[[], Readiness],
        exposition: Exposition,
        vocabulary: Vocabulary,
        objectives: Callable[[], Sequence[Progress]] = lambda: (),
        read: Read | None = None,
        desk: Callable[[], Desk | None] = lambda: None,
        receivers: Sequence[Mapping[str, Any]] = (),
        token: str | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._site = Site(
            board=board,
            alerts=alerts,
            ready=ready,
            exposition=exposition,
            vocabulary=vocabulary,
            objectives=objectives,
            read=read,
            desk=desk,
            receivers=receivers,
            guard=Guard(host, token),
        )
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The address of the root page, without the slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen; raises OSError when the address is in use or not this machine's."""
        runner = web.AppRunner(
            self._site.app(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS
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
