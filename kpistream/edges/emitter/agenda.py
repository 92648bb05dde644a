"""What will happen next, in order of time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from heapq import heappush
from itertools import count

from kpistream.edges.emitter.emission import Emission

Step = Callable[[int], Emission | None]
"""What happens at a moment, given as epoch milliseconds; it may come to nothing."""

Delay = tuple[int, int]
"""The shortest and the longest time until a step, in milliseconds."""


class Agenda:
    """Steps that were decided and are still to come."""

    def __init__(self, rng: random.Random) -> None:
        self.entries: list[tuple[int, int, Step]] = []
        """A heap of moment, order of planning, and step."""
        self._order = count()
        self._random = rng.random

    def at(self, at_ms: int, step: Step) -> None:
        """Plan a step for a moment."""
        heappush(self.entries, (at_ms, next(self._order), step))

    def after(self, at_ms: int, delay: Delay, step: Step) -> None:
        """Plan a step for some time after a moment."""
        shortest, longest = delay
        due_ms = at_ms + shortest + int(self._random() * (longest - shortest))
        heappush(self.entries, (due_ms, next(self._order), step))

    def repeat(self, start_ms: int, every_s: float, steps: Sequence[Step]) -> float:
        """Plan each step every so often, spread evenly; how many are planned a second."""
        every_ms = max(1, round(1000 * every_s))
        for place, step in enumerate(steps, start=1):
            self.at(start_ms + every_ms * place // len(steps), self._again(every_ms, step))
        return 1000 * len(steps) / every_ms

    def _again(self, every_ms: int, step: Step) -> Step:
        def repeated(at_ms: int) -> Emission | None:
            self.at(at_ms + every_ms, repeated)
            return step(at_ms)

        return repeated
