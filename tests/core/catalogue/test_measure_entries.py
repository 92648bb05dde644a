"""Measures as they are written: what they become, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from pydantic import BaseModel, ConfigDict

from kpistream.core.catalogue.catalogue_file import MeasureShape
from kpistream.core.catalogue.conditions import can_have
from kpistream.core.catalogue.layers import layered
from kpistream.core.catalogue.measure_entries import read_measures
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.events.event_types import SHIPPED, EventField, EventType, event_type
from kpistream.core.kpis.measures import Condition, Measure
from kpistream.core.located_yaml import ConfigErrors, load, validate
from kpistream.core.slices import DIMENSIONS

RIDE = event_type(
    "ride",
    "rides",
    [
        EventField("wait_s", "decimal"),
        EventField("fare", "money", required=False),
        EventField("grade", "choice", required=False, values=("a", "b")),
        EventField("shared", "boolean"),
        EventField("seats", "integer", minimum=1, maximum=4),
        EventField("rating", "decimal", minimum=Decimal(0), maximum=Decimal(5)),
        EventField("note", "text"),
        EventField("ordered_at", "moment"),
    ],
    "A ride was taken.",
    covers_period=True,
)
EVENTS: Mapping[str, EventType] = {**SHIPPED, "ride": RIDE}


class File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    measures: dict[str, MeasureShape]


def read(text: str) -> dict[str, Measure]:
    """The measures of a file with these lines."""
    layers, _ = layered([load(f"measures:\n{text}", "m.yml")])
    mistakes = Mistakes(layers)
    dimensions = (*DIMENSIONS, "brand")
    measures = read_measures(validate(layers, File).measures, EVENTS, mistakes, dimensions)
    if mistakes.errors:
        raise ConfigErrors(mistakes.errors)
    return measures


def only(written: str) -> Measure:
    """The one measure that is written so."""
    return read(f"  m: {written}")["m"]


def mistakes_of(written: str) -> list[str]:
    with pytest.raises(ConfigErrors) as refused:
        read(f"  fine: {{count: click}}\n  m: {written}")
    errors = list(refused.value)
    assert {error.line for error in errors} == {3}
    return [str(error).removeprefix("m.yml:3: measures.m") for error in errors]


# --- what they become -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "measure"),
    [
        ("{count: click}", Measure("m", "click", "count", None, (), "count")),
        ("{total: order.revenue}", Measure("m", "order", "total", "revenue", (), "money")),
        ("{squares: order.revenue}", Measure("m", "order", "squares", "revenue", (), "money")),
        (
            "{total: session.duration_ms}",
            Measure("m", "session", "total", "duration_ms", (), "milliseconds"),
        ),
        (
            "{total: customer.lifetime_days}",
            Measure("m", "customer", "total", "lifetime_days", (), "milliseconds"),
        ),
        (
            "{distinct: session.visitor_id}",
            Measure("m", "session", "distinct", "visitor_id", (), "count"),
        ),
        (
            "{elapsed: lead.created_at}",
            Measure("m", "lead", "elapsed", "created_at", (), "milliseconds"),
        ),
        (
            "{total: metric.value}",
            Measure("m", "metric", "total", "value", (), "count", scale=10**6),
        ),
        (
            "{total: ride.wait_s}",
            Measure("m", "ride", "total", "wait_s", (), "milliseconds", scale=10**6),
        ),
    ],
)
def test_a_measure_is_a_kind_and_a_field_whose_unit_it_has(written: str, measure: Measure) -> None:
    assert only(written) == measure


def test_a_level_is_what_is_added_less_what_is_taken_away() -> None:
    assert only(
        "{level: customer, plus: {kind: created}, minus: {kind: churned}, at: start}"
    ) == Measure(
        "m",
        "customer",
        "level",
        None,
        (Condition("kind", frozenset({"created"})),),
        "count",
        minus=(Condition("kind", frozenset({"churned"})),),
        at="start",
    )
    mrr = only("{level: customer.mrr, plus: {kind: [created, upgraded]}, minus: {kind: churned}}")
    assert (mrr.field, mrr.unit, mrr.at) == ("mrr", "money", "end")


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ("{kind: opened}", Condition("kind", frozenset({"opened"}))),
        ("{kind: [opened, clicked]}", Condition("kind", frozenset({"opened", "clicked"}))),
        ("{machine_open: {not: true}}", Condition("machine_open", frozenset({True}), negated=True)),
        (
            "{channel: {not: [email, social]}}",
            Condition("channel", frozenset({"email", "social"}), negated=True),
        ),
        ("{customer_id: {known: true}}", Condition("customer_id", known=True)),
        ("{campaign: {known: false}}", Condition("campaign", known=False)),
    ],
)
def test_a_filter_asks_one_thing_of_a_field(where: str, condition: Condition) -> None:
    assert only(f"{{count: email, where: {where}}}").where == (condition,)


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ("{seats: {at_least: 2}}", Condition("seats", at_least=2)),
        ("{seats: {at_least: 2, at_most: 3}}", Condition("seats", at_least=2, at_most=3)),
        ("{rating: {at_most: 4.1}}", Condition("rating", at_most=Decimal("4.1"))),
        ("{rating: 0.1}", Condition("rating", frozenset({Decimal("0.1")}))),
        ("{fare: {known: true}}", Condition("fare", known=True)),
    ],
)
def test_numbers_are_bounded_as_exactly_as_they_are_written(
    where: str, condition: Condition
) -> None:
    assert only(f"{{count: ride, where: {where}}}").where == (condition,)


LEVEL = "level: customer, plus: {kind: created}, minus: {kind: churned}"
MONEY_LEVEL = "level: customer.mrr, plus: {kind: created}, minus: {kind: churned}"


@pytest.mark.parametrize(
    ("written", "opening"),
    [
        (f"{{{LEVEL}, opening: 1200}}", (((), "", 1200),)),
        (f"{{{MONEY_LEVEL}, opening: 50.00 EUR}}", (((), "EUR", 50_000_000),)),
        (
            f"{{{LEVEL}, opening: [{{value: 5}}, {{slice: {{brand: Ours, channel: ' Email'}}, "
            "value: 2}]}",
            (((), "", 5), ((("channel", "email"), ("brand", "ours")), "", 2)),
        ),
        (
            f"{{{MONEY_LEVEL}, opening: [{{value: 1 EUR}}, {{value: 700 JPY}}]}}",
            (((), "EUR", 1_000_000), ((), "JPY", 7_000_000)),
        ),
        (
            "{level: ride.rating, plus: {seats: 1}, minus: {seats: 2}, opening: -0.5}",
            (((), "", -500_000),),
        ),
        (
            "{level: ride.wait_s, plus: {seats: 1}, minus: {seats: 2}, opening: 1.5}",
            (((), "", 1_500_000_000),),
        ),
    ],
)
def test_a_level_can_open_with_a_balance_in_total_or_by_slice(
    written: str, opening: tuple[object, ...]
) -> None:
    assert only(written).opening == opening


@pytest.mark.parametrize(
    ("event", "field", "fitting", "unfitting"),
    [
        ("order", "kind", ["refund"], ["refunded", 1]),
        ("session", "page_views", [1, 10_000], [0, 10_001, True, "1", 1.5]),
        ("email", "machine_open", [False], [0, "no"]),
        ("click", "country", ["NO", ""], ["N" * 129, 5]),
        ("metric", "value", [0, 0.000001, -3], [1e-7, "1", True, 10**13]),
        ("order", "revenue", [], [1]),
    ],
)
def test_a_value_must_be_one_that_the_field_can_have(
    event: str, field: str, fitting: list[str | int], unfitting: list[str | int]
) -> None:
    known = SHIPPED[event].field(field)
    assert known is not None
    assert all(can_have(known, value) for value in fitting)
    assert not any(can_have(known, value) for value in unfitting)


# --- what is wrong with them ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        (
            "{}",
            ": a measure is exactly one of these; allowed: count: <event>, total: <event>.<field>, "
            "squares: <event>.<field>, distinct: <event>.<field>, elapsed: <event>.<field>, "
            "level: <event>, level: <event>.<field>",
        ),
        ("{totals: order.revenue}", ".totals: unknown key; did you mean 'total'?"),
        ("{count: order.revenue}", ".count: unknown event 'order.revenue'"),
        ("{count: clik}", ".count: unknown event 'clik'; did you mean 'click'?"),
        ("{total: ordr.revenue}", ".total: unknown event 'ordr'; did you mean 'order'?"),
        (
            "{total: order.revenu}",
            ".total: unknown number or amount 'order.revenu'; did you mean 'order.revenue'?; "
            "allowed: order.revenue, order.order_number",
        ),
        (
            "{total: cost.platform}",
            ".total: cost.platform is text, not a number or amount; allowed: cost.amount",
        ),
        ("{total: click.kind}", ".total: click.kind is a choice, not a number or amount"),
        ("{squares: order}", ".squares: unknown number or amount 'order'"),
        (
            "{distinct: session.page_views}",
            ".distinct: session.page_views is a number, not a text; allowed: session.event_id",
        ),
        (
            "{elapsed: lead.value}",
            ".elapsed: lead.value is money, not a moment; allowed: lead.created_at",
        ),
        (
            "{elapsed: lead.occurred_at}",
            ".elapsed: no time passes between an event and itself; allowed: ",
        ),
        ("{count: click, opening: 5}", ".opening: only a level has this, not a count"),
        ("{count: click, plus: {}}", ".plus: only a level has this, not a count"),
        ("{total: cost.amount, at: start}", ".at: only a level has this, not a total"),
        (
            "{level: customer, plus: {kind: created}}",
            ".minus: a level needs this key: which events, by field",
        ),
        (
            "{level: customer, plus: {}, minus: {kind: churned}}",
            ".plus: a level needs this key: which events, by field",
        ),
        (
            f"{{{LEVEL}, where: {{kind: created}}}}",
            ".where: a level has `plus` and `minus` instead: what is added, what is taken away",
        ),
        (
            "{level: customer, plus: {kind: churned}, minus: {kind: churned}}",
            ".minus: takes away exactly the events that are added",
        ),
        (f"{{{LEVEL}, at: middle}}", ".at: unknown value 'middle'; allowed: start, end"),
        (f"{{{LEVEL}, opening: 5 EUR}}", ".opening: must be a number, not '5 EUR'"),
        (f"{{{LEVEL}, opening: 1.5}}", ".opening: must be a whole number, not 1.5"),
        (
            f"{{{LEVEL}, opening: 1000000000000001}}",
            ".opening: must be at most 1000000000000000, not 1000000000000001",
        ),
        (f"{{{LEVEL}, opening: -1}}", ".opening: must be a number of events, not -1"),
        (
            f"{{{MONEY_LEVEL}, opening: 50}}",
            ".opening: must be an amount and its currency, such as '50000.00 EUR', not 50",
        ),
        (f"{{{MONEY_LEVEL}, opening: 50 XYZ}}", ".opening: unknown currency 'XYZ'"),
        (f"{{{MONEY_LEVEL}, opening: 1.2.3 EUR}}", ".opening: amount is not a plain unsigned"),
        (
            f"{{{LEVEL}, opening: [{{slice: {{chanel: a}}, value: 1}}]}}",
            ".opening[0].slice.chanel: unknown dimension 'chanel'; did you mean 'channel'?",
        ),
        (
            f"{{{LEVEL}, opening: [{{value: 1}}, {{value: 2}}]}}",
            ".opening[1]: this slice has an opening balance already",
        ),
        (f"{{{LEVEL}, opening: [{{slice: {{}}}}]}}", ".opening[0].value: this key is required"),
        (
            "{level: ride.rating, plus: {seats: 1}, minus: {seats: 2}, opening: 0.0000001}",
            ".opening: number has more than 6 decimals",
        ),
    ],
)
def test_a_wrong_measure_is_explained(written: str, mistake: str) -> None:
    (told,) = mistakes_of(written)
    assert told.startswith(mistake)


@pytest.mark.parametrize(
    ("where", "mistake"),
    [
        ("{sets: 1}", ".sets: unknown field of ride 'sets'; did you mean 'seats'?"),
        ("{fare: 5}", ".fare: ride.fare is money, which is compared with nothing; allowed: "),
        ("{grade: c}", ".grade: ride.grade is never 'c'; allowed: a, b"),
        ("{seats: 5}", ".seats: ride.seats is never 5"),
        ("{seats: []}", ".seats: an empty list lets no event through"),
        ("{seats: }", ".seats: must be text or a whole number or true or false or a number"),
        ("{seats: {at_least: 5}}", ".seats.at_least: ride.seats is never more than 4"),
        ("{seats: {at_most: 0}}", ".seats.at_most: ride.seats is never less than 1"),
        ("{seats: {at_least: 3, at_most: 2}}", ".seats: no number is at least 3 and at most 2"),
        ("{seats: {at_least: 1.2, at_most: 1.8}}", ".seats: no whole number is at least 1.2 and"),
        ("{rating: {at_least: 3, at_most: 2.5}}", ".rating: no number is at least 3 and at most"),
        ("{seats: {atleast: 3}}", ".seats.atleast: unknown key; did you mean 'at_least'?"),
        ("{seats: {at_least: two}}", ".seats.at_least: must be a whole number or a number"),
        ("{seats: {known: false}}", ".seats.known: ride.seats is always known"),
        ("{seats: {}}", ".seats: exactly one of these is asked of a field; allowed: at_least and"),
        ("{seats: {known: true, not: 1}}", ".seats: exactly one of these is asked of a field"),
        ("{grade: {at_least: 1}}", ".grade: ride.grade is a choice; only numbers have bounds"),
        ("{grade: {not: c}}", ".grade.not: ride.grade is never 'c'"),
        ("{shared: {not: []}}", ".shared.not: an empty list excludes nothing"),
        (
            "{shared: {not: [true, false]}}",
            ".shared.not: ride.shared is always one of these, so no event is left",
        ),
        ("{rating: {at_least: 5.5}}", ".rating.at_least: ride.rating is never more than 5"),
        ("{rating: 0.1234567}", ".rating: ride.rating is never 0.1234567"),
    ],
)
def test_a_filter_that_no_event_can_pass_is_explained(where: str, mistake: str) -> None:
    (told,) = mistakes_of(f"{{count: ride, where: {where}}}")
    assert told.startswith(f".where{mistake}")


def test_a_text_that_may_be_empty_may_be_unknown() -> None:
    assert only("{count: ride, where: {note: {known: false}}}").where[0].known is False


def test_a_choice_that_may_be_missing_is_left_when_all_its_values_are_excluded() -> None:
    assert only("{count: ride, where: {grade: {not: [a, b]}}}").where[0].negated


def test_the_field_that_is_added_up_must_be_known() -> None:
    (told,) = mistakes_of("{total: ride.fare, where: {fare: {known: false}}}")
    assert told == ".where.fare: the measure is made of this field, so it must be known"


def test_the_field_of_a_level_must_be_known_too() -> None:
    told = mistakes_of("{level: ride.fare, plus: {fare: {known: false}}, minus: {shared: true}}")
    assert told == [".plus.fare: the measure is made of this field, so it must be known"]


def test_a_length_of_time_cannot_be_the_name_of_a_measure() -> None:
    with pytest.raises(ConfigErrors, match=r"measures\.day: in formulas, 'day' is a length"):
        read("  day: {count: click}")


def test_mistakes_in_both_sides_of_a_level_are_told_where_they_are() -> None:
    told = mistakes_of("{level: customer, plus: {kind: new}, minus: {knd: churned}}")
    assert [line.partition(":")[0] for line in told] == [".plus.kind", ".minus.knd"]
