"""Peeks: readings of windows before, asked for now and then, and remembered meanwhile."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from kpistream.core.monitoring.readings import Reading
from kpistream.core.slices import Slice
from kpistream.edges.web.knowledge import Knowledge

FRESH_S: Final = 15.0
"""So old may what is remembered be: little changes in a window that is over."""

MOST_A_TURN: Final = 20
"""So many are asked for at once: each may take a millisecond, in which nothing else happens."""

MOST_REMEMBERED: Final = 5_000


class Key(NamedTuple):
    """What was asked for."""

    kpi: str
    window: str
    part: Slice


class Peeks:
    """Readings by what was asked for; what is older than it may be is asked for anew, by turns.

    ``clock_s`` is monotonic.
    """

    def __init__(self, knowledge: Knowledge, clock_s: Callable[[], float]) -> None:
        self._knowledge = knowledge
        self._clock_s = clock_s
        self._held: OrderedDict[Key, tuple[float, Reading | None]] = OrderedDict()
        self._left = MOST_A_TURN

    def begin(self) -> None:
        """Begin a turn."""
        self._left = MOST_A_TURN

    def get(self, key: Key) -> Reading | None:
        """The reading, or what is remembered of it; None if there is none, or not yet."""
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
        if self._is_fresh(held) or not self._left:
            return None if held is None else held[1]
        self._left -= 1
        reading = self._knowledge.reading(key.kpi, key.window, key.part, before=True)
        self._held[key] = (self._clock_s(), reading)
        if len(self._held) > MOST_REMEMBERED:
            self._held.popitem(last=False)
        return reading

    def _is_fresh(self, held: tuple[float, Reading | None] | None) -> bool:
        return held is not None and self._clock_s() - held[0] < FRESH_S
