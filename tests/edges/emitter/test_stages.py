from __future__ import annotations

import pytest

from kpistream.edges.emitter.stages import STAGES, events_per_lead


def test_the_stages_lead_from_a_lead_to_a_deal() -> None:
    walk = ["lead"]
    while walk[-1] in STAGES:
        walk.append(STAGES[walk[-1]].following)
    assert walk == ["lead", "mql", "sql", "opportunity", "won"]


def test_the_expected_events_of_a_lead_are_its_stages_and_its_activities() -> None:
    reached = [1.0, 0.60, 0.60 * 0.55, 0.60 * 0.55 * 0.60]
    assert events_per_lead() == pytest.approx(2 * sum(reached) + reached[-1])
    assert events_per_lead("won") == 1
