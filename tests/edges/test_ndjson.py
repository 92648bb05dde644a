"""Reading events from files: every line is an event, or an error that names it."""

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.events.decode import Decoder
from kpistream.core.events.event_types import SHIPPED
from kpistream.edges.ndjson import (
    MAX_LINE_BYTES,
    EventLine,
    NdjsonError,
    read_event_files,
    read_events,
)

CLICK = b'{"type":"click","event_id":"c-1","occurred_at":"2026-11-20T10:15:30Z"}'
PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def read(content: bytes) -> list[EventLine]:
    """The events of a file with that content."""
    return list(read_events(io.BytesIO(content), "events.ndjson"))


def error(content: bytes) -> str:
    """The message about a file with that content."""
    with pytest.raises(NdjsonError) as raised:
        read(content)
    return str(raised.value)


def test_a_line_is_an_event_with_its_number_type_and_bytes() -> None:
    assert read(CLICK + b"\n") == [EventLine(1, "click", CLICK, None)]


def test_the_arrival_is_read_when_a_line_gives_it() -> None:
    (line,) = read(CLICK[:-1] + b',"arrived_at":"2026-11-20T11:15:31+01:00"}')
    assert line.arrived_at == datetime(2026, 11, 20, 10, 15, 31, tzinfo=UTC)


def test_blank_lines_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    lines = read(b"\xef\xbb\xbf" + CLICK + b"\r\n\n  \n\t" + CLICK + b" ")
    assert [(line.number, line.value) for line in lines] == [(1, CLICK), (4, CLICK)]


def test_an_empty_file_has_no_events() -> None:
    assert read(b"") == []


def test_an_invalid_event_is_left_for_the_decoder_to_judge() -> None:
    value = b'{"type":"order","event_id":7}'
    assert read(value) == [EventLine(1, "order", value, None)]


def test_the_example_of_the_documentation_is_read_and_decoded() -> None:
    (block,) = re.findall(r"^```ndjson\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    lines = read(block.encode())
    assert [line.event_type for line in lines] == ["click", "order"]
    assert [line.arrived_at is None for line in lines] == [True, False]
    for line in lines:
        kind = SHIPPED[line.event_type].struct
        assert isinstance(Decoder(kind).decode(line.value), kind)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"event_id":"c-1"}', "missing required field `type`"),
        (b'{"type":"clik"}', "unknown type 'clik'"),
        (b'{"type":7}', "Expected `str`, got `int`"),
        (b'{"type":"click"', "truncated"),
        (b'["click"]', "Expected `object`, got `array`"),
        (b"type=click", "malformed"),
        (b'{"type":"\xff"}', "utf-8"),
        (b'{"type":"click","arrived_at":"2026-11-20T10:15:30"}', "timezone"),
        (b'{"type":"click","x":' + b"[" * 100_000, "nested too deeply"),
        (b'{"type":"click","x":"' + b"x" * MAX_LINE_BYTES, "longer than 1048576 bytes"),
    ],
)
def test_a_line_that_is_no_event_is_an_error_naming_file_and_line(
    line: bytes, problem: str
) -> None:
    message = error(CLICK + b"\n\n" + line + b"\n" + CLICK)
    assert message.startswith("events.ndjson:3: ")
    assert problem in message
    assert len(message) < 300


def test_the_error_says_what_a_line_should_be() -> None:
    assert "one of impression, click, session, order, cost, email" in error(b"{}")


def test_the_types_that_a_line_may_have_are_those_that_are_named() -> None:
    drive = b'{"type":"test_drive","event_id":"t-1"}'
    (line,) = read_events(io.BytesIO(drive), "events.ndjson", ["click", "test_drive"])
    assert line.event_type == "test_drive"
    with pytest.raises(NdjsonError, match=r"unknown type 'click'; .* one of test_drive$"):
        list(read_events(io.BytesIO(CLICK), "events.ndjson", ["test_drive"]))


def test_the_lines_before_an_error_are_read() -> None:
    lines = read_events(io.BytesIO(CLICK + b"\nnot json\n"), "events.ndjson")
    assert next(lines).number == 1
    with pytest.raises(NdjsonError, match=r"events\.ndjson:2: "):
        next(lines)


def test_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    first, second = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    first.write_bytes(CLICK)
    second.write_bytes(CLICK + b"\n" + CLICK)
    lines = read_event_files([str(first), str(second)])
    assert [line.number for line in lines] == [1, 1, 2]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CLICK + b"\n{")))
    lines = read_event_files(["-"])
    assert next(lines).event_type == "click"
    with pytest.raises(NdjsonError, match=r"^stdin:2: "):
        next(lines)


def test_a_file_that_cannot_be_opened_is_an_error_naming_it(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.ndjson")
    with pytest.raises(NdjsonError, match=r"missing\.ndjson: No such file"):
        list(read_event_files([missing]))
    with pytest.raises(NdjsonError, match="directory"):
        list(read_event_files([str(tmp_path)]))


@given(content=st.binary(max_size=200))
def test_any_bytes_are_events_or_an_error(content: bytes) -> None:
    try:
        lines = read(content)
    except NdjsonError:
        return
    assert all(line.event_type in SHIPPED for line in lines)
