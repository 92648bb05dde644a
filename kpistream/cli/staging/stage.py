"""The demo's stage: a broker, a worker, a receiver of alerts, and the story played to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from kpistream.cli.broker import broker_of
from kpistream.cli.failures import Failure
from kpistream.cli.staging.show import Show
from kpistream.cli.wiring.serving import Worker
from kpistream.cli.wiring.wiring import build_plan
from kpistream.cli.worker import web_address_of
from kpistream.core.events.outcomes import Outcome
from kpistream.edges.embedded_broker import EmbeddedBroker
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.kafka_sink import KafkaSink
from kpistream.edges.emitter.play import play
from kpistream.edges.emitter.scenario import Span
from kpistream.edges.emitter.shipped import STEADY, STORY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.sink import Sink
from kpistream.edges.emitter.tally import Tally
from kpistream.edges.receiver import Receiver
from kpistream.settings import SHIPPED, Settings, settings_of

HISTORY_S: Final = 130.0
"""The story begins after this much calm, so that a window has readings, and one before it."""

HISTORY_SHARE: Final = 1 / 3
"""The rate of that calm as a share of the story's: the embedded broker holds but little."""

_AT_ONCE: Final = 500
_LOOK_S: Final = 0.2
_SHOW_S: Final = 2.0
_SETTLE_S: Final = 30.0
_LAST_READINGS_S: Final = 2.5
_STOP_S: Final = 15.0
_TELL_S: Final = 0.1


def demo_settings(broker: str, receiver: str, port: int) -> Settings:
    """The demo's settings: whatever is set on this machine, nothing else is touched."""
    # Who watches a story of minutes is told at once, of an end just before its own end, too.
    told = {"name": "demo", "url": receiver, "group_wait": _TELL_S, "group_interval": 0}
    return settings_of(
        broker=broker,
        app_id="demo",
        partitions=1,
        rules=[SHIPPED / "alerts" / "demo.yml"],
        windows=["1m", "5m", "1h", "today"],
        currency=STORY.currency,
        receivers=[told],
        web_port=port,
    )


class Demo:
    """One telling of the story; :meth:`run` ends when it is told or ``stop`` is set."""

    def __init__(self, rate: float, seed: int, duration_s: float, show: Show) -> None:
        self._rate = rate
        self._seed = seed
        self._duration_s = duration_s
        self._show = show
        self._tally = Tally()
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event, port: int, keep: bool) -> None:
        """Set the stage, tell the story, and clear everything away."""
        self._stop = stop
        self._show.say("starting a broker and a worker ...")
        async with EmbeddedBroker() as broker, Receiver() as receiver:
            settings = demo_settings(broker.bootstrap, receiver.url, port)
            worker = Worker(settings, build_plan(settings))
            ready, leave = asyncio.Event(), asyncio.Event()
            serving = asyncio.create_task(worker.run(leave, ready.set))
            try:
                with broker_of(settings), web_address_of(settings):
                    if await self._attempt(ready.wait(), serving):
                        await self._perform(settings, worker, receiver, serving, keep)
            finally:
                leave.set()
                await _ended(serving)
        self._show.say("stopped; nothing is left behind.")

    async def _perform(
        self,
        settings: Settings,
        worker: Worker,
        receiver: Receiver,
        serving: asyncio.Task[None],
        keep: bool,
    ) -> None:
        self._show.addresses(worker.url, receiver.url, settings.broker)
        receiving = asyncio.create_task(self._receive(receiver))
        try:
            async with KafkaSink(settings.broker, settings.topics) as sink:
                told = await self._attempt(self._tell(sink, worker), serving)
            if told:
                await self._attempt(self._settle(worker), serving)
                self._show.readings(worker.board)
            self._show.summary(self._tally, outcomes(worker))
            if told and keep:
                self._show.say(f"still here: {worker.url} (Ctrl-C ends it)")
                await self._attempt(asyncio.Event().wait(), serving)
        finally:
            await _cancelled(receiving)

    async def _attempt(self, work: Coroutine[Any, Any, Any], serving: asyncio.Task[None]) -> bool:
        """Do ``work`` unless the demo is stopped or the worker fails; whether it was done."""
        task, stopping = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
                raise Failure("the worker ended before the story did")
            if task.done():
                task.result()
            return task.done()
        finally:
            await _cancelled(task, stopping)

    # -- the story ---------------------------------------------------------------------------------

    async def _tell(self, sink: Sink, worker: Worker) -> None:
        """Play some calm that is past, then the story as it happens."""
        now_ms = time.time_ns() // 1_000_000
        past_ms = now_ms - round(HISTORY_S * 1000)
        past_rate = self._rate * HISTORY_SHARE
        self._show.history(round(past_rate * HISTORY_S))
        await self._send(Simulator(STEADY, past_rate, self._seed, past_ms, HISTORY_S), sink)
        start_ms = time.time_ns() // 1_000_000
        story = Simulator(STORY, self._rate, self._seed, start_ms, self._duration_s)
        playing = asyncio.create_task(play(story, sink, start_ms, tally=self._tally))
        watching = asyncio.create_task(self._watch(story.spans, start_ms, worker))
        try:
            await asyncio.wait({playing, watching}, return_when=asyncio.FIRST_COMPLETED)
            for task in (playing, watching):
                if task.done():
                    task.result()
        finally:
            await _cancelled(playing, watching)

    async def _send(self, emissions: Iterable[Emission], sink: Sink) -> None:
        """Send emissions as fast as they are taken."""
        for batch in _batches(emissions):
            # Before it is sent: whoever stops the demo meanwhile is told of all of it.
            for emission in batch:
                self._tally.enter(emission)
            await sink.send(batch)
            await asyncio.sleep(0)

    async def _watch(self, spans: Iterable[Span], start_ms: int, worker: Worker) -> None:
        """Announce the phases, and show the KPIs every two seconds."""
        phases = list(spans)
        shown_s = 0.0
        while True:
            now_ms = time.time_ns() // 1_000_000
            if phases and now_ms >= phases[0].start_ms:
                self._show.phase(phases.pop(0).phase.name)
            if time.monotonic() - shown_s >= _SHOW_S:
                shown_s = time.monotonic()
                at_s = (now_ms - start_ms) / 1000
                self._show.moment(at_s, worker.board, self._tally.count())
            await asyncio.sleep(_LOOK_S)

    async def _receive(self, receiver: Receiver) -> None:
        async for alert in receiver.alerts():
            self._show.alert(alert)

    async def _settle(self, worker: Worker) -> None:
        """Wait until each event has had its outcome, and then for the last readings."""
        deadline = time.monotonic() + _SETTLE_S
        while sum(outcomes(worker).values()) < self._tally.count():
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_LOOK_S)
        await asyncio.sleep(_LAST_READINGS_S)


def outcomes(worker: Worker) -> dict[Outcome, int]:
    """How the events ended so far."""
    found = dict.fromkeys(Outcome, 0)
    for (_, outcome, _), records in worker.telemetry.snapshot().outcomes.items():
        found[Outcome(outcome)] += records
    return found


def _batches(emissions: Iterable[Emission]) -> Iterator[list[Emission]]:
    rest = iter(emissions)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch


async def _ended(serving: asyncio.Task[None]) -> None:
    """Wait for the worker to end; what made it fail has been raised before."""
    done, _ = await asyncio.wait({serving}, timeout=_STOP_S)
    if not done:
        serving.cancel()
    with suppress(Exception, asyncio.CancelledError):
        await serving


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait for their end; what made one fail is told by whoever asks for it."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
