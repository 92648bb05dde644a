"""The schemas and the decoder agree: what a schema lets through is read, and no fault passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from kpistream.core.events.decode import Decoder, Rejected
from kpistream.core.events.event_types import SHIPPED, EventField, with_dimensions
from kpistream.core.events.json_schema import document
from kpistream.core.money.currencies import EXPONENTS
from tests.core.events.test_decode import BAD_MONEY, DECODERS, OF_MONEY, RIDE, TYPES, fields
from tests.core.events.test_event_types import GIVEN, test_drive
from tests.core.events.test_events import BY_TOPIC, COMMON, EXAMPLES, REJECTED, table

SCHEMAS = {name: Draft202012Validator(document(kind)) for name, kind in TYPES.items()}
DRIVE = test_drive(covers_period=True)
UNSAYABLE = [
    (BY_TOPIC[topic.strip("`")], value.strip("`"))
    for topic, value in table("What a schema cannot say")
]


def allows(name: str, text: str) -> bool:
    """Whether the schema of that type lets the event through."""
    return SCHEMAS[name].is_valid(json.loads(text))


def reads(name: str, text: str) -> bool:
    return not isinstance(DECODERS[name].decode(text.encode()), Rejected)


# -- the page of the events ------------------------------------------------------------------------


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_one_of_2020_12_and_reads_the_same_in_draft_7(name: str) -> None:
    schema = document(TYPES[name])
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)
    Draft7Validator.check_schema(schema)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_an_example_passes_both(name: str, text: str) -> None:
    assert allows(name, text)
    assert reads(name, text)


@pytest.mark.parametrize(("name", "text"), UNSAYABLE)
def test_what_a_schema_cannot_say_is_rejected_all_the_same(name: str, text: str) -> None:
    assert allows(name, text)
    assert not reads(name, text)


SAID = [
    (name, value.strip("`"))
    for name, value, reason in REJECTED
    if reason.startswith("invalid") and (name, value.strip("`")) not in UNSAYABLE
]


@pytest.mark.parametrize(("name", "text"), SAID)
def test_all_other_rejected_examples_fail_both(name: str, text: str) -> None:
    assert not allows(name, text)
    assert not reads(name, text)


# -- every field of every type ---------------------------------------------------------------------


def good(field: EventField) -> Iterator[Any]:
    """Values at the edges of what a field takes."""
    low, high = field.minimum, field.maximum
    match field.kind:
        case "text":
            yield from ("x" * int(low or 0), "é" * int(high or 0))
        case "choice":
            yield from field.values
        case "integer" | "decimal":
            yield from (int(low or 0), int(high or 0))
        case "boolean":
            yield from (True, False)
        case "money":
            yield from GOOD_MONEY
        case "moment":
            yield from ("2026-11-20T10:15:29Z", "2026-11-20T11:15:29.123456+01:00")
    if not field.required and field.default is None:
        yield None


def bad(field: EventField) -> Iterator[Any]:
    """Values beyond the edges, and of other types."""
    low, high = field.minimum, field.maximum
    yield from ([], {}, [1])
    if field.required or field.default is not None:
        yield None
    match field.kind:
        case "text":
            yield from (5, True, "x" * (int(high or 0) + 1))
            yield from [""] if low else []
        case "choice":
            yield from (5, "", "nothing", field.values[0].upper())
        case "integer":
            yield from ("5", True, 1.5, int(low or 0) - 1, int(high or 0) + 1)
        case "decimal":
            yield from ("", "x", "1,5", "NaN", True, int(low or 0) - 1, int(high or 0) + 1)
            yield from ("0.0000001", "1" * 41, "-1000000000001", "1000000000000.1")
        case "boolean":
            yield from (0, 1, "true", "")
        case "money":
            yield from BAD_MONEY
        case "moment":
            yield from BAD_MOMENTS


GOOD_MONEY: list[dict[str, Any]] = [
    {"amount": "0", "currency": "EUR"},
    {"amount": "007.5", "currency": "EUR", "minor": None, "exponent": None},
    {"amount": "0.000001", "currency": "EUR"},
    {"amount": "100000000000.00", "currency": "EUR"},
    {"amount": "99999999999.999999", "currency": "EUR"},
    {"amount": "0.0001000", "currency": "JPY"},
    {"amount": "10000000000000", "currency": "JPY"},
    {"amount": "0.0000001", "currency": "KWD"},
    {"amount": "0.00000001", "currency": "CLF"},
    {"minor": 0, "exponent": 0, "currency": "EUR", "amount": None},
    {"minor": 10**17, "exponent": 6, "currency": "EUR"},
    {"minor": 1, "exponent": 8, "currency": "CLF"},
]
BAD_MOMENTS = [
    5, "", "now", "2026-11-20", "2026-11-20T10:15:30", "2026-13-01T00:00:00Z",
    "2026-11-32T00:00:00Z", "0000-01-01T00:00:00Z", "2026-11-20T24:00:00Z",
    "2026-11-20T10:60:00Z", "2026-11-20T10:15:60Z", "2026-11-20T10:15:30+24:00",
    "20261120T101530Z", " 2026-11-20T10:15:30Z", "10000-01-01T00:00:00Z",
]  # fmt: skip


def of_each(values: Callable[[EventField], Iterable[Any]]) -> list[Any]:
    """Values for each field: those of every event in a click, the others in their own type."""
    return [
        pytest.param(name, field.name, value, id=f"{name}-{field.name}-{str(value)[:40]}")
        for name, kind in TYPES.items()
        for field in kind.fields[0 if name == "click" else COMMON :]
        for value in values(field)
        if not is_part_of_a_pair(name, field.name, value)
    ]


def is_part_of_a_pair(name: str, field: str, value: Any) -> bool:
    """Whether a value is right or wrong only together with that of another field."""
    return (name, field) in {("survey", "kind"), ("survey", "score")} and value in ("recall", None)


@pytest.mark.parametrize(("name", "field", "value"), of_each(good))
def test_a_value_at_the_edge_passes_both(name: str, field: str, value: Any) -> None:
    text = json.dumps(fields(name, **{field: value}))
    assert allows(name, text)
    assert reads(name, text)


@pytest.mark.parametrize(("name", "field", "value"), of_each(bad))
def test_a_value_beyond_the_edge_fails_both(name: str, field: str, value: Any) -> None:
    text = json.dumps(fields(name, **{field: value}))
    assert not allows(name, text)
    assert not reads(name, text)


@pytest.mark.parametrize("name", TYPES)
def test_a_required_field_that_is_missing_fails_both(name: str) -> None:
    for field in TYPES[name].fields:
        given = fields(name)
        given.pop(field.name, None)
        text = json.dumps(given)
        needed = field.required or (name, field.name) == ("survey", "score")
        assert allows(name, text) == reads(name, text) == (not needed)


@pytest.mark.parametrize("score", [None, 9])
@pytest.mark.parametrize("recalled", [None, False])
@pytest.mark.parametrize("kind", ["nps", "recall"])
def test_a_survey_needs_the_answer_of_its_kind_for_both(
    kind: str, score: int | None, recalled: bool | None
) -> None:
    text = json.dumps(fields("survey", kind=kind, score=score, recalled=recalled))
    expected = {"nps": score, "recall": recalled}[kind] is not None
    assert allows("survey", text) == reads("survey", text) == expected


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD", "CLF"])
def test_a_currency_has_its_own_decimals_and_its_own_limit(currency: str) -> None:
    decimals, whole = EXPONENTS[currency] + 4, 13 - EXPONENTS[currency]
    finest, largest = f"{1:0{decimals}}", "1" + "0" * whole
    cases = {f"0.{finest}": True, f"0.{finest}000": True, f"0.0{finest}": False}
    cases |= {largest: True, f"00{largest}.000": True, f"{largest}.1": False, f"{largest}0": False}
    cases |= {"9" * whole: True, f"{largest[:-1]}1": False}
    for amount, expected in cases.items():
        text = json.dumps(fields("order", revenue={"amount": amount, "currency": currency}))
        assert (amount, allows("order", text), reads("order", text)) == (amount, expected, expected)


def test_every_currency_passes_both() -> None:
    for currency in EXPONENTS:
        text = json.dumps(fields("order", revenue={"amount": "1.2", "currency": currency}))
        assert allows("order", text)
        assert reads("order", text)


# -- anything at all -------------------------------------------------------------------------------

texts = st.text(max_size=140)
numbers = st.integers(-(10**16), 10**16) | st.decimals(
    min_value=-(10**12), max_value=10**12, places=6
).map(float)
money = st.fixed_dictionaries(
    {"currency": st.sampled_from([*sorted(EXPONENTS), "eur", "XXX", ""])},
    optional={
        "amount": st.none() | st.from_regex(r"[0-9]{0,14}(\.[0-9]{0,9})?", fullmatch=True) | texts,
        "minor": st.none() | st.integers(-1, 10**9),
        "exponent": st.none() | st.integers(-1, 9),
    },
)
moments = st.datetimes().map(lambda at: at.isoformat() + "Z") | st.from_regex(
    r"20[0-9]{2}-[0-9]{2}-[0-3][0-9]T[0-2][0-9]:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?(Z|\+[0-9]{2}:00)",
    fullmatch=True,
)
values = st.none() | st.booleans() | texts | numbers | money | moments | st.lists(st.none())


@given(name=st.sampled_from(sorted(TYPES)), data=st.data())
def test_what_a_schema_lets_through_is_read(name: str, data: st.DataObject) -> None:
    kind = TYPES[name]
    changed = data.draw(st.sets(st.sampled_from(sorted(f.name for f in kind.fields)), max_size=3))
    event = fields(name) | {field: data.draw(values) for field in changed}
    text = json.dumps(event)
    if allows(name, text) and not reads(name, text):
        assert is_unsayable(event, changed)


def is_unsayable(event: dict[str, Any], changed: set[str]) -> bool:
    """Whether an event has one of the faults that the page lists as beyond schemas."""
    return any(isinstance(value, float) or is_no_day(value) for value in event.values()) or (
        len(MOMENTS & event.keys()) > 1 and not MOMENTS.isdisjoint(changed)
    )


MOMENTS = {"period_start", "created_at", "occurred_at"}


def is_no_day(value: Any) -> bool:
    """Whether this is a 31st of April, or a time that rounding takes beyond the year 9999."""
    return isinstance(value, str) and (value[5:10] in NO_DAYS or value.startswith("9999-12-31"))


NO_DAYS = {"02-29", "02-30", "02-31", "04-31", "06-31", "09-31", "11-31"}


# -- types of one's own ----------------------------------------------------------------------------


def test_a_type_of_ones_own_has_a_schema_like_the_shipped_ones() -> None:
    schema = Draft202012Validator(document(DRIVE))
    event = {"event_id": "e-1", "occurred_at": "2026-11-20T10:15:30Z", **GIVEN}
    assert schema.is_valid(event)
    assert not schema.is_valid(event | {"km": 101})
    assert document(DRIVE)["properties"]["mood"]["default"] == "b"
    assert document(DRIVE)["properties"]["model"]["description"] == "which car"


def test_bounds_with_decimals_are_in_the_schema() -> None:
    km = document(DRIVE)["properties"]["km"]["anyOf"][0]
    assert km == {"type": "number", "minimum": 0.5, "maximum": 100}


def test_dimensions_of_ones_own_are_in_the_schema() -> None:
    click = with_dimensions(SHIPPED, ["brand"])["click"]
    schema = Draft202012Validator(document(click))
    event = fields("click", brand="b" * 128)
    assert schema.is_valid(event)
    assert not schema.is_valid(event | {"brand": "b" * 129})
    assert not isinstance(Decoder(click.struct).decode(json.dumps(event).encode()), Rejected)


def test_only_types_with_money_explain_it() -> None:
    with_money = {name for name, kind in TYPES.items() if "$defs" in document(kind)}
    assert with_money == {name for name, _ in OF_MONEY}
    assert RIDE.name in with_money


def test_a_number_is_read_by_both_as_it_is_written() -> None:
    text = json.dumps(fields("metric", value=0.1))
    assert allows("metric", text)
    event: Any = DECODERS["metric"].decode(text.encode())
    assert event.value == Decimal("0.1")
