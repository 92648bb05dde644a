"""Click events as a shop's tracker would send them, for the benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from kpistream.edges.emitter.wire import Clockface

CHANNELS: Final = ("search", "social", "display", "email", "affiliate", "direct")
CAMPAIGNS: Final = tuple(f"campaign_{number:02d}" for number in range(40))
_DEVICES: Final = ("mobile", "mobile", "desktop", "tablet")
_COUNTRIES: Final = ("FR", "FR", "DE", "ES", "IT", "BE")
_SITES: Final = ("shop", "app", "outlet")

MEAN_DELAY_MS: Final = 1_500
"""Between a click and its arrival, on average; exponentially distributed."""
_LONGEST_DELAY_MS: Final = 60_000


class Clicks:
    """A seeded source of clicks: each campaign in one channel, ids that never repeat."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - traffic, not secrets
        self._clock = Clockface()
        places = [(CHANNELS[n % len(CHANNELS)], name) for n, name in enumerate(CAMPAIGNS)]
        self._tails = [
            f'"channel":"{channel}","campaign":"{campaign}","device":"{device}",'
            f'"country":"{country}","site":"{site}"}}'
            for channel, campaign in places
            for device in _DEVICES
            for country in _COUNTRIES
            for site in _SITES
        ]

    def values(self, count: int, arrives_ms: int) -> Iterator[bytes]:
        """So many records that arrive about then, as JSON of about 230 bytes."""
        source, clock, tails = self._random, self._clock, self._tails
        bits, uniform, exponential = source.getrandbits, source.random, source.expovariate
        for _ in range(count):
            delay_ms = min(_LONGEST_DELAY_MS, int(exponential(1 / MEAN_DELAY_MS)))
            tail = tails[int(uniform() * len(tails))]
            yield (
                f'{{"event_id":"{bits(128):032x}",'
                f'"occurred_at":"{clock.rfc3339(arrives_ms - delay_ms)}",'
                f'"visitor_id":"v-{bits(20):06x}",{tail}'
            ).encode()
