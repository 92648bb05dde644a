"""What people do with an ad beside clicking: like it, share it, remember it when asked."""

from __future__ import annotations

import random
from typing import Final

from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.pen import Pen
from kpistream.edges.emitter.traffic import Traffic

_KINDS: Final = (*["like"] * 10, *["share"] * 4, *["comment"] * 3, *["save"] * 2, "follow")
"""Each as likely as any other."""

_CONTENTS: Final = 4
_REMEMBERED: Final = 0.4


class Reactions:
    """The interactions and the recall surveys of one campaign, whose contents bear its name."""

    def __init__(self, pen: Pen, campaign: str, rng: random.Random) -> None:
        self._pen = pen
        self._random = rng.random
        self._interactions = [
            (kind, f',"kind":"{kind}","content":"{campaign}-{number}"')
            for kind in _KINDS
            for number in range(1, _CONTENTS + 1)
        ]

    def change(self, traffic: Traffic) -> None:
        """Go on with other traffic."""
        asked, interested = traffic.recall_survey, traffic.interaction
        self._asked = asked / (asked + interested) if asked else 0.0

    def react(self, at_ms: int, person: Person) -> Emission:
        """One interaction, or one answer."""
        if self._random() < self._asked:
            return self._answer(at_ms, person)
        kind, more = self._interactions[int(self._random() * len(self._interactions))]
        return self._pen.event(at_ms, person, "interaction", more, kind)

    def _answer(self, at_ms: int, person: Person) -> Emission:
        recalled = self._random() < _REMEMBERED
        more = f',"kind":"recall","recalled":{"true" if recalled else "false"}'
        return self._pen.event(at_ms, person, "survey", more, "recall", 0, int(recalled))
