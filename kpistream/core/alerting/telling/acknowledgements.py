"""Acknowledgements: somebody looks after an alert, and need not be told of it again and again."""

from __future__ import annotations

from typing import Final

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState

MOST_HELD: Final = 10_000
"""How many are kept; beyond it, who came first is forgotten first."""

MAX_WORDS: Final = 500


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Somebody knows of one firing of an alert: the one that began at ``since``.

    ``since`` is the ``changed_at`` of the firing alert, ``at`` when it was said, both in epoch
    seconds. Nobody is told of that firing again; of its end they are. It ends with the firing.
    """

    fingerprint: str
    since: float
    author: str
    comment: str = ""
    at: float

    def __post_init__(self) -> None:
        if not 0 < len(self.author) <= MAX_WORDS or len(self.comment) > MAX_WORDS:
            raise ValueError(f"an author, and at most {MAX_WORDS} characters of comment")

    def is_about(self, alert: Alert) -> bool:
        """Whether it is about the alert as it is now."""
        return alert.state is AlertState.firing and alert.changed_at == self.since


class HeldAcknowledgement(msgspec.Struct, frozen=True, array_like=True):
    """An acknowledgement and its offset; the larger offset is the newer."""

    offset: int
    acknowledgement: Acknowledgement


class Acknowledgements:
    """The acknowledgements that hold, one an alert at most."""

    def __init__(self) -> None:
        self._held: dict[str, HeldAcknowledgement] = {}

    def put(
        self, offset: int, acknowledgement: Acknowledgement, alert: Alert | None
    ) -> HeldAcknowledgement | None:
        """Take one in; None if its firing is over, or newer was said.

        ``alert`` is what is known of it; who acknowledges may know of a firing earlier.
        """
        held = self._held.get(acknowledgement.fingerprint)
        if held is not None and held.offset >= offset:
            return None
        if alert is not None and _is_over(acknowledgement, alert):
            return None
        return self.hold(HeldAcknowledgement(offset, acknowledgement))

    def hold(self, held: HeldAcknowledgement) -> HeldAcknowledgement:
        """Keep it in place of an earlier one."""
        self._held.pop(held.acknowledgement.fingerprint, None)
        self._held[held.acknowledgement.fingerprint] = held
        return held

    def of(self, alert: Alert) -> Acknowledgement | None:
        """The one of the alert as it is now."""
        held = self._held.get(alert.fingerprint)
        if held is None or not held.acknowledgement.is_about(alert):
            return None
        return held.acknowledgement

    def follow(self, alert: Alert) -> bool:
        """Forget what the alert's newest state ends; whether there was something."""
        held = self._held.get(alert.fingerprint)
        return held is not None and _is_over(held.acknowledgement, alert) and self._drop(alert)

    def surplus(self) -> list[str]:
        """Forget those beyond the limit; their fingerprints."""
        gone = list(self._held)[: max(0, len(self._held) - MOST_HELD)]
        for fingerprint in gone:
            del self._held[fingerprint]
        return gone

    def _drop(self, alert: Alert) -> bool:
        return self._held.pop(alert.fingerprint, None) is not None


def _is_over(acknowledgement: Acknowledgement, alert: Alert) -> bool:
    return alert.changed_at >= acknowledgement.since and not acknowledgement.is_about(alert)
