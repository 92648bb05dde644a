"""Changes of alerts: what the log of alerts holds of a span."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kpistream.core.alerting.alerts import Alert


class Changes(NamedTuple):
    """The changes of alerts that were told of a span, the oldest first."""

    alerts: Sequence[Alert]
    is_truncated: bool = False
    """Whether there are more of them."""
    since_ms: int | None = None
    """From when on the log holds all that was told (epoch milliseconds); None if ever since."""
