"""Conditions that learn: seasons, unusual values, drifts, forecasts, on a past that is made up."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date

import pytest

from kpistream.core.alerting import conditions as c
from kpistream.core.alerting.history import History
from kpistream.core.alerting.rules import Rule
from kpistream.core.alerting.scales.building import ScaleBuilder
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Scale
from kpistream.core.days import Days
from kpistream.core.kpi_reader import KpiReader
from kpistream.core.partials import Sums
from kpistream.core.plan import Plan
from kpistream.core.progress import Status
from kpistream.core.readings import Reading
from kpistream.core.slices import Slice
from tests.support import builders as build
from tests.support.alerting import rule

HOUR, DAY, WEEK = 3_600, 86_400, 7 * 86_400
NOW = 1_772_359_200
"""A Sunday, 10 o'clock."""

Past = Callable[[int], Sums | None]
"""The sums of the hour that starts at a moment; None is a gap."""


class Told:
    """Slices whose past a function tells."""

    def __init__(self, past: Past) -> None:
        self.slices = [()]
        self._past = past

    def sums_between(self, part: Slice, lo_s: int, hi_s: int) -> Sums | None:
        """What an hour had."""
        return self._past(lo_s)


class MadeUp:
    """A desk over nine weeks that a function tells; the present is its last hours unless said."""

    def __init__(self, plan: Plan, past: Past, now: Sums | None = None) -> None:
        self._plan = plan
        self._past = past
        self._now = now
        self.special: set[date] = set()
        self.history = History({(): frozenset({"clicks", "impressions"})}, Days())
        for days in range(9 * 7, -1, -1):
            self.history.learn(Told(past), NOW - days * DAY)

    def sums(self, part: Slice, index: int, *, before: bool = False) -> Sums:
        """The present, or what the hours of the window had."""
        if self._now is not None:
            return self._now
        total: Sums = {}
        start, end = self.bounds(index)
        for hour in range(int(start), int(end), HOUR):
            for name, amount in (self._past(hour) or {}).items():
                total[name] = total.get(name, 0) + amount
        return total

    def reading(self, part: Slice, kpi: str, index: int) -> Reading | None:
        """As the monitor reads it."""
        reader = KpiReader(self._plan, kpi)
        return reader.read(self._plan.windows[index].name, part, self.sums(part, index), NOW)

    def named_reading(self, part: Slice, kpi: str, window: str) -> Reading | None:
        """The same by name."""
        names = [one.name for one in self._plan.windows]
        return self.reading(part, kpi, names.index(window))

    def bounds(self, index: int) -> tuple[float, float]:
        """The window up to now."""
        return NOW - (self._plan.windows[index].length_s or 0), NOW

    def is_special(self, on: date) -> bool:
        """Whether a day is a holiday."""
        return on in self.special

    def is_special_at(self, at_s: float) -> bool:
        """Whether the day of an instant is."""
        return Days().date(at_s) in self.special

    def status(self, objective: str) -> Status | None:
        """There are none."""
        return None

    def born_s(self, part: Slice) -> float:
        """Long ago."""
        return 0.0

    def settled_index(self, window: str, rule_settle_s: float | None, kpi: str) -> int:
        """Nothing settles here."""
        raise AssertionError


def scale_of(when: c.Condition, plan: Plan) -> Scale:
    """The scale of a condition."""
    return ScaleBuilder(plan, plan.rules[0]).build(when)


def looked(when: c.Leaf, past: Past, now: Sums | None = None) -> tuple[Scale, Look, MadeUp]:
    """A condition that looks at a made up past."""
    of: Rule = rule(kpi=when.kpi, window=when.window, when=when, slice={}, confidence=0.95)
    plan = build.plan(events=["impression", "click"], rules=[of])
    desk = MadeUp(plan, past, now)
    look = Look(desk)
    look.now_s = NOW
    return scale_of(when, plan), look, desk


def busy(seed: int, level: Callable[[int], float] = lambda _: 1.0) -> Past:
    """Clicks with a daily and a weekly season, and chance; the level may move."""
    dice = random.Random(seed)
    hours: dict[int, Sums] = {}

    def past(start_s: int) -> Sums:
        if start_s not in hours:
            daily = 1 + 0.6 * math.sin(start_s / DAY * 2 * math.pi)
            weekly = 1 + 0.3 * math.sin(start_s / WEEK * 2 * math.pi)
            mean = 400 * daily * weekly * level(start_s)
            clicks = max(0, round(dice.gauss(mean, math.sqrt(mean))))
            hours[start_s] = {"clicks": clicks, "impressions": 40 * clicks}
        return hours[start_s]

    return past


FALLS = c.Change("clicks", "1h", "down", 0.3, c.SEASON)


def test_a_season_is_the_median_of_the_same_hour_of_past_weeks() -> None:
    scale, look, desk = looked(FALLS, busy(1))
    same_hours = [(desk._past(NOW - HOUR - n * WEEK) or {})["clicks"] for n in range(1, 9)]

    assert scale.baseline(look) == pytest.approx(sorted(same_hours)[4], rel=0.1)
    assert scale.plain(look) is False
    assert scale.weigh(look) == 1.0


def test_half_of_what_the_season_says_is_beyond_chance() -> None:
    scale, look, _ = looked(FALLS, busy(2), {"clicks": 200, "impressions": 8000})
    expected = scale.baseline(look)

    assert expected is not None
    assert expected > 350
    p = scale.weigh(look)
    assert p is not None
    assert p < 0.05
    assert scale.evidence(look).line == expected


def test_a_night_is_not_compared_with_a_day() -> None:
    """At its daily low the traffic is a quarter of the high, and nothing is wrong."""
    scale, look, _ = looked(c.Change("clicks", "1h", "any", 0.5, c.SEASON), busy(3))

    assert scale.plain(look) is False


def test_on_a_special_day_nothing_is_compared_with_a_season() -> None:
    scale, look, desk = looked(FALLS, busy(4), {"clicks": 10, "impressions": 400})
    desk.special = {Days().date(NOW)}

    assert scale.weigh(look) is None


def test_special_days_are_left_out_of_a_season() -> None:
    """Half of the past Sundays were sales: without them the season is as ever."""
    sales = {Days().date(NOW - n * WEEK) for n in range(1, 5)}

    def past(start_s: int) -> Sums:
        factor = 10 if Days().date(start_s) in sales else 1
        return {"clicks": 400 * factor, "impressions": 16_000 * factor}

    scale, look, desk = looked(FALLS, past)
    desk.special = sales

    assert scale.baseline(look) == 400


@pytest.mark.parametrize("weeks", [0, 1, 2])
def test_too_few_weeks_say_nothing(weeks: int) -> None:
    def past(start_s: int) -> Sums | None:
        return (
            {"clicks": 400, "impressions": 16_000} if start_s > NOW - weeks * WEEK - DAY else None
        )

    scale, look, _ = looked(FALLS, past, {"clicks": 40, "impressions": 1600})

    assert scale.weigh(look) is None


def test_a_gap_is_no_zero() -> None:
    def past(start_s: int) -> Sums | None:
        is_gap = start_s // WEEK % 2 == 0
        return None if is_gap else {"clicks": 400, "impressions": 16_000}

    scale, look, _ = looked(FALLS, past, {"clicks": 390, "impressions": 16_000})

    assert scale.baseline(look) == 400


@pytest.mark.parametrize(
    ("way", "clicks", "expected"),
    [("up", 900, True), ("up", 420, False), ("down", 60, True), ("any", 900, True)],
)
def test_a_value_far_from_its_weighted_mean_is_unusual(
    way: c.Way, clicks: int, expected: bool
) -> None:
    dice = random.Random(5)
    hours: dict[int, int] = {}

    def past(start_s: int) -> Sums:
        found = hours.setdefault(start_s, round(dice.gauss(400, 20)))
        return {"clicks": found, "impressions": 16_000}

    leaf = c.Unusual("clicks", "1h", way)
    scale, look, _ = looked(leaf, past, {"clicks": clicks, "impressions": 16_000})

    assert scale.plain(look) is expected
    assert scale.baseline(look) == pytest.approx(400, abs=15)
    p = scale.weigh(look)
    assert p is not None
    assert (p < 0.05) is expected


def rate(level: Callable[[int], float], seed: int = 6) -> Past:
    """A click-through rate of about 2 %, times a level that may move from day to day."""
    dice = random.Random(seed)
    hours: dict[int, Sums] = {}

    def past(start_s: int) -> Sums:
        if start_s not in hours:
            clicks = round(dice.gauss(40 * level(start_s), 6))
            hours[start_s] = {"clicks": clicks, "impressions": 2000}
        return hours[start_s]

    return past


def test_a_slow_and_lasting_move_is_a_drift() -> None:
    """The rate loses 8 % in the last ten days: no single day shows it."""
    leaf = c.Drift("click_through_rate", "24h", "down")
    scale, look, _ = looked(leaf, rate(lambda at: 0.92 if at > NOW - 10 * DAY else 1.0))
    p = scale.weigh(look)

    assert p is not None
    assert p < 0.05


def test_what_does_not_move_is_rarely_a_drift() -> None:
    """Of forty pasts without a move, one in twenty may look so in a week."""
    leaf = c.Drift("click_through_rate", "24h", "any")
    ps = []
    for seed in range(40):
        scale, look, _ = looked(leaf, rate(lambda _: 1.0, seed))
        ps.append(scale.weigh(look))

    assert sum(1 for p in ps if p is None or p < 0.05) <= 5


def test_a_drift_in_the_other_direction_is_none() -> None:
    leaf = c.Drift("click_through_rate", "24h", "up")
    scale, look, _ = looked(leaf, rate(lambda at: 0.9 if at > NOW - 10 * DAY else 1.0))

    assert scale.plain(look) is False


def falling(at: int) -> float:
    """From 1.5 four weeks ago to 1.0 now."""
    return 1.0 + 0.5 * max(0.0, NOW - at) / (28 * DAY)


@pytest.mark.parametrize(
    ("line", "days", "expected"), [(0.0195, 14, True), (0.0195, 1, False), (0.012, 3, False)]
)
def test_a_trend_that_leads_past_a_line_is_told_in_time(
    line: float, days: int, expected: bool
) -> None:
    leaf = c.Forecast("click_through_rate", "24h", "below", line, days * DAY)
    scale, look, _ = looked(leaf, rate(falling))
    p = scale.weigh(look)

    assert p is not None
    assert (p < 0.05) is expected


def test_without_a_trend_nothing_is_foretold() -> None:
    leaf = c.Forecast("click_through_rate", "24h", "below", 0.0185, 7 * DAY)
    scale, look, _ = looked(leaf, rate(lambda _: 1.0))
    p = scale.weigh(look)

    assert p is not None
    assert p > 0.05
