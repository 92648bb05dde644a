"""Events from files: one JSON object a line, with its event type in `type`."""

import sys
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Annotated, BinaryIO, Final, NamedTuple

import msgspec

from kpistream.core.events.event_types import SHIPPED

MAX_LINE_BYTES: Final = 1_048_576
"""The longest line that is read into memory, with its end."""

STDIN: Final = "-"
"""The path that stands for standard input."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class NdjsonError(ValueError):
    """Input that cannot be read as events; the message names the file, the line and the fix."""


class EventLine(NamedTuple):
    """One event of a file: its line number from 1, its type, and its bytes undecoded."""

    number: int
    event_type: str
    value: bytes
    arrived_at: datetime | None


class _Envelope(msgspec.Struct, gc=False):
    """What a line says about its event besides the event itself."""

    type: str
    arrived_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_read_envelope = msgspec.json.Decoder(_Envelope).decode


def read_event_files(
    paths: Iterable[str], types: Collection[str] = tuple(SHIPPED)
) -> Iterator[EventLine]:
    """The events of the files in the order given; `-` is standard input.

    ``types`` are the names of the event types that there are.
    Raises NdjsonError at the first file or line that cannot be read.
    """
    for path in paths:
        if path == STDIN:
            yield from read_events(sys.stdin.buffer, "stdin", types)
        else:
            yield from _read_file(path, types)


def read_events(
    stream: BinaryIO, name: str, types: Collection[str] = tuple(SHIPPED)
) -> Iterator[EventLine]:
    """The events of an open stream; blank lines are skipped. `name` is for error messages.

    Only the type and the arrival are looked at: whether the event is valid is for
    the decoder to judge, as it would be for a record on a topic.

    Raises NdjsonError at the first line that is not a JSON object of a known type.
    """
    for number, line in enumerate(_lines(stream), start=1):
        if len(line) > MAX_LINE_BYTES:
            raise NdjsonError(f"{name}:{number}: the line is longer than {MAX_LINE_BYTES} bytes")
        value = line.strip()
        if value:
            yield _event_line(name, number, value, types)


def _read_file(path: str, types: Collection[str]) -> Iterator[EventLine]:
    try:
        with open(path, "rb") as stream:
            yield from read_events(stream, path, types)
    except OSError as error:
        raise NdjsonError(f"{path}: {error.strerror or error}") from error


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's lines, each cut one byte past the limit rather than held whole."""
    line = stream.readline(MAX_LINE_BYTES + 1).removeprefix(_BYTE_ORDER_MARK)
    while line:
        yield line
        line = stream.readline(MAX_LINE_BYTES + 1)


def _event_line(name: str, number: int, value: bytes, types: Collection[str]) -> EventLine:
    try:
        envelope = _read_envelope(value)
    except RecursionError:
        raise NdjsonError(f"{name}:{number}: JSON is nested too deeply") from None
    except ValueError as error:
        raise NdjsonError(f"{name}:{number}: {error}; {_expected(types)}") from error
    if envelope.type not in types:
        raise NdjsonError(
            f"{name}:{number}: unknown type {envelope.type[:64]!a}; {_expected(types)}"
        )
    return EventLine(number, envelope.type, value, envelope.arrived_at)


def _expected(types: Collection[str]) -> str:
    return f"a line is one JSON object whose `type` is one of {', '.join(types)}"
