from __future__ import annotations

import re

import pytest

from kpistream.edges.emitter.traffic import ScenarioError, Traffic


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"click_through": 1.2}, "click_through is 1.2, not between 0 and 1.0"),
        ({"impressions": -1.0}, "impressions is -1.0, not between 0 and inf"),
        ({"bounce": 0.9, "conversion": 0.2}, "conversion is 0.2, above 1 - bounce"),
        ({"open": 0.1, "unsubscribe": 0.2}, "unsubscribe is 0.2, above the opens by people"),
    ],
)
def test_what_no_public_can_do_is_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(message)):
        Traffic(**values)


def test_the_expected_events_follow_each_step_to_the_next() -> None:
    traffic = Traffic(impressions=100, click_through=0.1, arrival=0.5, conversion=0.2, refund=0.5)
    assert traffic.events == pytest.approx(100 + 10 + 5 + 1 + 0.5)
