"""Click events as a shop's tracker would send them, for the benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from kpistream.edges.emitter.wire import Clockface

CHANNELS: Final = ("search", "social", "display", "email", "affiliate", "direct")
CAMPAIGNS: Final = 40
VISITORS: Final = 1 << 20
_DEVICES: Final = ("mobile", "mobile", "desktop", "tablet")
_COUNTRIES: Final = ("FR", "FR", "DE", "ES", "IT", "BE")
_SITES: Final = ("shop", "app", "outlet")

MEAN_DELAY_MS: Final = 1_500
"""Between a click and its arrival, on average; exponentially distributed."""
_LONGEST_DELAY_MS: Final = 60_000


class Clicks:
    """A seeded source of clicks: each campaign in one channel, ids that never repeat.

    Each click is of any of so many campaigns and visitors, all as likely.
    """

    def __init__(self, seed: int, campaigns: int = CAMPAIGNS, visitors: int = VISITORS) -> None:
        self._random = random.Random(seed)  # noqa: S311 - traffic, not secrets
        self._clock = Clockface()
        self._visitors = visitors
        self._places = [
            f'"channel":"{CHANNELS[n % len(CHANNELS)]}","campaign":"{name}",'
            for n, name in enumerate(campaign_names(campaigns))
        ]
        self._tails = [
            f'"device":"{device}","country":"{country}","site":"{site}"}}'
            for device in _DEVICES
            for country in _COUNTRIES
            for site in _SITES
        ]

    def values(self, count: int, arrives_ms: int) -> Iterator[bytes]:
        """So many records that arrive about then, as JSON of about 230 bytes."""
        source, clock, visitors = self._random, self._clock, self._visitors
        places, tails = self._places, self._tails
        bits, uniform, exponential = source.getrandbits, source.random, source.expovariate
        for _ in range(count):
            delay_ms = min(_LONGEST_DELAY_MS, int(exponential(1 / MEAN_DELAY_MS)))
            place = places[int(uniform() * len(places))]
            tail = tails[int(uniform() * len(tails))]
            yield (
                f'{{"event_id":"{bits(128):032x}",'
                f'"occurred_at":"{clock.rfc3339(arrives_ms - delay_ms)}",'
                f'"visitor_id":"v-{int(uniform() * visitors):06x}",{place}{tail}'
            ).encode()


def campaign_names(count: int) -> list[str]:
    """The names of so many campaigns."""
    return [f"campaign_{number:02d}" for number in range(count)]


def slices_of(campaigns: int) -> int:
    """How many slices so many campaigns make: all, by channel, by campaign, and by both."""
    return 1 + min(campaigns, len(CHANNELS)) + 2 * campaigns


def campaigns_for(slices: int) -> int:
    """How many campaigns make about so many slices, as many as :data:`CHANNELS` at least."""
    return max(len(CHANNELS), (slices - 1 - len(CHANNELS)) // 2)
