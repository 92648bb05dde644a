"""What the libraries log, made fit to be read: less often, and without their frameworks' marks."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Final

REPEATS_S: Final = 10.0
"""Of lines that differ only in their details, one is shown in this time."""

_MARK: Final = re.compile(r"^\[\^-*[^\]]*\]: ")
"""Where in Faust's tree of services a line comes from: ``[^--ChangelogRecovery]: ``."""

_AS_EVER: Final = "GroupCoordinatorNotAvailableError"
"""A broker's answer while it makes its own topics, at the first start on it; aiokafka retries."""


def without_mark(record: logging.LogRecord) -> bool:
    """Strip the mark of Faust's services."""
    if isinstance(record.msg, str):
        record.msg = _MARK.sub("", record.msg)
    return True


def is_not_as_ever(record: logging.LogRecord) -> bool:
    """Whether a line is not about a step that each first start has."""
    return not (record.name.startswith("aiokafka") and _AS_EVER in record.getMessage())


class OneOfAKind(logging.Filter):
    """Lets one line of aiokafka of a kind pass in a while, with the number of those held back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("aiokafka")
        self._clock = clock
        self._shown_s: dict[tuple[str, str], float] = {}
        self._held_back: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Hold a line back, or add to it how many were; a kind is a logger and a template."""
        if not super().filter(record):
            return True
        kind, now_s = (record.name, str(record.msg)), self._clock()
        if now_s - self._shown_s.get(kind, -REPEATS_S) < REPEATS_S:
            self._held_back[kind] = self._held_back.get(kind, 0) + 1
            return False
        self._shown_s[kind] = now_s
        if held_back := self._held_back.pop(kind, 0):
            record.msg, record.args = f"{record.getMessage()} (and {held_back:,} more like it)", ()
        return True
