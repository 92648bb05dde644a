"""One line on standard error that says how far a command has come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self, TypeVar

from rich.console import Console
from rich.status import Status

Item = TypeVar("Item")

_LOOK_EVERY: Final = 1_000
_PLAIN_EVERY_S: Final = 30.0


class ProgressLine:
    """A line that changes on a terminal; elsewhere a new line now and then."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._status: Status | None = None
        self._shown_s = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def show(self, text: str) -> None:
        """Say how far it is."""
        if self._status is not None:
            self._status.update(text)
        elif time.monotonic() - self._shown_s >= _PLAIN_EVERY_S:
            self._shown_s = time.monotonic()
            self._console.print(text)

    def counted(self, items: Iterable[Item], noun: str) -> Iterator[Item]:
        """The items, counted on the line as they pass."""
        for number, item in enumerate(items, start=1):
            if number % _LOOK_EVERY == 0:
                self.show(f"{number:,} {noun}")
            yield item
