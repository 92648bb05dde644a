"""The pulse of the brokers: since when something that a worker wants of them does not come."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Final, NamedTuple

LOOK_S: Final = 1.0
"""How often to look."""

SILENT_S: Final = 15.0
"""So long without an answer, the brokers are away: another leads a partition within less."""

BLIND_S: Final = 5.0
"""Who has not looked for so long was itself away, and does not know who was silent meanwhile."""


class _Heard(NamedTuple):
    """The sign of a source, and when it was first seen: monotonic, and in epoch seconds."""

    sign: object
    at_s: float
    moment_s: float


class Pulse:
    """Tells brokers that are away from such as have nothing to say, by signs of what they answer.

    A sign is anything that is another with each answer. An idle partition is answered, too, with no
    records; so a sign that stays the same is a question that is not answered.
    """

    def __init__(
        self,
        clock_s: Callable[[], float] = time.monotonic,
        moment_s: Callable[[], float] = time.time,
    ) -> None:
        """``clock_s`` is monotonic, ``moment_s`` gives epoch seconds."""
        self._clock_s = clock_s
        self._moment_s = moment_s
        self._heard: dict[Hashable, _Heard] = {}
        self._looked_at_s = clock_s()
        self.silent_since: float | None = None
        """Since when, in epoch seconds, a source is silent; None if none is, or not for long."""

    def look(self, signs: Mapping[Hashable, object]) -> None:
        """Compare signs, by source, with those before; None is one that is asked for nothing."""
        now_s, moment_s = self._clock_s(), self._moment_s()
        before = self._heard if now_s - self._looked_at_s < BLIND_S else {}
        self._looked_at_s = now_s
        self._heard = {}
        for source, sign in signs.items():
            held = before.get(source)
            is_same = held is not None and sign is not None and held.sign == sign
            self._heard[source] = held if held and is_same else _Heard(sign, now_s, moment_s)
        oldest = min(self._heard.values(), key=lambda heard: heard.at_s, default=None)
        is_silent = oldest is not None and now_s - oldest.at_s >= SILENT_S
        self.silent_since = oldest.moment_s if oldest is not None and is_silent else None

    def unheard_s(self, source: Hashable) -> float:
        """For how long a source had not been heard of at the last look; 0 if it is not known."""
        heard = self._heard.get(source)
        return self._looked_at_s - heard.at_s if heard is not None else 0.0
