"""Conditions that learn: seasons, unusual values, drifts, forecasts, on a past that is made up."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date

import pytest

from kpistream.core.alerting.chance.uncertainty import Uncertainty
from kpistream.core.alerting.past.history import History
from kpistream.core.alerting.rules import conditions as c
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.alerting.scales.blocks import Blocks
from kpistream.core.alerting.scales.building import ScaleBuilder
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Scale
from kpistream.core.measuring.partials import Sums
from kpistream.core.monitoring.kpi_reader import KpiReader
from kpistream.core.monitoring.progress import Status
from kpistream.core.monitoring.readings import Reading
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice
from kpistream.core.statistics.looks import over_looks
from kpistream.core.windows.days import Days
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
        self.before: Sums | None = None
        self.history = History({(): frozenset({"clicks", "impressions"})}, Days())
        for days in range(9 * 7, -1, -1):
            self.history.learn(Told(past), NOW - days * DAY)

    def sums(self, part: Slice, index: int, *, before: bool = False) -> Sums:
        """The present, or what the hours of the window had."""
        if before and self.before is not None:
            return self.before
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

    def has_special(self, lo_s: float, hi_s: float) -> bool:
        """Whether a span has one."""
        return any(Days().date(at) in self.special for at in range(int(lo_s), int(hi_s), HOUR))

    def status(self, objective: str) -> Status | None:
        """There are none."""
        return None

    def is_as_old(self, part: Slice, age_s: float) -> bool:
        """It has been there for ever."""
        return True

    def bounds_before(self, index: int) -> tuple[float, float]:
        """As long as the window."""
        start, end = self.bounds(index)
        return 2 * start - end, start

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


# -- what a simulation of quiet weeks taught -------------------------------------------------------


def nights_and_days(start_s: int) -> Sums:
    """A click-through rate of 2 % for ever, on 40 impressions an hour at night, 40,000 by day."""
    dice = random.Random(start_s)
    impressions = 40_000 if 8 <= start_s // HOUR % 24 < 20 else 40
    clicks = sum(dice.random() < 0.02 for _ in range(min(impressions, 40)))
    return {"clicks": clicks if impressions == 40 else 800, "impressions": impressions}


@pytest.mark.parametrize(("impressions", "expected"), [(40, False), (40_000, True)])
def test_few_events_are_no_more_unusual_than_chance_makes_them(
    impressions: int, expected: bool
) -> None:
    """Four times the usual rate: of 40 impressions that is three clicks."""
    leaf = c.Unusual("click_through_rate", "1h", "up")
    now = {"clicks": round(0.1 * impressions), "impressions": impressions}
    scale, look, _ = looked(leaf, nights_and_days, now)
    p = scale.weigh(look)

    assert scale.plain(look) is True
    assert p is not None
    assert (p < 0.05) is expected


@pytest.mark.parametrize(("impressions", "expected"), [(170, False), (17_000, True)])
def test_no_click_on_few_impressions_is_not_against_the_season(
    impressions: int, expected: bool
) -> None:
    """Of 170 at 3 % none is clicked once in 180 hours; the logarithm of nothing is far off."""
    leaf = c.Change("click_through_rate", "1h", "down", 0.2, c.SEASON)

    def past(start_s: int) -> Sums:
        return {"clicks": 300 + start_s // HOUR % 7, "impressions": 10_000}

    scale, look, _ = looked(leaf, past, {"clicks": 0, "impressions": impressions})
    p = scale.weigh(look)

    assert p is not None
    assert (p < 0.05) is expected


@pytest.mark.parametrize("hours", [0, 11])
@pytest.mark.parametrize(
    "leaf", [c.Unusual("clicks", "24h", "any"), c.Change("clicks", "24h", "up", 0.5, c.SEASON)]
)
def test_a_window_that_holds_some_of_a_special_day_is_not_judged_by_others(
    leaf: c.Leaf, hours: int
) -> None:
    scale, look, desk = looked(leaf, busy(7), {"clicks": 90_000, "impressions": 900_000})
    assert scale.plain(look) is True

    scale, look, desk = looked(leaf, busy(7), {"clicks": 90_000, "impressions": 900_000})
    desk.special = {Days().date(NOW - hours * HOUR)}
    assert scale.plain(look) is None
    assert scale.weigh(look) is None


def test_what_is_past_is_cut_in_the_same_pieces_whenever_it_is_looked_at() -> None:
    """Or else an hour later there were other days to be tested, and with them other chances."""
    _, look, _ = looked(c.Drift("clicks", "24h", "any"), busy(8))
    plan = build.plan(events=["impression", "click"])
    measured = ScaleBuilder(plan, rule(kpi="clicks", window="24h")).measured("clicks", "24h")
    blocks = Blocks(measured, 30)
    first = blocks.of(look)
    look.now_s += 5 * HOUR

    assert {block.start_s % DAY for block in first} == {0}
    assert blocks.of(look) == first


def test_pieces_that_follow_each_other_are_those_that_are_read_at_once() -> None:
    _, look, desk = looked(c.Drift("clicks", "1h", "any"), busy(9))
    plan = build.plan(events=["impression", "click"])
    measured = ScaleBuilder(plan, rule(kpi="clicks", window="1h")).measured("clicks", "1h")
    followed = Blocks(measured, 100)
    for hour in range(40, -1, -1):
        look.now_s = NOW - hour * HOUR
        followed.of(look)

    assert len(followed.of(look)) > 90
    assert followed.of(look) == Blocks(measured, 100).of(look)
    assert any(sums is not None for _, sums in desk.history.slots((), NOW - DAY, NOW))


def test_values_that_do_not_scatter_for_want_of_events_foretell_nothing() -> None:
    """No click for a month: that all days are alike tells of 50 impressions, not of the future."""
    leaf = c.Forecast("click_through_rate", "24h", "below", 0.01, 3 * DAY)

    def past(start_s: int) -> Sums:
        return {"impressions": 50} if start_s % DAY == 0 else {}

    scale, look, _ = looked(leaf, past)

    assert scale.weigh(look) is None


@pytest.mark.parametrize(("window", "pasts"), [("1h", 6), ("24h", 20)])
def test_a_drift_is_rarely_seen_in_five_quiet_weeks(window: str, pasts: int) -> None:
    """With three weeks to tell what is usual, each hour of the week was there three times."""
    ps = []
    for seed in range(pasts):
        steady = rate(lambda _: 1.0, 100 + seed)

        def young(start_s: int, past: Past = steady) -> Sums | None:
            return past(start_s) if start_s >= NOW - 5 * WEEK - 2 * DAY else None

        scale, look, _ = looked(c.Drift("click_through_rate", window, "any"), young)
        ps.append(scale.weigh(look))

    assert None not in ps
    assert sum(p is not None and p < 0.05 for p in ps) <= 1


def test_against_the_window_before_chance_moves_half_as_fast_again() -> None:
    """Sums of 1 h enter and leave at three edges, of which the middle one counts double."""
    leaf = c.Change("clicks", "1h", "up", 0.2)
    now, then = {"clicks": 300, "impressions": 9_000}, {"clicks": 200, "impressions": 9_000}
    scale, look, desk = looked(leaf, busy(10), now)
    desk.before = then
    p = Uncertainty(build.shipped_catalogue().kpis["clicks"], build.shipped_catalogue(), "EUR")

    assert scale.weigh(look) == over_looks(p.change(now, then, "rises"), HOUR / 1.5)


@pytest.mark.parametrize("window", ["1h", "24h"])
def test_how_far_chance_moves_a_value_is_told_by_the_longest_window(window: str) -> None:
    """Of so many clicks in so many impressions: sqrt((1 - p) / p / n) of the rate, for n = 1."""
    _, look, desk = looked(c.Drift("click_through_rate", window, "any"), rate(lambda _: 1.0))
    plan = build.plan(events=["impression", "click"])
    of = rule(kpi="click_through_rate", window=window)
    measured = ScaleBuilder(plan, of).measured("click_through_rate", window)
    day = desk.sums((), 2)
    share = day["clicks"] / day["impressions"]

    assert plan.windows[2].name == "24h"
    assert measured.error_by_event(look) == pytest.approx(math.sqrt((1 - share) / share))
