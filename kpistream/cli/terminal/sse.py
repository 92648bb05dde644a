"""Server-sent events: the lines of a stream, made into events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MOST_BYTES: Final = 16 * 1024 * 1024
"""An event that is larger than this is none of ours."""

_LINE_END: Final = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A carriage return at the very end may be half of a line's end."""


class TooLarge(ValueError):
    """An event that does not end."""


class Event(NamedTuple):
    """What was sent, under the name of its kind."""

    name: str
    data: str


class EventReader:
    """Makes events of a stream's bytes, wherever these are cut."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._is_begun = False
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are complete with these bytes; raises TooLarge."""
        for line in self._lines(chunk):
            self._size += len(line)
            self._refuse_too_large(self._size)
            if line:
                self._take(line)
            elif event := self._event():
                yield event
        self._refuse_too_large(self._size + self._rest_size)

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete with these bytes; the rest waits, and is not read again."""
        may_end = b"\n" in chunk or b"\r" in chunk or (self._rest and self._rest[-1] == b"\r")
        self._rest.append(chunk)
        self._rest_size += len(chunk)
        if not may_end:
            return []
        *lines, rest = _LINE_END.split(b"".join(self._rest))
        is_half = rest.endswith(b"\r")
        self._rest = [rest[:-1], b"\r"] if is_half else [rest]
        self._rest_size = len(rest)
        return lines

    def _refuse_too_large(self, size: int) -> None:
        if size > self._most:
            raise TooLarge(f"an event of more than {self._most:,} bytes")

    def _take(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        if not self._is_begun:
            self._is_begun, text = True, text.removeprefix("\ufeff")
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)

    def _event(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data, self._size = "", [], 0
        return Event(name, "\n".join(data)) if data else None
