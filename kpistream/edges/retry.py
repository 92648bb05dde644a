"""How often, how long and how patiently a delivery is tried."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits that double from try to try, with jitter, up to a number of tries and a total time."""

    tries: int = 8
    total_s: float = 300.0
    try_s: float = 10.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0

    def wait_s(self, failed: int, asked_s: float | None, random: Callable[[], float]) -> float:
        """Seconds to wait after `failed` tries; never less than the receiver asked for.

        `random` gives numbers of [0, 1). The jitter takes away up to half of a wait, so that many
        senders do not come back together.
        """
        doubled = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(failed - 1, 60))
        return max(doubled * (1 - random() / 2), asked_s or 0.0)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for; None when it is missing or unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
