"""A decoder turns any bytes at all into an event or a reason, and never raises."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.decimals import scaled_decimal
from kpistream.core.events.decode import MAX_BYTES, Decoder
from kpistream.core.events.event_types import SHIPPED, EventField, event_type
from kpistream.core.events.events import Click, Event, Session
from kpistream.core.events.outcomes import MAX_DETAIL, Reason, Rejected
from kpistream.core.money.money import Money

RIDE = event_type(
    "ride",
    "rides",
    [
        EventField("fare", "money"),
        EventField("fare_paid", "money", required=False),
        EventField("tip", "money", required=False),
        EventField("km", "decimal", minimum=0, maximum=500),
        EventField("slope", "decimal", required=False),
        EventField("minutes", "integer", required=False, minimum=0, maximum=600),
        EventField("grade", "choice", required=False, values=("a", "b")),
    ],
    "A type of a user's own, with all that needs a second look.",
    covers_period=True,
)
TYPES = {**SHIPPED, "ride": RIDE}
DECODERS: dict[str, Decoder[Any]] = {name: Decoder(kind.struct) for name, kind in TYPES.items()}
PERSONAL = "jane.doe@example.org"

OF_EACH_TYPE: dict[str, dict[str, Any]] = {
    "impression": {},
    "click": {},
    "session": {"duration_ms": 95_000, "page_views": 4},
    "order": {"order_id": "A-1", "revenue": {"amount": "12.34", "currency": "EUR"}},
    "cost": {"amount": {"minor": 1234, "exponent": 2, "currency": "EUR"}},
    "email": {"kind": "opened", "machine_open": True},
    "cart": {"kind": "created", "cart_id": "B-1", "value": {"amount": "5", "currency": "JPY"}},
    "lead": {
        "stage": "won",
        "lead_id": "L-1",
        "value": {"amount": "900", "currency": "EUR"},
        "created_at": "2026-09-01T00:00:00Z",
    },
    "customer": {"kind": "created", "mrr": {"amount": "29", "currency": "EUR"}},
    "interaction": {"kind": "share", "content": "post-12"},
    "survey": {"kind": "nps", "score": 9},
    "activity": {"kind": "call", "duration_ms": 420_000},
    "metric": {"name": "market_share", "value": "0.1835"},
    "ride": {"fare": {"amount": "12.34", "currency": "EUR"}, "km": 12.5},
}


def fields(kind: str, /, **changes: Any) -> dict[str, Any]:
    """The fields of a valid event of that type, with changes."""
    common = {"event_id": "e-1", "occurred_at": "2026-11-20T10:15:30Z", "channel": "email"}
    return common | OF_EACH_TYPE[kind] | changes


def decode(kind: str, /, **changes: Any) -> Any:
    """What the decoder makes of a valid event with changes."""
    return DECODERS[kind].decode(json.dumps(fields(kind, **changes)).encode())


def click(tail: bytes) -> Any:
    """What the decoder makes of a click whose last bytes are these."""
    return DECODERS["click"].decode(
        b'{"event_id":"e-1","occurred_at":"2026-11-20T10:15:30Z",' + tail
    )


def reason(result: Any) -> Reason:
    """Why it was rejected, once the promises that hold for each rejection are checked."""
    assert isinstance(result, Rejected)
    assert 0 < len(result.detail) <= MAX_DETAIL
    assert PERSONAL not in result.detail
    return result.reason


def an_event_or_a_reason(decoder: Decoder[Any], value: bytes | None) -> None:
    """Holds for any bytes: an event that can be used, or a rejection; the same in a batch."""
    result = decoder.decode(value)
    assert decoder.decode_all([value]) == [result]
    if isinstance(result, Rejected):
        reason(result)
        return
    assert isinstance(result, Event)
    assert isinstance(result.occurred_at.timestamp(), float)
    assert msgspec.json.encode(result)
    assert all(can_be_added_up(each) for each in msgspec.structs.astuple(result))


def can_be_added_up(value: Any) -> bool:
    """Whether a money or a decimal of an event has its whole number; other values need none."""
    match value:
        case Money():
            return value.scaled() >= 0
        case Decimal():
            return isinstance(scaled_decimal(value), int)
        case _:
            return True


@pytest.mark.parametrize("kind", TYPES)
def test_a_valid_event_is_decoded_to_its_type(kind: str) -> None:
    event = decode(kind)
    assert isinstance(event, TYPES[kind].struct)
    assert event.occurred_at == datetime(2026, 11, 20, 10, 15, 30, tzinfo=UTC)
    assert event.channel == "email"
    assert event.campaign is None


def test_unknown_fields_are_ignored() -> None:
    assert decode("click", page="/", utm={"source": ["a", {"b": None}]}) == decode("click")


def test_the_last_of_two_equal_keys_counts() -> None:
    assert click(b'"site":"a","site":"b"}').site == "b"


@pytest.mark.parametrize("value", [None, b"", b" ", b"\r\n\t"])
def test_a_record_without_a_value_is_empty(value: bytes | None) -> None:
    assert reason(DECODERS["click"].decode(value)) is Reason.empty


def test_a_record_may_be_as_large_as_the_limit_and_no_larger() -> None:
    value = json.dumps(fields("click")).encode()
    assert isinstance(Decoder(Click, max_bytes=len(value)).decode(value), Click)
    assert reason(Decoder(Click, max_bytes=len(value) - 1).decode(value)) is Reason.too_large
    assert reason(DECODERS["click"].decode(b"[" * (MAX_BYTES + 1))) is Reason.too_large


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b'"site":"a"',
        b'"site":NaN}',
        b'"x":NaN}',
        b'"x":Infinity}',
        b"'site':'a'}",
        b'"site":"a",}',
        b'"site":"a"} {}',
        b'"site":"\\ud800"}',
        b'"site":"\\udc00 and more"}',
        b'"site":"\\ud800\\ud800"}',
        b'"site":"\xff"}',
        b'"site":"\xed\xa0\x80"}',
        b'"site":"\x00"}',
        b'"site":"a"}\x00',
        b'"x":' + b"[" * 60_000,
        b'"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'"x":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
    ],
)
def test_what_is_not_json_is_malformed(tail: bytes) -> None:
    assert reason(click(tail)) is Reason.malformed_json


@pytest.mark.parametrize("value", [b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\x00", b"{", b"nul"])
def test_bytes_that_do_not_begin_as_json_are_malformed(value: bytes) -> None:
    assert reason(DECODERS["click"].decode(value)) is Reason.malformed_json


def test_deep_nesting_is_told_as_such() -> None:
    refusal = click(b'"x":' + b"[" * 60_000)
    assert refusal == Rejected(Reason.malformed_json, "JSON is nested too deeply")


@pytest.mark.parametrize("value", [b"null", b"[]", b"1", b"9" * 5_000, b'"text"', b"true", b"{}"])
def test_json_that_is_not_an_event_object_is_an_invalid_event(value: bytes) -> None:
    for decoder in DECODERS.values():
        assert reason(decoder.decode(value)) is Reason.invalid_event


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": ""},
        {"event_id": "e" * 65},
        {"event_id": None},
        {"event_id": 7},
        {"channel": "c" * 129},
        {"channel": "c" * 50_000},
        {"channel": [PERSONAL]},
        {"channel": {"a": {"b": [1]}}},
        {"visitor_id": 10**400},
    ],
)
def test_a_field_of_the_wrong_type_or_length_is_an_invalid_event(changes: dict[str, Any]) -> None:
    assert reason(decode("click", **changes)) is Reason.invalid_event


@pytest.mark.parametrize("length", [1, 64])
def test_an_id_has_1_to_64_characters_whatever_the_alphabet(length: int) -> None:
    assert decode("click", event_id="é" * length).event_id == "é" * length


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("session", {"duration_ms": -1}),
        ("session", {"duration_ms": 86_400_001}),
        ("session", {"duration_ms": 10**5_000 // 3}),
        ("session", {"duration_ms": 1.5}),
        ("session", {"duration_ms": "95000"}),
        ("session", {"page_views": 0}),
        ("session", {"page_views": 10_001}),
        ("session", {"page_views": True}),
        ("order", {"kind": "gift"}),
        ("order", {"order_id": ""}),
        ("email", {"kind": "sent"}),
        ("email", {"machine_open": "yes"}),
        ("email", {"machine_open": None}),
        ("click", {"kind": "button"}),
        ("click", {"kind": None}),
        ("order", {"order_number": 0}),
        ("order", {"order_number": 1_000_001}),
        ("cart", {"kind": "abandoned"}),
        ("cart", {"cart_id": "c" * 65}),
        ("lead", {"stage": "prospect"}),
        ("lead", {"lead_id": None}),
        ("lead", {"created_at": "2026-09-01T00:00:00"}),
        ("lead", {"created_at": "2026-11-20T10:15:30.000001Z"}),
        ("customer", {"kind": "paused"}),
        ("customer", {"lifetime_days": -1}),
        ("customer", {"lifetime_days": 36_526}),
        ("interaction", {"kind": "wave"}),
        ("interaction", {"content": "c" * 129}),
        ("survey", {"kind": "csat"}),
        ("survey", {"score": None}),
        ("survey", {"score": 11}),
        ("survey", {"score": -1}),
        ("survey", {"kind": "recall"}),
        ("survey", {"kind": "recall", "recalled": "yes"}),
        ("activity", {"kind": "nap"}),
        ("activity", {"duration_ms": 86_400_001}),
        ("metric", {"name": ""}),
        ("metric", {"name": "n" * 129}),
        ("ride", {"grade": "c"}),
        ("ride", {"minutes": 601}),
    ],
)
def test_values_outside_their_range_are_an_invalid_event(
    kind: str, changes: dict[str, Any]
) -> None:
    assert reason(raw(kind, changes)) is Reason.invalid_event


def raw(kind: str, changes: dict[str, Any]) -> Any:
    """As `decode`, for integers too long for the standard library to write."""
    value = msgspec.json.encode(fields(kind) | {k: whole(v) for k, v in changes.items()})
    return DECODERS[kind].decode(value)


def whole(value: Any) -> Any:
    """The value, or the digits themselves of an integer of thousands of digits."""
    huge = isinstance(value, int) and value.bit_length() > 10_000
    return msgspec.Raw(b"3" * 5_000) if huge else value


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-20T10:15:30", "2026-11-20", "10:15:30Z", "", "now", 1795169822, 1795169822.5, None,
        "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-20T24:00:00Z", "2026-06-30T23:59:60Z",
        "2026-11-20T10:15:30+24:00",
        "9999-12-31T23:59:59.9999999Z",
    ],
)  # fmt: skip
def test_a_moment_without_an_offset_or_outside_the_calendar_is_an_invalid_event(
    moment: Any,
) -> None:
    assert reason(decode("click", occurred_at=moment)) is Reason.invalid_event


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("2026-11-20T11:15:30+01:00", 1795169730.0),
        ("2026-11-20T11:15:30+0100", 1795169730.0),
        ("2026-11-20 10:15:30z", 1795169730.0),
        ("1969-12-31T23:59:59.5Z", -0.5),
        ("0001-01-01T00:00:00+14:00", -62135647200.0),
        ("9999-12-31T23:59:59-14:00", 253402351199.0),
    ],
)
def test_a_moment_of_any_year_and_offset_has_a_timestamp(moment: str, seconds: float) -> None:
    assert decode("click", occurred_at=moment).occurred_at.timestamp() == seconds


BAD_MONEY: list[Any] = [
    "12.34", 12, [], {},
    {"amount": "12.34"},
    {"currency": "EUR"},
    {"amount": 12.34, "currency": "EUR"},
    {"amount": 12, "currency": "EUR"},
    {"amount": "", "currency": "EUR"},
    {"amount": "-12.34", "currency": "EUR"},
    {"amount": "+12.34", "currency": "EUR"},
    {"amount": "1e5", "currency": "EUR"},
    {"amount": "12.3456789", "currency": "EUR"},
    {"amount": "0.00001", "currency": "JPY"},
    {"amount": "9" * 50_000, "currency": "EUR"},
    {"amount": "100000000000.01", "currency": "EUR"},
    {"amount": PERSONAL, "currency": "EUR"},
    {"amount": "12.34", "currency": "eur"},
    {"amount": "12.34", "currency": "ZZZ"},
    {"amount": "12.34", "currency": PERSONAL},
    {"amount": "12.34", "currency": None},
    {"amount": "12.34", "currency": "EUR", "minor": 1234, "exponent": 2},
    {"minor": 1234, "currency": "EUR"},
    {"minor": -1234, "exponent": 2, "currency": "EUR"},
    {"minor": 12.5, "exponent": 2, "currency": "EUR"},
    {"minor": 10**30, "exponent": 2, "currency": "EUR"},
    {"minor": 1234, "exponent": -2, "currency": "EUR"},
    {"minor": 1234, "exponent": 7, "currency": "EUR"},
    {"minor": 1234, "exponent": 10**9, "currency": "EUR"},
]  # fmt: skip


OF_MONEY = [
    ("order", "revenue"),
    ("cost", "amount"),
    ("cart", "value"),
    ("lead", "value"),
    ("customer", "mrr"),
    ("ride", "fare"),
    ("ride", "fare_paid"),
    ("ride", "tip"),
]


@pytest.mark.parametrize("money", BAD_MONEY)
@pytest.mark.parametrize(("kind", "field"), OF_MONEY)
def test_money_that_is_not_exact_is_invalid_money(kind: str, field: str, money: Any) -> None:
    assert reason(decode(kind, **{field: money})) is Reason.invalid_money


@pytest.mark.parametrize(("kind", "field"), OF_MONEY)
def test_money_may_be_missing_where_it_is_optional(kind: str, field: str) -> None:
    declared = TYPES[kind].field(field)
    assert declared is not None
    missing = decode(kind, **{field: None})
    assert isinstance(missing, Rejected) == declared.required
    if declared.required:
        assert reason(missing) is Reason.invalid_money


@pytest.mark.parametrize(("kind", "field"), OF_MONEY)
def test_another_fault_of_an_event_with_money_is_an_invalid_event(kind: str, field: str) -> None:
    assert reason(decode(kind, event_id="")) is Reason.invalid_event
    assert reason(decode(kind, site=5)) is Reason.invalid_event


def test_a_field_whose_name_begins_like_that_of_money_is_an_invalid_event() -> None:
    kind = event_type("x", "x", [EventField("a", "money"), EventField("a_b", "text")], "")
    value = fields("click") | {"a": {"amount": "1", "currency": "EUR"}, "a_b": 5}
    assert reason(Decoder(kind.struct).decode(json.dumps(value).encode())) is Reason.invalid_event


@pytest.mark.parametrize(
    ("number", "scaled"),
    [
        ("0", 0), ("-0", 0), ("1", 10**6), ("-1.5", -1_500_000), ("0.000001", 1),
        ("0.1", 100_000), ("0.1000000000000000000000000000000000", 100_000), ("1e3", 10**9),
        ("125e-2", 1_250_000), ("0e-99999", 0), ("1000000000000", 10**18),
        ("-1000000000000.000000", -(10**18)), ("123456789012.123456", 123_456_789_012_123_456),
    ],
)  # fmt: skip
def test_a_decimal_is_exact_as_a_number_and_as_a_text(number: str, scaled: int) -> None:
    for written in (number, f'"{number}"'):
        event = metric(written)
        assert scaled_decimal(event.value) == scaled


@pytest.mark.parametrize(
    "written",
    [
        "0.0000001", "1e-7", "1e-99999999", "1000000000000.000001", "-1000000000001", "1e13",
        "1e99999999", "1e999999999999999999999", "9" * 60_000, "0." + "0" * 60_000 + "1",
        '"NaN"', '"sNaN"', '"Infinity"', '"-inf"', '""', '"12,5"', '"18 %"', '"0x10"',
        "true", "[]", "{}", "null",
    ],
)  # fmt: skip
def test_a_decimal_that_cannot_be_kept_exactly_is_an_invalid_event(written: str) -> None:
    assert reason(metric(written)) is Reason.invalid_event


def metric(written: str) -> Any:
    """What the decoder makes of a metric whose value is written like that."""
    value = json.dumps(fields("metric", value=0)).replace('"value": 0', f'"value": {written}')
    return DECODERS["metric"].decode(value.encode())


@pytest.mark.parametrize("km", [-1, -0.000001, "500.000001", 501])
def test_a_decimal_beyond_its_own_bounds_is_an_invalid_event(km: Any) -> None:
    refusal = decode("ride", km=km)
    assert reason(refusal) is Reason.invalid_event
    assert refusal.detail == "Expected 0 to 500 - at `$.km`"


@pytest.mark.parametrize("km", [0, 500, "499.999999"])
def test_the_bounds_of_a_decimal_are_within_them(km: Any) -> None:
    assert decode("ride", km=km).km == Decimal(str(km))


def test_an_event_of_its_own_type_may_cover_a_period() -> None:
    assert isinstance(decode("ride", period_start="2026-11-20T10:00:00Z"), RIDE.struct)
    late = decode("ride", period_start="2026-11-20T10:15:30Z")
    assert reason(late) is Reason.invalid_event


BATCH: list[bytes | None] = [
    json.dumps(fields("ride", **changes)).encode()
    for changes in (
        {}, {"km": 600}, {"grade": "z"}, {"tip": {"amount": "1", "currency": "ZZZ"}}, {"km": "1"},
        {"event_id": 5}, {"fare": None}, {},
    )
]  # fmt: skip


@pytest.mark.parametrize(
    "extra", [[], [None], [b""], [b" ", b"{"], [b"[" * (MAX_BYTES + 1)]], ids=repr
)
def test_a_batch_is_judged_as_one_by_one(extra: list[bytes | None]) -> None:
    values = [*BATCH, *extra, *BATCH]
    for decoder in DECODERS.values():
        assert decoder.decode_all(values) == [decoder.decode(value) for value in values]


def test_the_detail_names_the_field_and_never_repeats_its_value() -> None:
    refusal = decode("email", kind=f"{PERSONAL}' - at `$.{PERSONAL}`")
    assert refusal == Rejected(Reason.invalid_event, "Not one of the allowed values - at `$.kind`")
    assert "$.revenue.currency" in decode("order", revenue={"currency": PERSONAL}).detail
    assert "'ZZZ'" in decode("order", revenue={"currency": "ZZZ", "amount": "1"}).detail


def test_text_with_a_nul_or_from_any_plane_is_kept_as_it_is() -> None:
    assert decode("click", site="\x00\U0001f600").site == "\x00\U0001f600"


@given(value=st.binary(max_size=400))
def test_any_bytes_are_an_event_or_a_reason(value: bytes) -> None:
    for decoder in DECODERS.values():
        an_event_or_a_reason(decoder, value)


characters = st.characters(exclude_categories=())  # lone surrogates too
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(characters, max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=anything)
def test_any_json_is_an_event_or_a_reason(value: Any) -> None:
    for decoder in DECODERS.values():
        an_event_or_a_reason(decoder, json.dumps(value).encode("utf-8", "surrogatepass"))


@given(kind=st.sampled_from(sorted(TYPES)), data=st.data())
def test_a_valid_event_with_any_field_replaced_is_an_event_or_a_reason(
    kind: str, data: st.DataObject
) -> None:
    valid = fields(kind)
    for name in data.draw(st.sets(st.sampled_from(sorted(valid)), min_size=1, max_size=3)):
        inner = st.just(valid[name]) if not isinstance(valid[name], dict) else st.nothing()
        valid[name] = data.draw(st.one_of(anything, inner, changed(valid[name])))
    value = json.dumps(valid, ensure_ascii=data.draw(st.booleans()))
    an_event_or_a_reason(DECODERS[kind], value.encode("utf-8", "surrogatepass"))


def changed(value: Any) -> st.SearchStrategy[Any]:
    """An object with one of its fields replaced; anything for what is no object."""
    if not isinstance(value, dict):
        return anything
    return st.tuples(st.sampled_from(sorted(value)), anything).map(
        lambda change: value | {change[0]: change[1]}
    )


@given(kind=st.sampled_from(sorted(TYPES)), data=st.data())
def test_a_valid_event_with_any_bytes_overwritten_is_an_event_or_a_reason(
    kind: str, data: st.DataObject
) -> None:
    value = bytearray(json.dumps(fields(kind)).encode())
    for _ in range(data.draw(st.integers(min_value=1, max_value=4))):
        at = data.draw(st.integers(min_value=0, max_value=len(value)))
        until = min(len(value), at + data.draw(st.integers(min_value=0, max_value=6)))
        value[at:until] = data.draw(st.binary(max_size=6))
    an_event_or_a_reason(DECODERS[kind], bytes(value))


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_every_moment_of_the_calendar_is_read_exactly(moment: datetime) -> None:
    assert decode("click", occurred_at=moment.isoformat()).occurred_at == moment


def test_a_session_keeps_its_integers() -> None:
    session = decode("session")
    assert isinstance(session, Session)
    assert (session.duration_ms, session.page_views) == (95_000, 4)


class _OutOfMemory:
    """A decoder's inner reader on a machine that has no memory left."""

    def __call__(self, value: bytes) -> Any:
        raise MemoryError


def test_a_lack_of_memory_is_not_blamed_on_the_event() -> None:
    decoder = Decoder(Click)
    decoder._typed = _OutOfMemory()
    with pytest.raises(MemoryError):
        decoder.decode(b"{}")
