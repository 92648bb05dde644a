from __future__ import annotations

import time
from collections import Counter
from itertools import islice, pairwise
from typing import Any

import pytest

from kpistream.core.events.decode import Decoder
from kpistream.core.events.event_types import SHIPPED
from kpistream.core.events.events import Cost, Event, Order
from kpistream.core.events.outcomes import Rejected
from kpistream.core.money.money import SCALE, Money
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.scenario import Scenario
from kpistream.edges.emitter.shipped import CHAOS, SCENARIOS, STEADY, STORY
from kpistream.edges.emitter.simulator import Simulator

START_MS = 1_760_000_000_000
DECODERS = {name: Decoder(event_type.struct) for name, event_type in SHIPPED.items()}


def simulated(
    scenario: Scenario = STEADY, rate: float = 300, seed: int = 1, duration_s: float = 60
) -> list[Emission]:
    return list(Simulator(scenario, rate, seed, START_MS, duration_s))


def money_of(event: Event) -> Money | None:
    fields = (getattr(event, name, None) for name in ("revenue", "amount", "value", "mrr"))
    return next((field for field in fields if isinstance(field, Money)), None)


def decoded(emission: Emission) -> Event:
    event = DECODERS[emission.event_type].decode(emission.value)
    assert not isinstance(event, Rejected), (event, emission)
    return event


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_same_seed_makes_the_same_bytes(scenario: Scenario) -> None:
    assert simulated(scenario, seed=7) == simulated(scenario, seed=7)


def test_a_simulator_starts_anew_at_each_iteration() -> None:
    simulator = Simulator(STEADY, 300, 1, START_MS, 5)
    assert list(simulator) == list(simulator)


def test_another_seed_makes_other_events() -> None:
    ids = [{decoded(emission).event_id for emission in simulated(seed=seed)} for seed in (1, 2)]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_emissions_come_in_time_order_within_the_duration(scenario: Scenario) -> None:
    times = [emission.at_ms for emission in simulated(scenario)]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] >= START_MS
    assert times[-1] <= START_MS + 60_000


@pytest.mark.parametrize("rate", [20, 200, 500])
@pytest.mark.parametrize("scenario", [STEADY, STORY], ids=["steady", "story"])
def test_the_rate_is_the_mean_over_the_scenario(scenario: Scenario, rate: float) -> None:
    events = len(simulated(scenario, rate=rate, duration_s=150))
    assert events / 150 == pytest.approx(rate, rel=0.08)


@pytest.mark.parametrize("scenario", [STEADY, STORY], ids=["steady", "story"])
def test_every_event_is_one_that_the_core_accepts(scenario: Scenario) -> None:
    for emission in simulated(scenario):
        event = decoded(emission)
        labels = (event.channel or "", event.campaign or "")
        assert labels == (emission.entry.channel, emission.entry.campaign)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_every_type_of_event_is_emitted(scenario: Scenario) -> None:
    assert {emission.event_type for emission in simulated(scenario)} == set(SHIPPED)


def test_most_events_are_of_the_six_types_that_advertising_and_shops_send() -> None:
    usual = {"impression", "click", "session", "order", "cost", "email"}
    types = Counter(emission.event_type for emission in simulated(duration_s=120))
    assert 0.85 < sum(types[name] for name in usual) / types.total() < 0.95
    assert 0.45 < types["impression"] / types.total() < 0.53


def test_ids_are_unique() -> None:
    ids = [decoded(emission).event_id for emission in simulated()]
    assert len(ids) == len(set(ids))


def test_events_are_emitted_just_after_they_occurred() -> None:
    transits = [
        emission.at_ms - decoded(emission).occurred_at.timestamp() * 1000
        for emission in simulated()
        if emission.event_type != "cost"
    ]
    assert min(transits) > -1
    assert max(transits) <= 250


def test_orders_are_frequent_enough_to_divide_by() -> None:
    emissions = simulated(duration_s=120)
    orders = sum(emission.event_type == "order" for emission in emissions)
    assert 0.03 < orders / len(emissions) < 0.05


def test_no_effect_comes_before_its_cause() -> None:
    steps = {"impression": "click", "click": "session"}
    seen: dict[tuple[str | None, str], float] = {}
    for emission in simulated():
        event = decoded(emission)
        occurred_s = event.occurred_at.timestamp()
        if emission.entry.channel in ("search", "social", "display", "affiliate"):
            for cause, effect in steps.items():
                if emission.event_type == effect:
                    assert seen[event.visitor_id, cause] < occurred_s
        seen.setdefault((event.visitor_id, emission.event_type), occurred_s)


def test_orders_follow_sessions_and_refunds_pay_back_their_purchase() -> None:
    visitors: set[str | None] = set()
    bought: dict[str, int] = {}
    for emission in simulated(duration_s=120):
        event = decoded(emission)
        if emission.event_type == "session":
            visitors.add(event.visitor_id)
        if isinstance(event, Order):
            assert event.visitor_id in visitors
            if event.kind == "purchase":
                bought[event.order_id] = event.revenue.scaled()
            else:
                assert bought.pop(event.order_id) == event.revenue.scaled()


def test_a_visitor_keeps_his_labels() -> None:
    labels: dict[str | None, Any] = {}
    for emission in simulated():
        event = decoded(emission)
        if event.visitor_id is not None:
            mine = (event.segment, event.device, event.country, event.site)
            assert None not in mine
            assert labels.setdefault(event.visitor_id, mine) == mine


def test_events_of_a_visitor_share_a_key() -> None:
    for emission in simulated(duration_s=10):
        event = decoded(emission)
        if event.visitor_id:
            assert emission.key == event.visitor_id.encode()


def test_reports_have_the_key_of_what_they_are_about() -> None:
    keys: dict[str, set[bytes]] = {"cost": set(), "metric": set()}
    for emission in simulated():
        if emission.event_type in keys:
            keys[emission.event_type].add(emission.key)
    assert keys["metric"] == {b"market_share", b"stock_level"}
    assert {b"search/brand", b"email/newsletter"} < keys["cost"]


def test_every_paying_campaign_reports_its_spend_every_few_seconds() -> None:
    costs = [emission for emission in simulated() if emission.event_type == "cost"]
    reports = Counter(emission.entry.campaign for emission in costs)
    assert len(reports) == 10
    assert not reports.keys() & {"bookmark", "app"}
    assert min(reports.values()) >= 10
    events = [decoded(emission) for emission in costs]
    assert all(isinstance(event, Cost) and event.platform for event in events)


@pytest.mark.parametrize("scenario", [STEADY, STORY], ids=["steady", "story"])
def test_the_periods_of_costs_follow_each_other_to_the_end(
    scenario: Scenario,
) -> None:
    periods: dict[str, list[tuple[float, float]]] = {}
    for emission in simulated(scenario):
        event = decoded(emission)
        if isinstance(event, Cost):
            assert event.period_start is not None
            bounds = (event.period_start.timestamp(), event.occurred_at.timestamp())
            assert bounds[1] <= emission.at_ms / 1000
            periods.setdefault(emission.entry.campaign, []).append(bounds)
    for covered in periods.values():
        assert covered[0][0] >= START_MS / 1000
        assert covered[-1][1] <= START_MS / 1000 + 60
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(covered))
    # Only a campaign that spends nothing for a while has a gap.
    assert periods["brand"][-1][1] == START_MS / 1000 + 60
    assert sum(end - start for start, end in periods["brand"]) > 55


@pytest.mark.parametrize(
    ("duration_s", "every_s"), [(24, 2), (240, 10), (86_400, 3_600), (30 * 86_400, 3_600)]
)
def test_a_scenario_of_up_to_a_day_is_a_day_of_hourly_cost_reports(
    duration_s: float, every_s: float
) -> None:
    assert STEADY.cost_interval_s(duration_s) == every_s


def test_a_report_of_costs_comes_as_late_as_the_next_one_ends() -> None:
    assert lateness(simulated(duration_s=240)) == {10_000}


def test_costs_of_the_story_come_two_seconds_late_however_long_it_is() -> None:
    assert lateness(simulated(STORY, duration_s=180)) == {2_000}


def lateness(emissions: list[Emission]) -> set[int]:
    """How long after its period each cost was reported, those of the end apart; in milliseconds."""
    end_ms = emissions[-1].at_ms
    return {
        round(emission.at_ms - decoded(emission).occurred_at.timestamp() * 1000)
        for emission in emissions
        if emission.event_type == "cost" and emission.at_ms < end_ms
    }


def test_at_a_low_rate_spend_is_reported_less_often() -> None:
    emissions = simulated(rate=20)
    costs = sum(emission.event_type == "cost" for emission in emissions)
    assert 0 < costs < 0.1 * len(emissions)


@pytest.mark.parametrize(
    ("currency", "price_level", "decimals"), [("EUR", 1, 2), ("JPY", 160, 0), ("KWD", 0.3, 3)]
)
def test_money_is_exact_in_any_currency(currency: str, price_level: float, decimals: int) -> None:
    orders = []
    for emission in simulated(STEADY.in_currency(currency, price_level)):
        event = decoded(emission)
        money = money_of(event)
        assert emission.amount == (0 if money is None else money.scaled())
        assert money is None or money.currency == currency
        orders += [emission.amount] if isinstance(event, Order) else []
    mean = sum(orders) / len(orders) / SCALE / 10**decimals
    assert mean == pytest.approx(54 * price_level, rel=0.1)


@pytest.mark.parametrize("scenario", [STEADY, CHAOS], ids=["steady", "chaos"])
def test_a_core_makes_thirty_thousand_events_a_second(scenario: Scenario) -> None:
    # What else runs on the core counts, too: one round of some is enough.
    assert any(_core_s(scenario, 30_000) < 1 for _ in range(5))


def _core_s(scenario: Scenario, events: int) -> float:
    """How much of a core's time it takes to make so many events."""
    emissions = iter(Simulator(scenario, events, 1, START_MS, 10))
    started_s = time.process_time()
    assert sum(1 for _ in islice(emissions, events)) == events
    return time.process_time() - started_s
