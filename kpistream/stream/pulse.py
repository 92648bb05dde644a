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


class Sign(NamedTuple):
    """What is another with each answer of a source, and whether it is asked for one now."""

    newest: object
    is_asked: bool = True


class _Heard(NamedTuple):
    """The newest answer of a source, and since when it is silent: monotonic, and epoch seconds.

    It is not silent while it is asked for nothing; ``answered_s`` stays all the same.
    """

    newest: object
    silent_s: float
    moment_s: float
    answered_s: float


class Pulse:
    """Tells brokers that are away from such as have nothing to say, by signs of what they answer.

    An idle partition is answered, too, with no records; so an answer that stays the same, while
    there is a question, is one that does not come.
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

    def look(self, signs: Mapping[Hashable, Sign]) -> None:
        """Compare signs, by source, with those before."""
        now_s, moment_s = self._clock_s(), self._moment_s()
        was_away = now_s - self._looked_at_s >= BLIND_S
        self._looked_at_s = now_s
        before, self._heard = self._heard, {}
        for source, sign in signs.items():
            held = before.get(source) or _Heard(None, now_s, moment_s, now_s)
            is_same = held.newest == sign.newest
            if not is_same or not sign.is_asked or was_away:
                # What came while nobody looked may have been on its way for as long.
                answered_s = held.answered_s if is_same or was_away else now_s
                held = _Heard(sign.newest, now_s, moment_s, answered_s)
            self._heard[source] = held
        oldest = min(self._heard.values(), key=lambda heard: heard.silent_s, default=None)
        is_silent = oldest is not None and now_s - oldest.silent_s >= SILENT_S
        self.silent_since = oldest.moment_s if oldest is not None and is_silent else None

    def unheard_s(self, source: Hashable) -> float:
        """How old the newest answer of a source may be by now; 0 if the source is not known."""
        heard = self._heard.get(source)
        return self._clock_s() - heard.answered_s if heard is not None else 0.0
