"""Weeks in which nothing is wrong: how many alerts there are all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import default_rng

from bench.alert_quality.feed import Feed, Happened, plan_of
from bench.alert_quality.rulebook import DRIFTS, LEAVES, rule_of
from bench.alert_quality.shop import HOUR_S, START_S, Campaign, campaigns, sums_of_hour
from kpistream.core.alerting.rules.conditions import Leaf, in_words

CAMPAIGNS: Final = 30
LEARNING_H: Final = 30 * 24
"""Hours of history, before anything is judged."""

DRIFTS_LEARNING_H: Final = 40 * 24

FINE_H: Final = 3
"""Its last hours come in panes of a minute, as the week does: windows of an hour need them."""

WEEK_H: Final = 7 * 24


@dataclass(frozen=True, slots=True)
class Counted:
    """How often a rule fired in one week: at the default confidence, and raw."""

    seed: int
    leaf: Leaf
    sure: int
    raw: int

    @property
    def words(self) -> str:
        """The rule's condition, with its window."""
        return f"{in_words(self.leaf)}, {self.leaf.window}"


def measure_quiet(
    seed: int,
    leaves: Sequence[Leaf] = LEAVES,
    learning_h: int = LEARNING_H,
    hours: int = WEEK_H,
    number: int = CAMPAIGNS,
) -> list[Counted]:
    """Judge a shop every minute for some hours, by some rules, after so many hours of history."""
    random = default_rng(seed)
    shop = campaigns(number, random)
    rules = [
        rule_of(f"{kind}_{place}", leaf, confidence=confidence)
        for place, leaf in enumerate(leaves)
        for kind, confidence in (("sure", 0.95), ("raw", None))
    ]
    feed = Feed(plan_of(rules, ("1h", "24h")))
    for hour in range(learning_h):
        pieces = 4 if hour < learning_h - FINE_H else 60
        at_s = START_S + hour * HOUR_S
        feed.send(_panes(shop, at_s, pieces, random), at_s + HOUR_S)
        feed.learn()
    fired: Counter[str] = Counter()
    for hour in range(learning_h, learning_h + hours):
        for pane in _panes(shop, START_S + hour * HOUR_S, 60, random):
            feed.send([pane], pane[1] + pane[0])
            fired.update(alert.rule for alert in feed.judge())
    return [
        Counted(seed, leaf, fired[f"sure_{place}"], fired[f"raw_{place}"])
        for place, leaf in enumerate(leaves)
    ]


def measure_drifts(seed: int) -> list[Counted]:
    """The same for drifts, which take longer to learn."""
    return measure_quiet(seed, DRIFTS, DRIFTS_LEARNING_H)


def _panes(
    shop: Sequence[Campaign], at_s: int, pieces: int, random: np.random.Generator
) -> list[tuple[int, int, Happened]]:
    """What an hour had, in so many panes."""
    hours = {campaign.part: sums_of_hour(campaign, at_s, pieces, random) for campaign in shop}
    width_s = HOUR_S // pieces
    return [
        (width_s, at_s + n * width_s, {part: panes[n] for part, panes in hours.items()})
        for n in range(pieces)
    ]
