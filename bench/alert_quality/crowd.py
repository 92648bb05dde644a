"""Many slices, some of them bad: which share of the alerts is false, and what is missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import default_rng

from bench.alert_quality.feed import Feed, plan_of
from bench.alert_quality.rulebook import rule_of
from bench.alert_quality.shop import DAY_S, HOUR_S, START_S, Campaign, happened
from kpistream.core.alerting.rules.conditions import Line
from kpistream.core.measuring.partials import Sums
from kpistream.core.slices import Slice

CAMPAIGNS: Final = 200
BAD: Final = 10
GOOD_RATE: Final = 0.02
"""As many impressions are clicked in good campaigns as the rule asks for, and no more."""

BAD_RATES: Final = (0.018, 0.0185)
GOOD_ROAS: Final = 1.0
BAD_ROAS: Final = (0.5, 0.8)
PANE_S: Final = 900

RULES: Final = {
    "click_through_rate": Line("click_through_rate", "24h", "below", GOOD_RATE),
    "return_on_ad_spend": Line("return_on_ad_spend", "24h", "below", GOOD_ROAS),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Of a rule in one week: how many bad campaigns it found, and how many good ones it blamed."""

    seed: int
    rule: str
    bad: int
    good: int


def measure_crowd(seed: int, hours: int = 7 * 24, number: int = CAMPAIGNS) -> list[Found]:
    """Watch 200 campaigns for a week; rules at the default confidence, and raw ones."""
    random = default_rng(seed)
    campaigns = [_campaign(place, random) for place in range(number)]
    rules = [
        rule_of(name, leaf, slice={"campaign": "*"}, confidence=confidence)
        for leaf in RULES.values()
        for name, confidence in ((leaf.kpi, 0.95), (f"{leaf.kpi}, raw", None))
    ]
    feed = Feed(plan_of(rules, ("24h",)))
    blamed: dict[str, set[Slice]] = {rule.name: set() for rule in rules}
    begins_s = START_S + DAY_S
    for at_s in range(START_S, begins_s + hours * HOUR_S, PANE_S):
        feed.send([(PANE_S, at_s, _pane(campaigns, random))], at_s + PANE_S)
        if at_s >= begins_s:
            for alert in feed.judge():
                blamed[alert.rule].add(alert.slice)
    bad = {one.part[1:] for one in campaigns[:BAD]}
    return [Found(seed, name, len(parts & bad), len(parts - bad)) for name, parts in blamed.items()]


def _campaign(number: int, random: np.random.Generator) -> Campaign:
    is_bad = number < BAD
    clicks = float(random.lognormal(6.0, 1.0))
    rate = float(random.uniform(*BAD_RATES)) if is_bad else GOOD_RATE
    roas = float(random.uniform(*BAD_ROAS)) if is_bad else GOOD_ROAS
    name = f"campaign_{number:03d}"
    return Campaign("search", name, clicks / GOOD_RATE, rate, 0.85, 0.03, 60.0, 0.8, roas)


def _pane(
    campaigns: Sequence[Campaign], random: np.random.Generator
) -> dict[Slice, Mapping[str, Sums]]:
    pane: dict[Slice, Mapping[str, Sums]] = {}
    for campaign in campaigns:
        [pane[campaign.part]] = happened(campaign, np.array([PANE_S / HOUR_S]), random)
    return pane
