"""Campaigns that begin to lose money: how soon a return on ad spend of 0.8 is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np
from numpy.random import Generator, default_rng

from bench.alert_quality.feed import Feed, plan_of
from bench.alert_quality.rulebook import ALL, rule_of
from bench.alert_quality.shop import HOUR_S, START_S, Campaign, happened
from bench.alert_quality.theory import orders_needed
from kpistream.core.alerting.rules.conditions import Any, Line
from kpistream.core.measuring.partials import Sums
from kpistream.core.slices import Slice

KPI: Final = "return_on_ad_spend"
GOOD: Final = 2.0
BAD: Final = 0.8
ORDER_VALUE: Final = 50.0
ORDERS_A_CLICK: Final = 0.02

WINDOWS: Final = ("3h", "6h", "24h", "3d")
RATES: Final = (10.0, 50.0, 200.0)
SIGMAS: Final = (0.5, 1.0)

PANE_S: Final = 900
LONGEST_S: Final = 5 * 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Case:
    """A campaign, and what it was before it lost money; new ones were nothing."""

    orders_an_hour: float
    sigma: float
    is_new: bool


@dataclass(frozen=True, slots=True)
class Found:
    """How long it took in each run, in seconds; None where it was not found in five days."""

    case: Case
    delays_s: Sequence[int | None]
    theory_h: tuple[float, float]
    """In how many hours the data can show it half of the times, and in 95 % of them."""

    @property
    def median_h(self) -> float | None:
        """The median delay in hours; None if most were not found."""
        return _hours(median(self._known))

    @property
    def most_h(self) -> float | None:
        """In how many hours 95 % were found; None if they were not."""
        return _hours(sorted(self._known)[int(0.95 * (len(self._known) - 1))])

    @property
    def _known(self) -> list[float]:
        return [float("inf") if delay is None else delay for delay in self.delays_s]


def _hours(seconds: float) -> float | None:
    return seconds / HOUR_S if seconds < float("inf") else None


CASES: Final = tuple(
    Case(rate, sigma, is_new) for is_new in (False, True) for rate in RATES for sigma in SIGMAS
)


def measure_losses(case: Case, runs: int, seed: int) -> Found:
    """One case, so many times."""
    random = default_rng([seed, CASES.index(case)])
    return Found(case, _delays(case, runs, random), _theory(case))


def _theory(case: Case) -> tuple[float, float]:
    half, most = (
        orders_needed(BAD, case.sigma, case.orders_an_hour, power)[1] for power in (0.5, 0.95)
    )
    return half, most


def _delays(case: Case, runs: int, random: Generator) -> list[int | None]:
    campaigns = [_campaign(case, number) for number in range(runs)]
    leaf = Line(KPI, "24h", "below", 1.0)
    condition = Any(tuple(Line(KPI, window, "below", 1.0) for window in WINDOWS))
    rules = [
        rule_of(one.name, leaf, condition, slice={**ALL, "campaign": one.name}) for one in campaigns
    ]
    feed = Feed(plan_of(rules, WINDOWS))
    begins_s = START_S + 3 * 24 * HOUR_S
    if not case.is_new:
        for at_s in range(START_S, begins_s, PANE_S):
            _send(feed, campaigns, at_s, random)
    feed.judge()
    losing = [replace(one, return_on_ad_spend=BAD) for one in campaigns]
    found: dict[str, int] = {}
    for at_s in range(begins_s, begins_s + LONGEST_S, PANE_S):
        _send(feed, losing, at_s, random)
        for alert in feed.judge():
            found.setdefault(alert.rule, at_s + PANE_S - begins_s)
        if len(found) == runs:
            break
    return [found.get(one.name) for one in campaigns]


def _campaign(case: Case, number: int) -> Campaign:
    clicks = case.orders_an_hour / ORDERS_A_CLICK
    name = f"campaign_{number:03d}"
    # The price of a click is what changes; as many come, and as many of them buy.
    return Campaign(
        "search", name, 20 * clicks, 0.05, 1.0, ORDERS_A_CLICK, ORDER_VALUE, case.sigma, GOOD
    )


def _send(feed: Feed, campaigns: Sequence[Campaign], at_s: int, random: Generator) -> None:
    pane: dict[Slice, Mapping[str, Sums]] = {}
    for campaign in campaigns:
        [pane[campaign.part]] = happened(campaign, np.array([PANE_S / HOUR_S]), random)
    feed.send([(PANE_S, at_s, pane)], at_s + PANE_S)
