from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from kpistream.edges.emitter.scenario import Faults, Phase, Scenario
from kpistream.edges.emitter.shipped import CAMPAIGNS, SCENARIOS, STEADY, STORY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.traffic import ScenarioError, Traffic


def test_the_shipped_scenarios_are_found_by_their_names() -> None:
    assert {name: scenario.name for name, scenario in SCENARIOS.items()} == {
        "story": "story",
        "steady": "steady",
        "chaos": "chaos",
    }


def test_every_channel_has_several_campaigns() -> None:
    channels = Counter(campaign.channel for campaign in CAMPAIGNS)
    assert set(channels) == {"search", "social", "display", "email", "direct", "affiliate"}
    assert min(channels.values()) >= 2


def test_phases_follow_each_other_without_a_gap() -> None:
    spans = STORY.spans(start_ms=1_000, duration_s=100)
    assert [span.phase.name for span in spans] == [
        "calm",
        "launch",
        "fatigue",
        "slump",
        "recovery",
    ]
    assert [(span.start_ms, span.end_ms) for span in spans] == [
        (1_000, 21_000),
        (21_000, 27_000),
        (27_000, 41_000),
        (41_000, 59_000),
        (59_000, 101_000),
    ]


def test_phases_that_do_not_fill_the_duration_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"phases of 'short' add up to 0\.5, not 1"):
        Scenario(name="short", campaigns=CAMPAIGNS, phases=(Phase("only", 0.5),))


def test_a_phase_that_changes_an_unknown_campaign_is_refused() -> None:
    phase = Phase("only", 1.0, {"winter_sale": Traffic()})
    with pytest.raises(ScenarioError, match="phase 'only' changes unknown campaigns"):
        Scenario(name="typo", campaigns=CAMPAIGNS, phases=(phase,))


def test_two_campaigns_of_one_name_are_refused() -> None:
    with pytest.raises(ScenarioError, match="campaign names of 'steady' must be unique"):
        replace(STEADY, campaigns=CAMPAIGNS + CAMPAIGNS[:1])


def test_faults_that_hit_more_than_every_event_are_refused() -> None:
    with pytest.raises(ScenarioError, match="shares of faults"):
        Faults(duplicate=0.7, delayed=0.4)


@pytest.mark.parametrize(("rate", "duration_s"), [(0, 10), (10, 0), (-1, 10)])
def test_a_simulation_of_nothing_is_refused(rate: float, duration_s: float) -> None:
    with pytest.raises(ScenarioError, match="both must be above 0"):
        Simulator(STEADY, rate, 1, 0, duration_s)
