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


NOTHING_ELSE = dict.fromkeys(
    ("interaction", "recall_survey", "cta", "abandon", "account", "nps_survey"), 0.0
)


def test_the_expected_events_follow_each_step_to_the_next() -> None:
    traffic = Traffic(
        impressions=100,
        click_through=0.1,
        arrival=0.5,
        conversion=0.2,
        express=1,
        guest=1,
        refund=0.5,
        **NOTHING_ELSE,
    )
    assert traffic.events(customers=0.5) == pytest.approx(100 + 10 + 5 + 1 + 0.5)


def test_carts_new_customers_and_answers_are_expected_too() -> None:
    values = NOTHING_ELSE | {"abandon": 0.1, "nps_survey": 0.5, "cta": 0.2, "account": 0.5}
    traffic = Traffic(
        visits=100, bounce=0.5, conversion=0.1, express=0.5, guest=0, refund=0, lead=0, **values
    )
    carts, created, answers, managed = 10 + 10 + 10 * 0.5 * 2 - 10, 10 * 0.75, 5, 30 * 0.25
    assert traffic.events(customers=0.25) == pytest.approx(
        100 + 10 + carts + created + answers + managed + 10
    )


def test_what_follows_a_session_that_bounces_is_left_out() -> None:
    traffic = Traffic(
        visits=1, bounce=0.75, conversion=0.25, express=1, guest=1, abandon=1, account=1
    )
    without = Traffic(
        visits=1, bounce=0.75, conversion=0.25, express=1, guest=1, abandon=0, account=0
    )
    assert traffic.events(customers=1) == without.events(customers=1)


def test_who_clicks_does_not_react_as_well() -> None:
    assert Traffic(click_through=0.995, interaction=0.5).reactions == pytest.approx(0.005)
