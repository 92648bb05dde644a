"""How often, how long and how patiently a delivery is tried."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_ASKED_S: Final = 3600.0
"""The longest time that a receiver can ask to be left alone."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits that double from try to try, with jitter, and the end of all patience. In seconds.

    A try ends after ``try_s``, a connection that is not made by then after ``connect_s``. Tries
    end when ``give_up_after_s`` have passed since the first, or with ``most_refusals`` refusals.
    """

    try_s: float = 10.0
    connect_s: float = 5.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    give_up_after_s: float = 86_400.0
    most_refusals: int = 5

    def wait_s(
        self, failed_tries: int, asked_s: float | None, random: Callable[[], float]
    ) -> float:
        """Seconds to wait after so many failed tries; never less than the receiver asked for.

        ``random`` gives numbers of [0, 1). The jitter takes away up to half of a wait, so that many
        senders do not come back together.
        """
        doubled = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(failed_tries - 1, 60))
        return max(doubled * (1 - random() / 2), min(asked_s or 0.0, LONGEST_ASKED_S))

    def gives_up(self, tried_s: float, refusals: int) -> bool:
        """Whether no try follows, so long after the first one and after so many refusals."""
        return tried_s >= self.give_up_after_s or refusals >= self.most_refusals


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, an hour at most (RFC 9110, 10.2.3).

    None when it is missing or unreadable.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_ASKED_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    asked_s = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, asked_s), LONGEST_ASKED_S)
