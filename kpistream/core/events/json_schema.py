"""Event types as JSON Schema, for those who send events and want to know beforehand.

Whatever a schema lets through, the decoder reads, but for what JSON Schema has no words for; the
page docs/events.md lists that. The words used are those that the drafts 7 and 2020-12 share.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from kpistream.core.decimals import DECIMALS, MAX_DECIMAL
from kpistream.core.events.event_types import EventField, EventType
from kpistream.core.money.currencies import EXPONENTS
from kpistream.core.money.money import MAX_AMOUNT, MAX_TEXT, SCALE_DIGITS

Schema = dict[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

MOMENT: Final = (
    r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""RFC 3339, with capitals. Not all validators look at a `format`."""

_NULL: Final[Schema] = {"type": "null"}


def document(kind: EventType) -> Schema:
    """The schema of an event type, complete in itself."""
    schema: Schema = {"$schema": DRAFT, **event_schema(kind, "#/$defs/money")}
    if any(field.kind == "money" for field in kind.fields):
        schema["$defs"] = {"money": money_schema()}
    return schema


def event_schema(kind: EventType, money: str) -> Schema:
    """The schema of an event type; `money` is a reference to the schema of an amount."""
    schema: Schema = {
        "title": kind.name,
        "description": kind.description,
        "type": "object",
        "required": [field.name for field in kind.fields if field.required],
        "properties": {field.name: _property(field, money) for field in kind.fields},
    }
    if kind.struct.NEEDED:
        schema["allOf"] = [_needs(*pair) for pair in kind.struct.NEEDED.items()]
    return schema


def _needs(kind: str, field: str) -> Schema:
    """Events of that kind have a value for the field."""
    return {
        "if": {"required": ["kind"], "properties": {"kind": {"const": kind}}},
        "then": {"required": [field], "properties": {field: {"not": _NULL}}},
    }


# -- one field -------------------------------------------------------------------------------------


def _property(field: EventField, money: str) -> Schema:
    schema = _value(field, money)
    if not field.required and field.default is None:
        schema = _or_null(schema)
    if field.default is not None:
        schema["default"] = field.default
    return {"description": field.description, **schema} if field.description else schema


def _value(field: EventField, money: str) -> Schema:
    match field.kind:
        case "text":
            least = {"minLength": field.minimum} if field.minimum else {}
            return {"type": "string", **least, "maxLength": field.maximum}
        case "choice":
            return {"type": "string", "enum": list(field.values)}
        case "integer":
            return {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
        case "decimal":
            return _decimal(field)
        case "boolean":
            return {"type": "boolean"}
        case "money":
            return {"anyOf": [{"$ref": money}]}
        case "moment":
            return {"type": "string", "format": "date-time", "pattern": MOMENT}


def _decimal(field: EventField) -> Schema:
    """A number, or a text where senders would round it through a float."""
    low, high = (_number(field.minimum), _number(field.maximum))
    number: Schema = {"type": "number", "minimum": low, "maximum": high}
    pattern = f"^-?{_digits(len(str(MAX_DECIMAL)) - 1, DECIMALS)}$"
    return {"anyOf": [number, {"type": "string", "pattern": pattern, "maxLength": MAX_TEXT}]}


def _digits(before: int, decimals: int) -> str:
    """The pattern of a number of so many decimals and at most ten to the power of ``before``."""
    largest = rf"10{{{before}}}(\.0+)?"
    return rf"0*([0-9]{{1,{before}}}(\.[0-9]{{1,{decimals}}}0*)?|{largest})"


def _number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)


def _or_null(schema: Schema) -> Schema:
    """The same, or nothing."""
    if "anyOf" in schema:
        return {"anyOf": [*schema["anyOf"], _NULL]}
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


# -- money -----------------------------------------------------------------------------------------


def money_schema() -> Schema:
    """An amount: its currency, and either a decimal text or minor units with their exponent."""
    return {
        "title": "money",
        "description": "An amount as a decimal text, or as minor units with their exponent.",
        "type": "object",
        "required": ["currency"],
        "properties": {
            "currency": {"description": "active ISO 4217 code", "type": "string"},
            "amount": {"type": ["string", "null"], "maxLength": MAX_TEXT},
            "minor": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_AMOUNT},
            "exponent": {"type": ["integer", "null"], "minimum": 0, "maximum": 8},
        },
        "allOf": [{"oneOf": [_text_form(), _minor_form()]}, {"oneOf": _by_decimals()}],
    }


def _text_form() -> Schema:
    given: Schema = {"amount": {"type": "string"}, "minor": _NULL, "exponent": _NULL}
    return {"required": ["amount"], "properties": given}


def _minor_form() -> Schema:
    given: Schema = {"minor": {"type": "integer"}, "exponent": {"type": "integer"}, "amount": _NULL}
    return {"required": ["minor", "exponent"], "properties": given}


def _by_decimals() -> list[Schema]:
    """What an amount may look like, for all currencies with the same number of decimals."""
    codes = sorted(EXPONENTS, key=lambda code: (EXPONENTS[code], code))
    return [_amounts(few, list(same)) for few, same in groupby(codes, key=EXPONENTS.__getitem__)]


def _amounts(exponent: int, currencies: Sequence[str]) -> Schema:
    decimals = exponent + SCALE_DIGITS
    pattern = f"^{_digits(len(str(MAX_AMOUNT)) - 1 - decimals, decimals)}$"
    return {
        "properties": {
            "currency": {"enum": list(currencies)},
            "amount": {"pattern": pattern},
            "exponent": {"maximum": decimals},
        }
    }
