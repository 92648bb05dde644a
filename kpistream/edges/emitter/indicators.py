"""Numbers that come from outside the events, reported as they are: generic metrics."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kpistream.edges.emitter.emission import LONGEST_TRANSIT_MS, Emission, Entry, Kind
from kpistream.edges.emitter.wire import Clockface

_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Indicator:
    """A metric that wanders about between two values."""

    name: str
    lowest: float
    highest: float
    step: float
    """Standard deviation of what changes from one report to the next."""
    decimals: int = 0
    """Digits after the point, at most 6. With any, the value travels as text, to stay exact."""


class Reporter:
    """The reports of one indicator."""

    def __init__(
        self, indicator: Indicator, rng: random.Random, next_id: Callable[[], str]
    ) -> None:
        self._indicator = indicator
        self._gauss, self._random = rng.gauss, rng.random
        self._next_id = next_id
        self._rfc3339 = Clockface().rfc3339
        self._value = (indicator.lowest + indicator.highest) / 2
        self._entry = Entry(Kind.CLEAN, "metric", "", "", indicator.name)

    def report(self, at_ms: int) -> Emission:
        """The indicator a little further on its way."""
        indicator = self._indicator
        moved = self._value + self._gauss(0, indicator.step)
        self._value = min(indicator.highest, max(indicator.lowest, moved))
        text = f"{self._value:.{indicator.decimals}f}"
        quoted = f'"{text}"' if indicator.decimals else text
        number = int(text.replace(".", "")) * 10 ** (_DECIMALS - indicator.decimals)
        occurred_at = self._rfc3339(at_ms - int(self._random() * LONGEST_TRANSIT_MS))
        value = (
            f'{{"event_id":"{self._next_id()}","occurred_at":"{occurred_at}",'
            f'"name":"{indicator.name}","value":{quoted}}}'
        )
        key = indicator.name.encode()
        return Emission(at_ms, "metric", key, value.encode(), self._entry, 0, number)
