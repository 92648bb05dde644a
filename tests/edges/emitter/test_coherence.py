"""What the events of one simulation say fits together, each type with the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from typing import TypeVar

import pytest

from kpistream.core.events.decode import Decoder
from kpistream.core.events.event_types import SHIPPED
from kpistream.core.events.events import (
    Activity,
    Cart,
    Click,
    Customer,
    Event,
    Interaction,
    Lead,
    Order,
    Session,
    Survey,
)
from kpistream.core.events.outcomes import Rejected
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.shipped import STORY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally

E = TypeVar("E", bound=Event)


@cache
def played() -> tuple[tuple[Emission, Event], ...]:
    """A story and what the core reads of it."""
    decoders = {name: Decoder(kind.struct).decode for name, kind in SHIPPED.items()}
    found = []
    for emission in Simulator(STORY, 1_000, 11, 1_760_000_000_000, 120):
        event = decoders[emission.event_type](emission.value)
        assert not isinstance(event, Rejected), (event, emission)
        found.append((emission, event))
    return tuple(found)


def every(kind: type[E]) -> list[E]:
    return [event for _, event in played() if isinstance(event, kind)]


# -- the shop --------------------------------------------------------------------------------------


def test_a_cart_is_checked_out_after_it_was_created_and_for_what_was_in_it() -> None:
    created: dict[str, Cart] = {}
    for cart in every(Cart):
        if cart.kind == "created":
            assert cart.cart_id not in created
            created[cart.cart_id] = cart
        else:
            begun = created.pop(cart.cart_id)
            assert begun.occurred_at < cart.occurred_at
            assert (begun.visitor_id, begun.value) == (cart.visitor_id, cart.value)
    assert created, "some carts are left behind"


def test_each_cart_that_is_checked_out_becomes_an_order() -> None:
    owed: Counter[tuple[str | None, int]] = Counter()
    for _, event in played():
        if isinstance(event, Cart) and event.kind == "checked_out":
            assert event.value is not None
            owed[event.visitor_id, event.value.scaled()] += 1
        elif isinstance(event, Order) and event.kind == "purchase":
            paid = (event.visitor_id, event.revenue.scaled())
            owed[paid] -= owed[paid] > 0
    unpaid = sum(owed.values())
    assert unpaid <= 30, "those of the last half second"


def test_carts_are_left_behind_about_as_often_as_orders_take_one() -> None:
    kinds = Counter(cart.kind for cart in every(Cart))
    assert 0.3 < 1 - kinds["checked_out"] / kinds["created"] < 0.6


def test_the_orders_of_a_customer_are_numbered_one_after_the_other() -> None:
    numbers: dict[str, int] = {}
    for order in every(Order):
        if order.kind == "purchase" and order.customer_id is not None:
            assert order.order_number is not None
            before = numbers.get(order.customer_id)
            assert before is None or order.order_number == before + 1
            numbers[order.customer_id] = order.order_number
    assert {1, 3, 7} < set(numbers.values())


def test_a_refund_names_the_customer_and_the_number_of_its_order() -> None:
    bought = {order.order_id: order for order in every(Order) if order.kind == "purchase"}
    refunds = [order for order in every(Order) if order.kind == "refund"]
    assert refunds
    for refund in refunds:
        order = bought[refund.order_id]
        assert (refund.customer_id, refund.order_number) == (order.customer_id, order.order_number)


def test_a_guest_has_no_number() -> None:
    guests = [order for order in every(Order) if order.customer_id is None]
    assert 0.07 < len(guests) / len(every(Order)) < 0.13
    assert all(order.order_number is None for order in guests)


# -- customers -------------------------------------------------------------------------------------


def test_a_first_order_makes_a_customer() -> None:
    firsts = {order.customer_id for order in every(Order) if order.order_number == 1}
    created = {customer.customer_id for customer in every(Customer) if customer.kind == "created"}
    assert len(firsts - created) <= 30, "those of the last second"
    won = {f"c{lead.visitor_id[1:]}" for lead in every(Lead) if lead.visitor_id}
    gone = {customer.customer_id for customer in every(Customer) if customer.kind == "churned"}
    assert created - firsts <= won | gone


def test_only_a_customer_changes_or_leaves_and_only_others_join() -> None:
    known: dict[str | None, bool] = {}
    for customer in every(Customer):
        if customer.kind == "created":
            assert not known.get(customer.customer_id)
        else:
            assert known.get(customer.customer_id, True)
        known[customer.customer_id] = customer.kind != "churned"
    assert {customer.kind for customer in every(Customer)} == {
        "created",
        "upgraded",
        "downgraded",
        "churned",
    }


def test_nobody_pays_less_than_nothing() -> None:
    signs = {"created": 1, "upgraded": 1, "downgraded": -1, "churned": -1}
    paid: defaultdict[str | None, int] = defaultdict(int)
    for customer in every(Customer):
        assert customer.mrr is not None
        paid[customer.customer_id] += signs[customer.kind] * customer.mrr.scaled()
    joined = {customer.customer_id for customer in every(Customer) if customer.kind == "created"}
    assert min(paid[customer_id] for customer_id in joined) >= 0


def test_who_leaves_says_for_how_long_he_was_a_customer() -> None:
    lifetimes = [(customer.kind, customer.lifetime_days) for customer in every(Customer)]
    churned = [days for kind, days in lifetimes if kind == "churned"]
    assert None not in churned
    assert 200 < sum(filter(None, churned)) / len(churned) < 700
    assert {days for kind, days in lifetimes if kind != "churned"} == {None}


# -- leads -----------------------------------------------------------------------------------------


def test_a_lead_walks_through_the_stages_in_their_order() -> None:
    walks: defaultdict[str, list[str]] = defaultdict(list)
    for lead in every(Lead):
        walks[lead.lead_id].append(lead.stage)
    path = ["lead", "mql", "sql", "opportunity"]
    ends = Counter(walk[-1] for walk in walks.values())
    assert ends.keys() == {*path, "won", "lost"}
    for walk in walks.values():
        assert walk in ([*path, "won"], [*path, "lost"], path[: len(walk)])


def test_a_lead_that_is_won_says_when_it_began() -> None:
    begun = {lead.lead_id: lead.occurred_at for lead in every(Lead) if lead.stage == "lead"}
    for lead in every(Lead):
        assert lead.created_at == (begun[lead.lead_id] if lead.stage == "won" else None)


def test_a_deal_keeps_its_value() -> None:
    deals = {lead.lead_id: lead.value for lead in every(Lead) if lead.stage == "opportunity"}
    for lead in every(Lead):
        valued = lead.stage in ("opportunity", "won", "lost")
        assert lead.value == (deals[lead.lead_id] if valued else None)


def test_leads_come_from_calls_to_action() -> None:
    called = {click.visitor_id for click in every(Click) if click.kind == "cta"}
    assert {lead.visitor_id for lead in every(Lead)} <= called


def test_sales_turn_to_leads_and_calls_take_time() -> None:
    leads = {lead.visitor_id for lead in every(Lead)}
    activities = every(Activity)
    assert {activity.visitor_id for activity in activities} <= leads
    assert {activity.kind for activity in activities} == {"mail", "call", "demo", "meeting"}
    assert {activity.kind for activity in activities if activity.duration_ms is None} == {"mail"}


# -- what people say -------------------------------------------------------------------------------


def test_who_reacts_to_an_ad_or_remembers_it_has_seen_one() -> None:
    seen: set[str | None] = set()
    for emission, event in played():
        if emission.event_type == "impression":
            seen.add(event.visitor_id)
        if isinstance(event, Interaction) or emission.entry.what == "recall":
            assert event.visitor_id in seen


def test_contents_bear_the_name_of_their_campaign() -> None:
    interactions = every(Interaction)
    assert {interaction.kind for interaction in interactions} >= {"like", "comment", "share"}
    for interaction in interactions:
        assert str(interaction.content).startswith(f"{interaction.campaign}-")


def test_who_is_asked_for_a_score_has_bought() -> None:
    buyers = {order.visitor_id for order in every(Order)}
    scores = [survey for survey in every(Survey) if survey.kind == "nps"]
    assert {survey.visitor_id for survey in scores} <= buyers
    assert {0, 10} < {survey.score for survey in scores}


def test_some_remember_the_ad_and_some_do_not() -> None:
    answers = Counter(survey.recalled for survey in every(Survey) if survey.kind == "recall")
    assert answers.keys() == {True, False}


# -- the tally -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tally() -> Tally:
    counted = Tally()
    for emission, _ in played():
        counted.enter(emission)
    return counted


def test_the_tally_tells_the_records_of_a_type_apart_as_their_events_do(tally: Tally) -> None:
    found = Counter[tuple[str, str]]()
    for emission, event in played():
        names = (getattr(event, name, "") for name in ("kind", "stage", "name"))
        found[emission.event_type, "".join(names)] += 1
    assert {labels: tally.count(labels[0], what=labels[1]) for labels in found} == found


def test_the_tally_adds_up_the_other_figures(tally: Tally) -> None:
    assert tally.total("session") == sum(session.duration_ms for session in every(Session))
    assert tally.total("activity") == sum(one.duration_ms or 0 for one in every(Activity))
    assert tally.total("survey", what="nps") == sum(one.score or 0 for one in every(Survey))
    assert tally.total("survey", what="recall") == sum(bool(one.recalled) for one in every(Survey))
    assert tally.total("customer") == sum(one.lifetime_days or 0 for one in every(Customer))


def test_the_tally_adds_up_money_by_type_and_kind(tally: Tally) -> None:
    for kind in ("created", "checked_out"):
        carts = [cart.value for cart in every(Cart) if cart.kind == kind]
        assert tally.amount("cart", what=kind) == sum(one.scaled() for one in carts if one)
    won = [lead.value for lead in every(Lead) if lead.stage == "won"]
    assert tally.amount("lead", what="won") == sum(value.scaled() for value in won if value)
