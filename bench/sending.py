"""Sending: the emitter's traffic, and single clicks whose acknowledgement is waited for."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

import msgspec
from aiokafka import AIOKafkaProducer

from bench.processes import Child
from bench.stage import CLICKS, Stage
from kpistream.edges.emitter.wire import Clockface

_SEED: Final = 1


def steady_emitter(stage: Stage, rate: float, lasts_s: float) -> Child:
    """The emitter in a process of its own: `steady`, so many events/s, for so long at most."""
    arguments = ["-m", "kpistream", "emit", "--broker", stage.bootstrap]
    arguments += ["--scenario", "steady", "--rate", str(rate), "--seed", str(_SEED)]
    arguments += ["--duration", f"{lasts_s:.0f}s"]
    return Child(arguments, stage.directory / "emitter.log")


class SingleClicks:
    """Sends clicks one by one while its context is open."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
        self._clock = Clockface()

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._producer.stop()

    async def send(self, event_id: str, channel: str, campaign: str) -> None:
        """Send a click that happens now; returns when the broker has it."""
        occurred_at = self._clock.rfc3339(time.time_ns() // 1_000_000)
        event = {"event_id": event_id, "occurred_at": occurred_at}
        event |= {"channel": channel, "campaign": campaign}
        await self._producer.send_and_wait(CLICKS, msgspec.json.encode(event))


class Irregular:
    """Moments in time that do not keep step with the worker's flushes."""

    def __init__(self) -> None:
        self._random = random.Random(_SEED)  # noqa: S311 - when to send is no secret

    async def moments(self, count: int, seconds: float) -> AsyncIterator[int]:
        """So many moments in about so many seconds, numbered from 1."""
        for number in range(1, count + 1):
            await asyncio.sleep(self._random.uniform(0.5, 1.5) * seconds / count)
            yield number
