"""Conditions joined by `all`, `any` and `not`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Scale
from kpistream.core.alerting.why.why import Evidence


class AllScale(Scale):
    """All parts hold: the largest p-value counts (Berger 1982, intersection-union test)."""

    def __init__(self, parts: Sequence[Scale], words: str) -> None:
        self._parts = parts
        self._words = words
        self.is_timed = any(part.is_timed for part in parts)

    def plain(self, look: Look) -> bool | None:
        unknown = False
        for part in self._parts:
            holds = part.plain(look)
            if holds is False:
                return False
            unknown = unknown or holds is None
        return None if unknown else True

    def weigh(self, look: Look) -> float | None:
        largest = 0.0
        for part in self._parts:
            p = part.weigh(look)
            if p is None or p >= 1:
                return p
            largest = max(largest, p)
        return largest

    def stays(self, look: Look) -> bool:
        return all(part.stays(look) for part in self._parts)

    def baseline(self, look: Look) -> float | None:
        return self._parts[0].baseline(look)

    def evidence(self, look: Look) -> Evidence:
        return _renamed(self._parts[0].evidence(look), self._words, self.weigh(look))


class AnyScale(Scale):
    """One part holds at least: the smallest p-value times their number (Bonferroni)."""

    def __init__(self, parts: Sequence[Scale], words: str) -> None:
        self._parts = parts
        self._words = words
        self.is_timed = any(part.is_timed for part in parts)

    def plain(self, look: Look) -> bool | None:
        known = [holds for part in self._parts if (holds := part.plain(look)) is not None]
        return any(known) if known else None

    def weigh(self, look: Look) -> float | None:
        ps = [p for part in self._parts if (p := part.weigh(look)) is not None]
        return min(1.0, len(self._parts) * min(ps)) if ps else None

    def stays(self, look: Look) -> bool:
        return any(part.stays(look) for part in self._parts)

    def baseline(self, look: Look) -> float | None:
        return self._shown(look).baseline(look)

    def evidence(self, look: Look) -> Evidence:
        return _renamed(self._shown(look).evidence(look), self._words, self.weigh(look))

    def _shown(self, look: Look) -> Scale:
        return next((part for part in self._parts if part.plain(look)), self._parts[0])


class NotScale(Scale):
    """A part does not hold, as far as its value tells: no proof of the contrary is asked for."""

    def __init__(self, part: Scale, words: str) -> None:
        self._part = part
        self._words = words
        self.is_timed = part.is_timed

    def plain(self, look: Look) -> bool | None:
        holds = self._part.plain(look)
        return None if holds is None else not holds

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        return None if holds is None else float(not holds)

    def baseline(self, look: Look) -> float | None:
        return self._part.baseline(look)

    def evidence(self, look: Look) -> Evidence:
        return _renamed(self._part.evidence(look), self._words, None)


def _renamed(evidence: Evidence, words: str, p: float | None) -> Evidence:
    return msgspec.structs.replace(evidence, condition=words, p=p)
