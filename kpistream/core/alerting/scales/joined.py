"""Conditions joined by `all`, `any` and `not`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Scale
from kpistream.core.alerting.why.why import Evidence


class JoinedScale(Scale):
    """Several parts, of which one may be what the rule is about."""

    def __init__(self, parts: Sequence[Scale], words: str, headline: int | None = None) -> None:
        """``headline`` is the part whose figures are the rule's."""
        self._parts = parts
        self._words = words
        self._headline = None if headline is None else parts[headline]
        self.is_timed = any(part.is_timed for part in parts)

    def baseline(self, look: Look) -> float | None:
        return None if self._headline is None else self._headline.baseline(look)

    def evidence(self, look: Look) -> Evidence:
        return _joined(self._headline, look, self._words, self.weigh(look))


class AllScale(JoinedScale):
    """All parts hold: the largest p-value counts (Berger 1982, intersection-union test)."""

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


class AnyScale(JoinedScale):
    """One part holds at least: the smallest p-value times their number (Bonferroni)."""

    def plain(self, look: Look) -> bool | None:
        known = [holds for part in self._parts if (holds := part.plain(look)) is not None]
        return any(known) if known else None

    def weigh(self, look: Look) -> float | None:
        ps = [p for part in self._parts if (p := part.weigh(look)) is not None]
        return min(1.0, len(self._parts) * min(ps)) if ps else None

    def stays(self, look: Look) -> bool:
        return any(part.stays(look) for part in self._parts)


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
        return None

    def evidence(self, look: Look) -> Evidence:
        return _joined(None, look, self._words, None)


def _joined(headline: Scale | None, look: Look, words: str, p: float | None) -> Evidence:
    """The figures of the part that the rule is about, and what its parts come to together."""
    if headline is None:
        return Evidence(words, "joined conditions", p=p)
    return msgspec.structs.replace(headline.evidence(look), condition=words, p=p)
