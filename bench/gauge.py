"""Gauge probes: clicks of one campaign, which is asked for its clicks all the time."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import aiohttp
import msgspec

from bench.probes import Probes
from bench.sending import Irregular, SingleClicks
from bench.worker import Worker
from kpistream.core.monitoring.survey import DETAIL_WINDOWS

CHANNEL: Final = "gauge_probe"
CAMPAIGN: Final = "gauge"
WINDOW: Final = DETAIL_WINDOWS[0]
"""One that the board has of every campaign: what it has not is worked out for whoever asks."""

LOOK_EVERY_S: Final = 0.02


class _Readings(msgspec.Struct):
    readings: list[_Reading]


class _Reading(msgspec.Struct):
    value: float


_decode: Final = msgspec.json.Decoder(_Readings).decode


class Gauge:
    """One campaign's clicks; each probe is one more, so their number says which probes are in."""

    def __init__(self, clicks: SingleClicks, look_every_s: float = LOOK_EVERY_S) -> None:
        self.probes: Probes[int] = Probes()
        """By their number, counted from 1."""
        self.sent = 0
        """How many have been sent."""
        self._clicks = clicks
        self._look_every_s = look_every_s
        self._when = Irregular()

    async def send(self, count: int, seconds: float) -> range:
        """Send so many probes in about so many seconds; their numbers."""
        first = self.sent + 1
        async for _ in self._when.moments(count, seconds):
            self.sent += 1
            await self._clicks.send(f"g-{self.sent}", CHANNEL, CAMPAIGN)
            self.probes.sent(self.sent, time.monotonic())
        return range(first, self.sent + 1)

    async def watch(self, worker: Worker) -> None:
        """Look which probes are in, until it is cancelled."""
        query = {"kpi": "clicks", "window": WINDOW, "slice": "campaign", "campaign": CAMPAIGN}
        address = f"{worker.url}/api/v1/readings"
        known = 0
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(address, params=query) as answer:
                    found = _decode(await answer.read()).readings
                now_s = time.monotonic()
                value = int(found[0].value) if found else 0
                for number in range(known + 1, value + 1):
                    self.probes.seen(number, now_s)
                known = max(known, value)
                await asyncio.sleep(self._look_every_s)
