"""What the emitter says it emitted is what the core measures, and the story sets off its alerts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import Vocabulary
from kpistream.core.alerting.rules.rules_file import load_rules
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.driver import Driver
from kpistream.core.events.events import DEFAULT_TOPICS
from kpistream.core.events.outcomes import Outcome
from kpistream.core.money.money import units_per_major
from kpistream.core.plan import Plan
from kpistream.core.slices import Slicing
from kpistream.core.windows.windows import parse_window
from kpistream.edges.emitter.scenario import Scenario
from kpistream.edges.emitter.shipped import CHAOS, STEADY, STORY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally

ROOT = Path(__file__).parents[3]
START_MS = 1_760_000_000_000
WINDOWS = ("1m", "5m", "1h")
SETS = ((), ("channel",), ("channel", "campaign"))


@pytest.fixture(scope="module")
def plan() -> Plan:
    catalogue = Catalogue.load(text("kpistream/catalogue.yml"), "catalogue.yml")
    vocabulary = Vocabulary(list(catalogue.kpis), WINDOWS, ("channel", "campaign"), SETS)
    return Plan(
        catalogue=catalogue,
        topics=DEFAULT_TOPICS,
        slicing=Slicing(SETS),
        windows=tuple(parse_window(name) for name in WINDOWS),
        rules=load_rules(text("alerts/demo.yml"), "demo.yml", vocabulary),
    )


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


class Played:
    """A scenario that went through the core, the alerts it raised, and what was emitted."""

    def __init__(self, plan: Plan, scenario: Scenario, seed: int, duration_s: float) -> None:
        self.driver = Driver(plan)
        self.tally = Tally()
        self.alerts: list[Alert] = []
        for emission in Simulator(scenario, 300, seed, START_MS, duration_s):
            self.tally.enter(emission)
            self.alerts += self.driver.feed(emission.event_type, emission.value, emission.at_ms)
        self.alerts += self.driver.finish()

    def outcomes(self) -> dict[Outcome, int]:
        found = Counter[Outcome]()
        for counts in self.driver.counts.values():
            for (outcome, _), records in counts.items():
                found[outcome] += records
        return dict(found)

    def course(self) -> list[tuple[str, AlertState, int]]:
        """Which alert fired or was resolved, and after how many seconds."""
        return [
            (alert.rule, alert.state, round(alert.changed_at - START_MS / 1000))
            for alert in self.alerts
            if alert.state in (AlertState.firing, AlertState.resolved)
        ]


@pytest.fixture(scope="module")
def chaos(plan: Plan) -> Played:
    return Played(plan, CHAOS, seed=4, duration_s=120)


def test_each_record_of_chaos_ends_as_the_tally_says(chaos: Played) -> None:
    assert chaos.outcomes() == chaos.tally.outcomes()


def test_revenue_and_cost_of_chaos_are_exact(chaos: Played) -> None:
    total = chaos.driver.reading("return_on_ad_spend", "5m")
    assert total is not None
    assert total.denominator is not None
    major = units_per_major("EUR")
    assert total.numerator == chaos.tally.revenue() / major
    assert total.denominator == chaos.tally.amount("cost") / major


COUNTED = {
    "impressions": ("impression", ""),
    "clicks": ("click", "ad"),
    "cta_clicks": ("click", "cta"),
    "sessions": ("session", ""),
    "orders": ("order", "purchase"),
    "carts_created": ("cart", "created"),
    "carts_checked_out": ("cart", "checked_out"),
    "interactions": ("interaction", None),
    "shares": ("interaction", "share"),
    "leads": ("lead", "lead"),
    "marketing_qualified_leads": ("lead", "mql"),
    "sales_qualified_leads": ("lead", "sql"),
    "opportunities": ("lead", "opportunity"),
    "won_leads": ("lead", "won"),
    "calls": ("activity", "call"),
    "new_customers": ("customer", "created"),
    "churned_customers": ("customer", "churned"),
    "nps_answers": ("survey", "nps"),
    "recall_answers": ("survey", "recall"),
}
"""Measures of the shipped catalogue that count, and what the tally calls the same."""


@pytest.mark.parametrize("channel", [None, "email"])
def test_each_type_of_event_is_measured_as_the_tally_says(
    chaos: Played, channel: str | None
) -> None:
    sums = chaos.driver.view((("channel", channel),) if channel else (), "5m")
    assert {name: sums.get(name, 0) for name in COUNTED} == {
        name: chaos.tally.count(event, what=what, outcome=Outcome.accepted, channel=channel)
        for name, (event, what) in COUNTED.items()
    }


@pytest.mark.parametrize("channel", [None, "search"])
def test_money_and_other_figures_are_measured_as_the_tally_says(
    chaos: Played, channel: str | None
) -> None:
    sums = chaos.driver.view((("channel", channel),) if channel else (), "5m")
    tally = chaos.tally
    assert sums["gross_revenue@EUR"] == tally.amount("order", what="purchase", channel=channel)
    assert sums["marketing_cost@EUR"] == tally.amount("cost", channel=channel)
    assert sums["opportunity_value@EUR"] == tally.amount(
        "lead", what="opportunity", channel=channel
    )
    assert sums["monthly_recurring_revenue@EUR"] == tally.recurring_revenue(channel=channel)
    assert sums["session_time"] == tally.total("session", channel=channel)
    assert sums["recalls"] == tally.total("survey", what="recall", channel=channel)
    assert sums["customer_lifetimes"] == tally.total("customer", channel=channel) * 86_400_000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_story_sets_off_its_two_alerts_and_resolves_them(plan: Plan, seed: int) -> None:
    played = Played(plan, STORY, seed, duration_s=180)
    course = [(rule, state) for rule, state, _ in played.course()]
    fired, resolved = AlertState.firing, AlertState.resolved
    assert course == [
        ("unsubscribe_rate_rising", fired),
        ("roas_below_one", fired),
        ("unsubscribe_rate_rising", resolved),
        ("roas_below_one", resolved),
    ]
    slices = {alert.rule: dict(alert.slice) for alert in played.alerts if alert.state is fired}
    assert slices["roas_below_one"] == {"channel": "display", "campaign": "retargeting"}


@pytest.mark.parametrize("seed", [1, 2])
def test_no_campaign_of_steady_traffic_earns_less_than_it_costs(plan: Plan, seed: int) -> None:
    played = Played(plan, STEADY, seed, duration_s=180)
    assert "roas_below_one" not in {rule for rule, _, _ in played.course()}
