"""Event types as data: what fields each has, and a user's own types beside the shipped ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from inspect import cleandoc
from keyword import iskeyword
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, cast, get_args, get_origin

import msgspec
from msgspec import Meta, inspect

from kpistream.core.decimals import MAX_DECIMAL
from kpistream.core.events.events import DEFAULT_TOPICS, EVENT_TYPES, CoversPeriod, Event
from kpistream.core.money.money import Money

FieldKind = Literal["text", "choice", "integer", "decimal", "boolean", "money", "moment"]
KINDS: Final[tuple[str, ...]] = get_args(FieldKind)

MAX_FIELDS: Final = 64
"""The most fields that a type has beside the common ones."""

MAX_VALUES: Final = 100
"""The most values that a choice has."""

LIMITS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"text": (0, 1000), "integer": (-(10**15), 10**15), "decimal": (-MAX_DECIMAL, MAX_DECIMAL)}
)
"""The widest bounds a field can have, by kind; of a text, its number of characters.

Integers within them are exact for senders and readers that keep numbers as doubles.
"""

RESERVED: Final = frozenset({"type", "arrived_at"})
"""Names that mean something else in a file of events."""

IDENTITIES: Final = frozenset({"event_id", "visitor_id", "customer_id"})
"""Fields that are no dimensions: each member would be one event, or one person."""

_USUAL: Final[Mapping[str, tuple[int, int]]] = {**LIMITS, "text": (0, 128)}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TOPIC: Final = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9._-]{1,120}")
_DURATIONS: Final = {"_ms": "milliseconds", "_s": "seconds", "_days": "days"}


class InvalidEventType(ValueError):
    """A declaration that makes no event type; `field` is where, None for the type itself."""

    def __init__(self, problem: str, field: str | None = None) -> None:
        self.field = field
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class EventField:
    """A field of an event: its name, what kind of value it has, and within which bounds.

    ``minimum`` and ``maximum`` are included; of a text, they are its number of characters. Where
    none are given, the usual ones of the kind hold. Raises InvalidEventType.
    """

    name: str
    kind: FieldKind
    required: bool = True
    values: tuple[str, ...] = ()
    """What a choice chooses from."""
    minimum: int | Decimal | None = None
    maximum: int | Decimal | None = None
    default: str | int | bool | None = None
    """What an optional field holds when it is left out; None for: not known."""
    description: str = ""

    def __post_init__(self) -> None:
        if self.minimum is None and self.kind in _USUAL:
            object.__setattr__(self, "minimum", _USUAL[self.kind][0])
        if self.maximum is None and self.kind in _USUAL:
            object.__setattr__(self, "maximum", _USUAL[self.kind][1])
        if problem := _problem(self):
            raise InvalidEventType(problem, self.name)

    @property
    def unit(self) -> str | None:
        """What a number is in, where its name says it: `duration_ms` is in milliseconds."""
        if self.kind not in ("integer", "decimal"):
            return None
        return next((unit for end, unit in _DURATIONS.items() if self.name.endswith(end)), None)


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: what it is called, where it is read from, and what it carries."""

    name: str
    topic: str
    struct: type[Event]
    description: str
    fields: tuple[EventField, ...]
    """All of them, those of every event first."""

    @property
    def covers_period(self) -> bool:
        """Whether its events may stand for a period, from `period_start` to `occurred_at`."""
        return issubclass(self.struct, CoversPeriod)

    def field(self, name: str) -> EventField | None:
        """The field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)


def fields_of(struct: type[Event]) -> tuple[EventField, ...]:
    """The fields of an event as data, those of every event first."""
    fields = {field.name: _field(field) for field in msgspec.structs.fields(struct)}
    common = [field.name for field in msgspec.structs.fields(Event)]
    return tuple(fields[name] for name in dict.fromkeys([*common, *fields]))


def event_type(
    name: str,
    topic: str,
    fields: Iterable[EventField],
    description: str,
    covers_period: bool = False,
) -> EventType:
    """An event type of a user's own. Raises InvalidEventType.

    Its events carry what every event carries, and these fields; `covers_period` adds
    `period_start`.
    """
    base = CoversPeriod if covers_period else Event
    own = list(fields)
    if problem := _type_problem(name, topic, own):
        raise InvalidEventType(problem)
    _check_names(own, base)
    struct = _extended(name, base, own, description)
    return EventType(name, topic, struct, description, (*fields_of(base), *own))


def with_dimensions(types: Mapping[str, EventType], names: Sequence[str]) -> dict[str, EventType]:
    """The same types, each with a user's own dimensions: optional texts such as a channel.

    A type that has such a field already keeps it. Raises InvalidEventType if that field is no text
    or stands for one person or event, and for a name that cannot be one.
    """
    return {name: _with_dimensions(kind, names) for name, kind in types.items()}


def _with_dimensions(kind: EventType, names: Sequence[str]) -> EventType:
    added = []
    for name in dict.fromkeys(names):
        found = kind.field(name)
        if found is None:
            added.append(EventField(name, "text", False, description="a dimension of one's own"))
        elif name in IDENTITIES:
            raise InvalidEventType(f"`{name}` stands for one person or event", name)
        elif found.kind not in ("text", "choice"):
            raise InvalidEventType(f"`{name}` of {kind.name} is no text, so no dimension", name)
    if not added:
        return kind
    _check_names(added, kind.struct)
    struct = _extended(kind.name, kind.struct, added, kind.description)
    return replace(kind, struct=struct, fields=(*kind.fields, *added))


def _extended(
    name: str, base: type[Event], fields: Iterable[EventField], description: str
) -> type[Event]:
    """A struct with more fields than its base, read as fast as one that is written out."""
    declared = [_declared(field) for field in fields]
    title = "".join(part.capitalize() for part in name.split("_"))
    struct = msgspec.defstruct(
        title,
        declared,
        bases=(base,),
        namespace={"__doc__": description},
        frozen=True,
        kw_only=True,
        gc=False,
        omit_defaults=True,
    )
    return cast("type[Event]", struct)


# -- from a struct to its fields -------------------------------------------------------------------


def _field(field: msgspec.structs.FieldInfo) -> EventField:
    plain, meta = _unwrapped(inspect.type_info(field.type))
    kind = _kind(plain)
    low, high = _bounds(kind, plain, meta)
    return EventField(
        field.name,
        kind,
        field.required,
        values=_values(field.type),
        minimum=low,
        maximum=high,
        default=None if field.required else field.default,
        description=meta.get("description", ""),
    )


def _unwrapped(declared: inspect.Type) -> tuple[Any, dict[str, Any]]:
    """A type without `| None` and without its annotations, and those."""
    meta: dict[str, Any] = {}
    if isinstance(declared, inspect.UnionType):
        (declared,) = (one for one in declared.types if not isinstance(one, inspect.NoneType))
    if isinstance(declared, inspect.Metadata):
        meta = (declared.extra_json_schema or {}) | (declared.extra or {})
        declared = declared.type
    return declared, meta


def _kind(plain: Any) -> FieldKind:
    match plain:
        case inspect.StrType():
            return "text"
        case inspect.LiteralType():
            return "choice"
        case inspect.IntType():
            return "integer"
        case inspect.DecimalType():
            return "decimal"
        case inspect.BoolType():
            return "boolean"
        case inspect.StructType(cls=cls) if cls is Money:
            return "money"
        case inspect.DateTimeType():
            return "moment"
    raise TypeError(f"no kind of field: {plain}")


def _values(declared: Any) -> tuple[str, ...]:
    """What a choice chooses from, in the order of its declaration."""
    if get_origin(declared) is Literal:
        return get_args(declared)
    return next(filter(None, map(_values, get_args(declared))), ())


def _bounds(kind: FieldKind, plain: Any, meta: Mapping[str, Any]) -> tuple[Any, Any]:
    match kind:
        case "text":
            return plain.min_length, plain.max_length
        case "integer":
            return plain.ge, plain.le
        case _:
            return meta.get("minimum"), meta.get("maximum")


# -- from fields to a struct -----------------------------------------------------------------------


def _declared(field: EventField) -> Any:
    """A field as msgspec declares it."""
    annotated: Any = Annotated[_plain(field), _meta(field)]
    if field.required:
        return field.name, annotated
    if field.default is None:
        return field.name, annotated | None, None
    return field.name, annotated, field.default


def _plain(field: EventField) -> Any:
    if field.kind == "choice":
        return Literal[field.values]
    plain = {"text": str, "integer": int, "decimal": Decimal, "boolean": bool, "money": Money}
    return plain.get(field.kind, datetime)


def _meta(field: EventField) -> Meta:
    about, low, high = field.description, cast("Any", field.minimum), cast("Any", field.maximum)
    match field.kind:
        case "text":
            return Meta(min_length=low, max_length=high, description=about)
        case "integer":
            return Meta(ge=low, le=high, description=about)
        case "decimal":
            # msgspec bounds no decimals: the decoder does.
            return Meta(extra={"minimum": low, "maximum": high}, description=about)
        case "moment":
            return Meta(tz=True, description=about)
        case _:
            return Meta(description=about)


# -- what is wrong with a declaration --------------------------------------------------------------


def _type_problem(name: str, topic: str, fields: Sequence[EventField]) -> str | None:
    if not _NAME.fullmatch(name):
        return f"{name!a} is no name: small letters, digits and `_`, at most 63"
    if not _TOPIC.fullmatch(topic):
        return f"{topic!a} is no topic: letters, digits, `.`, `_` and `-`, at most 120"
    if len(fields) > MAX_FIELDS:
        return f"{len(fields)} fields, at most {MAX_FIELDS}"
    return None


def _check_names(fields: Sequence[EventField], base: type[Event]) -> None:
    """Raise InvalidEventType for a name that is taken already."""
    taken = {field.name for field in msgspec.structs.fields(base)}
    for field in fields:
        if field.name in taken:
            raise InvalidEventType(f"there is a field `{field.name}` already", field.name)
        taken.add(field.name)


def _problem(field: EventField) -> str | None:
    """What is wrong with a field, if anything is."""
    if not _NAME.fullmatch(field.name) or iskeyword(field.name) or field.name in RESERVED:
        return f"{field.name!a} cannot be the name of a field"
    if field.kind not in KINDS:
        return f"unknown kind {field.kind!a}; allowed: {', '.join(KINDS)}"
    if field.required and field.default is not None:
        return "a required field has no default"
    return _values_problem(field) or _bounds_problem(field) or _default_problem(field)


def _values_problem(field: EventField) -> str | None:
    if field.kind != "choice":
        return "only a choice has values" if field.values else None
    if not 0 < len(field.values) <= MAX_VALUES:
        return f"a choice has 1 to {MAX_VALUES} values"
    if len(set(field.values)) < len(field.values):
        return "a value comes twice"
    longest = LIMITS["text"][1]
    if not all(0 < len(value) <= longest for value in field.values):
        return f"the values of a choice are texts of 1 to {longest} characters"
    return None


def _bounds_problem(field: EventField) -> str | None:
    low, high = field.minimum, field.maximum
    if low is None or high is None:
        return None
    if field.kind not in LIMITS:
        return f"a field of kind {field.kind} has no bounds"
    if any(isinstance(bound, Decimal) and bound.is_nan() for bound in (low, high)):
        return "a bound is a number"
    least, most = LIMITS[field.kind]
    if not least <= low <= high <= most:
        return f"bounds of a field of kind {field.kind} go up, within {least} and {most}"
    return None


def _default_problem(field: EventField) -> str | None:
    if field.default is None:
        return None
    if field.kind == "choice" and field.default in field.values:
        return None
    if field.kind == "boolean" and isinstance(field.default, bool):
        return None
    return "only a choice, among its values, and a boolean have a default"


def _shipped(name: str, struct: type[Event]) -> EventType:
    about = cleandoc(struct.__doc__ or "")
    return EventType(name, DEFAULT_TOPICS[name], struct, about, fields_of(struct))


SHIPPED: Final[Mapping[str, EventType]] = MappingProxyType(
    {name: _shipped(name, struct) for name, struct in EVENT_TYPES.items()}
)
"""The event types that kpistream brings, by their name."""
