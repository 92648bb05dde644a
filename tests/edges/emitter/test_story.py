"""The story tells what it is meant to tell: the values are computed from the emitted events."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cache

import pytest

from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.shipped import STEADY, STORY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally

START_MS = 1_760_000_000_000
PAID = ("search", "social", "display", "email", "affiliate")
SEEDS = (1, 2, 42)


def tally(emissions: Iterable[Emission]) -> Tally:
    counted = Tally()
    for emission in emissions:
        counted.enter(emission)
    return counted


def roas(counted: Tally, channel: str | None = None, campaign: str | None = None) -> float:
    spent = counted.amount("cost", channel=channel, campaign=campaign)
    return counted.revenue(channel=channel, campaign=campaign) / spent


def unsubscribe_rate(counted: Tally) -> float:
    left = counted.count("email", channel="email", what="unsubscribed")
    return left / counted.count("email", channel="email", what="delivered")


class Story:
    """A story played once, and what any span of it holds."""

    def __init__(self, seed: int, rate: float, duration_s: float) -> None:
        simulator = Simulator(STORY, rate, seed, START_MS, duration_s)
        self.emissions = list(simulator)
        self.times = [emission.at_ms for emission in self.emissions]
        self.spans = {span.phase.name: span for span in simulator.spans}

    def during(self, phase: str) -> Tally:
        span = self.spans[phase]
        return self.between(span.start_ms, span.end_ms)

    def at_the_end_of(self, phase: str, window_s: float) -> Tally:
        """The values a rolling window shows in the last moment of a phase."""
        end_ms = self.spans[phase].end_ms
        return self.between(end_ms - round(window_s * 1000), end_ms)

    def rolling(self, phase: str, window_s: float) -> list[Tally]:
        """The values a rolling window shows every two seconds of a phase."""
        span = self.spans[phase]
        moments = range(span.start_ms + 2000, span.end_ms + 1, 2000)
        return [self.between(moment - round(window_s * 1000), moment) for moment in moments]

    def between(self, start_ms: int, end_ms: int) -> Tally:
        places = (bisect_left(self.times, moment) for moment in (start_ms, end_ms))
        return tally(self.emissions[slice(*places)])


@cache
def story_of(seed: int, rate: float, duration_s: float) -> Story:
    return Story(seed, rate, duration_s)


def test_steady_traffic_earns_three_to_five_times_what_it_costs() -> None:
    counted = tally(Simulator(STEADY, 400, 1, START_MS, 300))
    for channel in PAID:
        assert 3 < roas(counted, channel) < 5, channel
    assert unsubscribe_rate(counted) == pytest.approx(0.002, abs=0.0015)
    assert counted.amount("cost", channel="direct") == 0
    assert counted.revenue(channel="direct") > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_each_phase_has_its_values(seed: int) -> None:
    story = story_of(seed, 400, 180)
    calm, fatigue, slump, recovery = (
        story.during(phase) for phase in ("calm", "fatigue", "slump", "recovery")
    )
    assert unsubscribe_rate(calm) < 0.01
    assert unsubscribe_rate(fatigue) > 0.03
    assert unsubscribe_rate(recovery) < 0.01
    assert roas(calm, campaign="retargeting") > 2
    assert roas(slump, campaign="retargeting") < 0.3
    assert roas(slump, channel="display") < 0.6
    assert roas(recovery, campaign="retargeting") > 3
    for channel in ("search", "social", "affiliate"):
        assert roas(slump, channel) > 2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("rate", "duration_s"), [(200, 120), (300, 150), (400, 180)])
def test_a_window_of_a_minute_sees_the_troubles_come_and_go(
    seed: int, rate: float, duration_s: float
) -> None:
    story = story_of(seed, rate, duration_s)
    window_s = 60
    assert unsubscribe_rate(story.at_the_end_of("calm", window_s)) < 0.01
    assert unsubscribe_rate(story.at_the_end_of("fatigue", window_s)) > 0.025
    assert unsubscribe_rate(story.at_the_end_of("recovery", window_s)) < 0.01
    assert roas(story.at_the_end_of("calm", window_s), campaign="retargeting") > 1.8
    assert roas(story.at_the_end_of("slump", window_s), campaign="retargeting") < 0.8
    assert roas(story.at_the_end_of("recovery", window_s), campaign="retargeting") > 1.2
    below = [
        roas(counted, campaign="retargeting") < 1
        for phase in ("slump", "recovery")
        for counted in story.rolling(phase, window_s)
    ]
    assert 2 * below.count(True) >= 20


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("duration_s", [60, 120, 180])
def test_a_window_of_five_minutes_that_still_holds_the_calm_sees_the_troubles(
    seed: int, duration_s: float
) -> None:
    story = story_of(seed, 400, duration_s)
    assert unsubscribe_rate(story.at_the_end_of("calm", 300)) < 0.01
    assert unsubscribe_rate(story.at_the_end_of("fatigue", 300)) > 0.02
    assert roas(story.at_the_end_of("calm", 300), campaign="retargeting") > 1.8
    troubled = story.rolling("slump", 300) + story.rolling("recovery", 300)
    assert min(roas(counted, campaign="retargeting") for counted in troubled) < 0.95
