"""What becomes of an event, and why: closed sets, so that nothing disappears silently."""

from enum import StrEnum
from typing import Final, final

from msgspec import Struct

MAX_DETAIL: Final = 200
"""The longest detail of a rejection, in characters."""


class Outcome(StrEnum):
    """The one thing that becomes of each event; the four add up to what was produced."""

    accepted = "accepted"
    duplicate = "duplicate"
    late = "late"
    rejected = "rejected"


class Reason(StrEnum):
    """Why an event was rejected or late."""

    empty = "empty"
    too_large = "too_large"
    malformed_json = "malformed_json"
    invalid_event = "invalid_event"
    invalid_money = "invalid_money"
    in_future = "in_future"
    too_old = "too_old"
    pane_closed = "pane_closed"

    @property
    def outcome(self) -> Outcome:
        """The outcome that this reason explains: late or rejected."""
        return Outcome.late if self in _LATE else Outcome.rejected


_LATE: Final = frozenset({Reason.too_old, Reason.pane_closed})


@final
class Rejected(Struct, frozen=True, gc=False):
    """An event that is not counted: its reason, and a detail that holds no personal data."""

    reason: Reason
    detail: str
