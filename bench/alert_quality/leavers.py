"""Readers who leave: how soon a doubled unsubscribe rate is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np
from numpy.random import Generator, default_rng

from bench.alert_quality.feed import Feed, plan_of
from bench.alert_quality.rulebook import rule_of
from bench.alert_quality.shop import HOUR_S, OVERDISPERSION, START_S, Campaign, happened
from bench.alert_quality.theory import power_of_a_rise
from kpistream.core.alerting.rules.conditions import Any, Change, Condition
from kpistream.core.measuring.partials import Sums
from kpistream.core.slices import Slice

KPI: Final = "unsubscribe_rate"
RATE: Final = 0.003
TIMES: Final = 2.0
SENDING: Final = range(8, 20)
"""The hours of a day in which mails are sent."""

STEP_S: Final = 30
LOOKS: Final = 120
"""An hour after the rate doubled nobody waits any more."""

ALLOWED_S: Final = 900
"""Within so long it shall be found."""


def shape(*windows: str, against: str = "24h") -> Condition:
    """The unsubscribe rate rises by half over one of these windows."""
    parts = tuple(Change(KPI, window, "up", 0.5, against) for window in windows)
    return Any(parts) if len(parts) > 1 else parts[0]


SHAPES: Final = {
    "5m, 15m or 1h against 24h": shape("5m", "15m", "1h"),
    "15m against 24h": shape("15m"),
    "15m against before": shape("15m", against="before"),
    "1h against 24h": shape("1h"),
    "1h against before": shape("1h", against="before"),
}
"""Rules that might be shipped, the one in force today last."""


@dataclass(frozen=True, slots=True)
class Found:
    """How long it took in each case, in seconds; None where it was not found in an hour."""

    mails: int
    """In a sending hour."""
    shape: str
    delays_s: Sequence[int | None]

    @property
    def in_time(self) -> float:
        """The share found within :data:`ALLOWED_S`."""
        return sum(d is not None and d <= ALLOWED_S for d in self.delays_s) / len(self.delays_s)

    @property
    def median_s(self) -> float | None:
        """The median delay; None if most cases were not found."""
        middle = median(float("inf") if d is None else d for d in self.delays_s)
        return middle if middle < float("inf") else None

    @property
    def at_best(self) -> float:
        """How often 15 minutes of mails alone can show it, if the usual rate were known."""
        return power_of_a_rise(self.mails * RATE / 4, TIMES, ALLOWED_S)


def measure_leavers(
    mails: int, cases: int, seed: int, shapes: Mapping[str, Condition] = SHAPES
) -> list[Found]:
    """Double the rate at a random moment of a sending hour, in so many channels apart."""
    random = default_rng([seed, mails])
    return [
        Found(mails, name, _delays(mails, condition, cases, random))
        for name, condition in shapes.items()
    ]


def _delays(mails: int, condition: Condition, cases: int, random: Generator) -> list[int | None]:
    channels = [_channel(number, mails) for number in range(cases)]
    leaf = Change(KPI, "15m", "up", 0.5)
    rules = [
        rule_of(channel.name, leaf, condition, slice={"channel": channel.channel})
        for channel in channels
    ]
    feed = Feed(plan_of(rules, ("5m", "15m", "1h", "24h")))
    begins_s = START_S + 24 * HOUR_S + SENDING[2] * HOUR_S + int(random.integers(0, 120)) * STEP_S
    _past(feed, channels, begins_s, random)
    feed.judge()
    found: dict[str, int] = {}
    doubled = [replace(channel, unsubscribe_rate=TIMES * RATE) for channel in channels]
    for look in range(1, LOOKS + 1):
        _send(feed, doubled, begins_s + (look - 1) * STEP_S, 10, STEP_S // 10, random)
        for alert in feed.judge():
            found.setdefault(alert.rule, look * STEP_S)
    return [found.get(channel.name) for channel in channels]


def _channel(number: int, mails: int) -> Campaign:
    name = f"email_{number:03d}"
    return Campaign(name, name, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, mails, RATE)


def _past(feed: Feed, channels: Sequence[Campaign], until_s: int, random: Generator) -> None:
    """A day and some hours, the last ones in finer panes as their age asks for."""
    at_s = START_S
    while at_s < until_s:
        width_s = 900 if at_s % 900 == 0 and at_s + 900 <= until_s - 7_200 else 60
        width_s = 10 if at_s >= until_s - 900 or at_s + 60 > until_s - 900 else width_s
        _send(feed, channels, at_s, width_s, 1, random)
        at_s += width_s


def _send(
    feed: Feed,
    channels: Sequence[Campaign],
    at_s: int,
    width_s: int,
    pieces: int,
    random: Generator,
) -> None:
    hour = (at_s - START_S) // HOUR_S % 24
    busy = width_s / HOUR_S if hour in SENDING else 0.0
    hours = np.full(pieces, busy)
    panes: list[dict[Slice, Mapping[str, Sums]]] = [{} for _ in range(pieces)]
    for channel in channels:
        level = random.gamma(OVERDISPERSION, 1 / OVERDISPERSION)
        for pane, by_event in zip(panes, happened(channel, hours * level, random), strict=True):
            pane[channel.part] = by_event
    feed.send(
        [(width_s, at_s + n * width_s, pane) for n, pane in enumerate(panes)],
        at_s + pieces * width_s,
    )
