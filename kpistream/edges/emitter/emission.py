"""One record on its way to a topic, with the labels a tally counts it under."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from kpistream.core.events.outcomes import Outcome

LONGEST_TRANSIT_MS: Final = 250
"""An event is emitted at most this long after it occurred; a report of costs comes later."""


class Kind(StrEnum):
    """What a record was made to be; the pipeline judges it by the bytes alone."""

    CLEAN = "clean"
    DELAYED = "delayed"
    DUPLICATE = "duplicate"
    LATE = "late"
    IN_FUTURE = "in_future"
    MALFORMED = "malformed"
    MISSING_FIELD = "missing_field"
    UNKNOWN_CURRENCY = "unknown_currency"

    @property
    def outcome(self) -> Outcome:
        """What the pipeline must make of a record of this kind."""
        return _OUTCOMES.get(self, Outcome.rejected)


_OUTCOMES: Final = {
    Kind.CLEAN: Outcome.accepted,
    Kind.DELAYED: Outcome.accepted,
    Kind.DUPLICATE: Outcome.duplicate,
    Kind.LATE: Outcome.late,
}


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Labels of a record.

    `what` tells records of a type apart: the `kind` of a click, an order, an e-mail, a cart, a
    customer, an interaction, a survey or an activity, the stage of a lead, the name of a metric.
    """

    kind: Kind
    event_type: str
    channel: str
    campaign: str
    what: str = ""


class Emission(msgspec.Struct, frozen=True, gc=False):
    """One record, when to emit it, and what it adds to the ledger of the emitted."""

    at_ms: int
    event_type: str
    key: bytes
    value: bytes
    entry: Entry
    amount: int = 0
    """Money of the event in units of `core.money`; 0 for an event without money."""
    number: int = 0
    """The event's other figure, else 0: milliseconds of a session or an activity, the score of a
    survey (1 for an ad that is remembered), days of a customer who left, millionths of a metric."""
