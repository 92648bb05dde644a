"""Event types as data: the shipped ones read from their structs, a user's own made from fields."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kpistream.core.events.decode import Decoder, Rejected
from kpistream.core.events.event_types import (
    KINDS,
    LIMITS,
    MAX_FIELDS,
    MAX_VALUES,
    SHIPPED,
    EventField,
    EventType,
    InvalidEventType,
    event_type,
    fields_of,
    with_dimensions,
)
from kpistream.core.events.events import DEFAULT_TOPICS, EVENT_TYPES, CoversPeriod, Event
from kpistream.core.slices import DIMENSIONS

COMMON = {"event_id": "e-1", "occurred_at": "2026-11-20T10:15:30Z"}
OF_ALL_KINDS = (
    EventField("model", "text", description="which car"),
    EventField("plate", "text", required=False, minimum=2, maximum=10),
    EventField("grade", "choice", values=("good", "bad", "ugly")),
    EventField("mood", "choice", required=False, values=("b", "a"), default="b"),
    EventField("doors", "integer"),
    EventField("waited_ms", "integer", required=False, minimum=0, maximum=10**6),
    EventField("km", "decimal", minimum=Decimal("0.5"), maximum=100),
    EventField("slope", "decimal", required=False),
    EventField("alone", "boolean"),
    EventField("rain", "boolean", required=False, default=True),
    EventField("snow", "boolean", required=False),
    EventField("price", "money"),
    EventField("fee", "money", required=False),
    EventField("booked_at", "moment"),
    EventField("returned_at", "moment", required=False),
)
GIVEN = {
    "model": "X",
    "grade": "ugly",
    "doors": 5,
    "km": 12.5,
    "alone": False,
    "price": {"amount": "1", "currency": "EUR"},
    "booked_at": "2026-11-19T10:15:30+01:00",
}


def test_drive(**named: Any) -> EventType:
    """A type with a field of every kind, required and optional."""
    ordinary: dict[str, Any] = {
        "name": "test_drive",
        "topic": "test_drives",
        "fields": OF_ALL_KINDS,
        "description": "Somebody drove a car.",
    }
    return event_type(**{**ordinary, **named})


test_drive.__test__ = False  # type: ignore[attr-defined]


def read(kind: EventType, /, **given: Any) -> Any:
    """What is made of an event of the type."""
    return Decoder(kind.struct).decode(json.dumps(COMMON | given).encode())


# -- the shipped types -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_type_is_its_struct(name: str) -> None:
    kind = SHIPPED[name]
    declared = {field.name: field.required for field in msgspec.structs.fields(kind.struct)}
    assert (kind.name, kind.struct, kind.topic) == (name, EVENT_TYPES[name], DEFAULT_TOPICS[name])
    assert {field.name: field.required for field in kind.fields} == declared


@pytest.mark.parametrize("name", SHIPPED)
def test_the_fields_of_every_event_come_first_and_all_is_described(name: str) -> None:
    kind = SHIPPED[name]
    common = [field.name for field in kind.fields][:10]
    assert common == ["event_id", "occurred_at", "visitor_id", "customer_id", *DIMENSIONS]
    assert all(field.description for field in kind.fields)
    assert kind.description.endswith(".")


def test_no_two_types_share_a_topic() -> None:
    assert len({kind.topic for kind in SHIPPED.values()}) == len(SHIPPED)


def test_only_costs_cover_a_period() -> None:
    assert [kind.name for kind in SHIPPED.values() if kind.covers_period] == ["cost"]


def test_a_field_is_known_by_its_name() -> None:
    revenue, kind = SHIPPED["order"].field("revenue"), SHIPPED["order"].field("kind")
    assert revenue is not None
    assert kind is not None
    assert (revenue.kind, revenue.required) == ("money", True)
    assert (kind.values, kind.default) == (("purchase", "refund"), "purchase")
    assert SHIPPED["order"].field("price") is None


def test_every_text_and_every_number_has_bounds() -> None:
    for kind in SHIPPED.values():
        for field in kind.fields:
            bounded = field.minimum is not None and field.maximum is not None
            assert bounded == (field.kind in LIMITS)
            assert field.kind != "text" or field.maximum in (64, 128)


@pytest.mark.parametrize(
    ("name", "kind", "unit"),
    [
        ("wait_ms", "integer", "milliseconds"), ("wait_s", "decimal", "seconds"),
        ("life_days", "integer", "days"), ("pages", "integer", None), ("term_s", "text", None),
    ],
)  # fmt: skip
def test_the_name_of_a_number_says_its_unit(name: str, kind: Any, unit: str | None) -> None:
    assert EventField(name, kind).unit == unit


def unordered(field: EventField) -> EventField:
    """The field with its values in order: Python takes literals in any order for the same."""
    return replace(field, values=tuple(sorted(field.values)))


def test_values_keep_their_order_whatever_other_types_have() -> None:
    for values in (("a", "b"), ("b", "a")):
        kind = event_type("x", "x", [EventField("grade", "choice", values=values)], "")
        grade = kind.field("grade")
        assert grade is not None
        assert grade.values == values


# -- a type of one's own ---------------------------------------------------------------------------


def test_the_fields_of_a_type_are_those_it_was_made_of() -> None:
    kind = test_drive()
    assert kind.fields == (*fields_of(Event), *OF_ALL_KINDS)
    assert [unordered(field) for field in fields_of(kind.struct)] == list(
        map(unordered, kind.fields)
    )
    assert {field.kind for field in OF_ALL_KINDS} == set(KINDS)
    assert (kind.name, kind.topic, kind.covers_period) == ("test_drive", "test_drives", False)


def test_its_events_are_read_and_are_events() -> None:
    event = read(test_drive(), **GIVEN, channel="email", extra=[1])
    assert issubclass(type(event), Event)
    assert (event.channel, event.grade, event.km) == ("email", "ugly", Decimal("12.5"))
    assert (event.rain, event.snow, event.mood, event.fee) == (True, None, "b", None)
    assert type(event).__doc__ == "Somebody drove a car."


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": None}, {"model": "x" * 129}, {"plate": "x"}, {"plate": "x" * 11},
        {"grade": "fine"}, {"grade": None}, {"mood": None}, {"mood": "c"}, {"doors": 1.5},
        {"doors": 10**15 + 1}, {"doors": -(10**15) - 1}, {"waited_ms": -1}, {"km": 0.499999},
        {"km": 100.000001}, {"km": "many"}, {"slope": 1e-7}, {"slope": 10**12 + 1},
        {"alone": 0}, {"rain": None}, {"snow": "no"}, {"price": None}, {"price": 1},
        {"fee": {"amount": "-1", "currency": "EUR"}}, {"booked_at": "2026-11-19T10:15:30"},
        {"returned_at": 5}, {"event_id": ""}, {"occurred_at": None}, {"site": "s" * 129},
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_rejected(wrong: dict[str, Any]) -> None:
    assert isinstance(read(test_drive(), **(GIVEN | wrong)), Rejected)


@pytest.mark.parametrize(
    "right",
    [
        {"model": ""}, {"plate": "xy"}, {"plate": None}, {"mood": "a"}, {"doors": -(10**15)},
        {"waited_ms": 10**6}, {"km": "0.5"}, {"km": 100}, {"slope": -(10**12)}, {"slope": None},
        {"snow": False}, {"fee": {"minor": 5, "exponent": 0, "currency": "JPY"}}, {"fee": None},
    ],
)  # fmt: skip
def test_a_value_that_just_fits_is_read(right: dict[str, Any]) -> None:
    assert isinstance(read(test_drive(), **(GIVEN | right)), Event)


def test_the_events_of_a_type_may_cover_a_period() -> None:
    kind = test_drive(covers_period=True)
    assert kind.covers_period
    assert issubclass(kind.struct, CoversPeriod)
    assert isinstance(read(kind, **GIVEN, period_start="2026-11-20T10:00:00Z"), kind.struct)
    assert isinstance(read(kind, **GIVEN, period_start="2026-11-20T11:00:00Z"), Rejected)


def test_a_type_may_have_no_fields_of_its_own() -> None:
    assert isinstance(read(event_type("ping", "pings", [], "A sign of life.")), Event)


# -- dimensions of one's own -----------------------------------------------------------------------


def test_every_type_gets_the_dimensions() -> None:
    types = with_dimensions({**SHIPPED, "test_drive": test_drive()}, ["brand", "store"])
    for name, given in {"click": {}, "test_drive": GIVEN}.items():
        event = read(types[name], **given, brand="Acme")
        assert (event.brand, event.store) == ("Acme", None)
    assert all(kind.field("brand") for kind in types.values())


def test_a_type_with_dimensions_is_still_what_it_was() -> None:
    cost = with_dimensions(SHIPPED, ["brand"])["cost"]
    assert (cost.name, cost.topic, cost.covers_period) == ("cost", "costs", True)
    assert cost.fields[:-1] == SHIPPED["cost"].fields
    survey = with_dimensions(SHIPPED, ["brand"])["survey"]
    assert isinstance(read(survey, kind="nps"), Rejected)
    assert survey.struct.NEEDED == {"nps": "score", "recall": "recalled"}


def test_a_dimension_that_a_type_has_already_stays_as_it_is() -> None:
    types = with_dimensions(SHIPPED, ["platform", "channel"])
    assert types["cost"] is SHIPPED["cost"]
    assert types["click"].field("platform") == EventField(
        "platform", "text", False, description="a dimension of one's own"
    )
    assert with_dimensions(types, ["platform"]) == types


@pytest.mark.parametrize("name", ["revenue", "duration_ms", "occurred_at", "machine_open"])
def test_what_is_no_text_is_no_dimension(name: str) -> None:
    with pytest.raises(InvalidEventType, match="is no text, so no dimension"):
        with_dimensions(SHIPPED, [name])


@pytest.mark.parametrize("name", ["visitor_id", "customer_id", "event_id"])
def test_a_person_is_no_dimension(name: str) -> None:
    with pytest.raises(InvalidEventType, match="stands for one person or event"):
        with_dimensions(SHIPPED, [name])


@pytest.mark.parametrize("name", ["", "Brand", "class", "type", "__doc__", "a" * 64, "é"])
def test_a_dimension_needs_a_name(name: str) -> None:
    with pytest.raises(InvalidEventType, match="cannot be the name of a field"):
        with_dimensions(SHIPPED, [name])


# -- what is refused -------------------------------------------------------------------------------

BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"name": "Model"}, "'Model' cannot be the name of a field"),
    ({"name": "9th"}, "cannot be the name of a field"),
    ({"name": "import"}, "cannot be the name of a field"),
    ({"name": "arrived_at"}, "cannot be the name of a field"),
    ({"kind": "float"}, "unknown kind 'float'; allowed: text, choice, integer"),
    ({"default": "x"}, "a required field has no default"),
    ({"required": False, "default": "x"}, "only a choice, among its values, and a boolean"),
    ({"required": False, "kind": "integer", "default": 1}, "only a choice, among its values"),
    ({"required": False, "kind": "boolean", "default": 1}, "only a choice, among its values"),
    (
        {"required": False, "kind": "choice", "values": ("a",), "default": "b"},
        "only a choice, among its values",
    ),
    ({"values": ("a", "b")}, "only a choice has values"),
    ({"kind": "choice"}, f"a choice has 1 to {MAX_VALUES} values"),
    ({"kind": "choice", "values": tuple(map(str, range(101)))}, "a choice has 1 to 100 values"),
    ({"kind": "choice", "values": ("a", "a")}, "a value comes twice"),
    ({"kind": "choice", "values": ("a", "")}, "texts of 1 to 1000 characters"),
    ({"kind": "choice", "values": ("x" * 1001,)}, "texts of 1 to 1000 characters"),
    ({"minimum": -1}, "bounds of a field of kind text go up, within 0 and 1000"),
    ({"maximum": 1001}, "bounds of a field of kind text go up"),
    ({"minimum": 5, "maximum": 4}, "bounds of a field of kind text go up"),
    ({"minimum": 129}, "bounds of a field of kind text go up"),
    ({"kind": "integer", "maximum": 10**15 + 1}, "bounds of a field of kind integer go up"),
    ({"kind": "decimal", "minimum": Decimal("-1e13")}, "bounds of a field of kind decimal go up"),
    ({"kind": "decimal", "minimum": Decimal("NaN")}, "a bound is a number"),
    ({"kind": "money", "minimum": 0, "maximum": 5}, "a field of kind money has no bounds"),
]


@pytest.mark.parametrize(("changes", "problem"), BAD_FIELDS)
def test_a_field_that_cannot_be_is_refused(changes: dict[str, Any], problem: str) -> None:
    ordinary: dict[str, Any] = {"name": "model", "kind": "text"}
    with pytest.raises(InvalidEventType) as caught:
        EventField(**{**ordinary, **changes})
    assert str(caught.value).startswith(problem) or problem in str(caught.value)
    assert caught.value.field == {**ordinary, **changes}["name"]


@pytest.mark.parametrize(
    ("changes", "problem", "field"),
    [
        ({"name": "Test"}, "'Test' is no name", None),
        ({"name": "x" * 64}, "is no name", None),
        ({"topic": "test drives"}, "'test drives' is no topic", None),
        ({"topic": ".."}, "is no topic", None),
        ({"topic": "x" * 121}, "is no topic", None),
        ({"fields": [EventField(f"f{n}", "text") for n in range(MAX_FIELDS + 1)]}, "at most", None),
        ({"fields": [EventField("campaign", "text")]}, "a field `campaign` already", "campaign"),
        ({"fields": [EventField("a", "text")] * 2}, "there is a field `a` already", "a"),
        (
            {"fields": [EventField("period_start", "moment")], "covers_period": True},
            "there is a field `period_start` already",
            "period_start",
        ),
    ],
)
def test_a_type_that_cannot_be_is_refused(
    changes: dict[str, Any], problem: str, field: str | None
) -> None:
    with pytest.raises(InvalidEventType, match=problem) as caught:
        test_drive(**changes)
    assert caught.value.field == field
