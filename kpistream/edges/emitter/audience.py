"""Who the events are about."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from kpistream.edges.emitter.scenario import Audience, Weights

_PERSONAS: Final = 1024


class Person(NamedTuple):
    """A visitor as he appears in every event of one journey."""

    number: int
    labels: str
    """His segment, device, country and site, as members of a JSON object."""


class Crowd:
    """The visitors of an audience; a visitor has the same labels each time he comes."""

    def __init__(self, audience: Audience, rng: random.Random) -> None:
        self._visitors = audience.visitors
        self._random = rng.random
        columns = [
            _deal(weights, rng)
            for weights in (
                audience.segments,
                audience.devices,
                audience.countries,
                audience.sites,
            )
        ]
        self._orders_before = [audience.orders_before.get(segment, 0) for segment in columns[0]]
        self._personas = [
            f'"segment":"{segment}","device":"{device}","country":"{country}","site":"{site}"'
            for segment, device, country, site in zip(*columns, strict=True)
        ]

    def someone(self) -> Person:
        """A visitor, each as likely as any other."""
        number = int(self._random() * self._visitors)
        return Person(number, self._personas[number % _PERSONAS])

    def orders_before(self, number: int) -> int:
        """How often a visitor ordered before the scenario; 0 for somebody new."""
        return self._orders_before[number % _PERSONAS]


def _deal(weights: Weights, rng: random.Random) -> list[str]:
    return rng.choices(list(weights), list(weights.values()), k=_PERSONAS)
