"""A worker with everything around it: topics, sender, web server, streams."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from pydantic import SecretStr

from kpistream import __version__
from kpistream.cli.receivers import open_receivers, read_receivers
from kpistream.cli.wiring import connection, create_topics
from kpistream.core.alerting.alerts import Alert
from kpistream.core.plan import Plan
from kpistream.core.progress import Progress
from kpistream.core.readings import Board, Reading
from kpistream.core.slices import Slice
from kpistream.core.unpriced import Unpriced
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from kpistream.edges.web import Readiness, Vocabulary, WebServer
from kpistream.settings import Settings
from kpistream.stream.app import Stream
from kpistream.stream.faust_app import serve
from kpistream.stream.sender import BulkSender, new_producer

T = TypeVar("T")


class Worker:
    """One worker: :meth:`run` serves until it is told to stop, then leaves nothing unsaved."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        """Raise :class:`ConfigErrors` for receivers that cannot be told."""
        self.url = ""
        """Where its web server listens, once it runs."""
        self.telemetry = Telemetry()
        self._settings = settings
        self._plan = plan
        self._receivers = read_receivers(settings)
        self._stream: Stream | None = None

    @property
    def board(self) -> Board:
        """The readings of the slices this worker owns; none before it has recovered."""
        return self._stream.board if self._stream is not None else Board()

    @property
    def alerts(self) -> Sequence[Alert]:
        """The alerts over the slices this worker owns."""
        return self._stream.alerts if self._stream is not None else ()

    @property
    def objectives(self) -> Sequence[Progress]:
        """How far the objectives over the slices this worker owns are."""
        return self._stream.objectives if self._stream is not None else ()

    @property
    def unpriced(self) -> Sequence[Unpriced]:
        """The money that has no rate, if this worker owns the total."""
        return self._stream.unpriced if self._stream is not None else ()

    def read(
        self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]
    ) -> tuple[Sequence[Reading], bool]:
        """The readings of any KPI over any window of the slices wanted; whether there are more."""
        if self._stream is None:
            return (), False
        return self._stream.read(kpi, window, before, wanted)

    @property
    def readiness(self) -> Readiness:
        """What it still waits for."""
        if self._stream is None:
            return Readiness(("connecting to the broker",))
        return Readiness(self._stream.waiting_for)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Serve until ``stop`` is set; raises what made the worker fail."""
        # Chunks are many short-lived objects and no cycles; the default collects half the time.
        gc.set_threshold(100_000, 20, 100)
        async with AsyncExitStack() as stack:
            web = await stack.enter_async_context(self._web())
            self.url = web.url
            stream = await _unless(stop, self._start(stack))
            if stream is not None:
                self._stream = stream
                await serve(stream.app, stop, on_ready)

    async def _start(self, stack: AsyncExitStack) -> Stream:
        """Connect, and put the streams together; what has to be closed goes on the stack."""
        settings = self._settings
        layout, _, _ = await create_topics(settings)
        sender = await stack.enter_async_context(self._sender())
        receivers = await open_receivers(self._receivers, settings, stack)
        return Stream(
            self._plan,
            layout,
            connection(settings),
            sender,
            self.telemetry,
            receivers,
            _clock_ms,
            self.url,
            settings.flush_interval,
        )

    def _sender(self) -> BulkSender:
        link = connection(self._settings)
        return BulkSender(lambda: new_producer(link.servers, **link.client_options()))

    def _web(self) -> WebServer:
        plan, settings = self._plan, self._settings
        collector = WorkerCollector(
            board=lambda: self.board,
            telemetry=self.telemetry,
            alerts=lambda: self.alerts,
            dimensions=plan.slicing.dimensions,
            rules=[rule.name for rule in plan.rules],
            objectives=lambda: self.objectives,
            unpriced=lambda: self.unpriced,
            version=__version__,
        )
        vocabulary = Vocabulary(
            tuple(plan.catalogue.kpis),
            tuple(window.name for window in plan.windows),
            plan.slicing.dimensions,
            plan.slicing.sets,
        )
        return WebServer(
            settings.web_host,
            settings.web_port,
            board=lambda: self.board,
            alerts=lambda: self.alerts,
            objectives=lambda: self.objectives,
            read=self.read,
            desk=lambda: self._stream.notifying if self._stream is not None else None,
            receivers=[spec.to_dict() for spec in self._receivers],
            token=_plain(settings.api_token),
            ready=lambda: self.readiness,
            exposition=Exposition(collector),
            vocabulary=vocabulary,
        )


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work returns; None when `stop` was set first, and the work given up."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.wait({working, stopping})


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000
