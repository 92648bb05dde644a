"""Suppression: why people are not told of an alert now, though it fires."""

from __future__ import annotations

from typing import Final

import msgspec

from kpistream.core.alerting.telling.acknowledgements import Acknowledgement, Acknowledgements
from kpistream.core.alerting.telling.inhibition import Inhibition
from kpistream.core.alerting.telling.notices import Notices
from kpistream.core.alerting.telling.silences import Silences

UNTIL_TOLD: Final = float("inf")
"""Until something happens, not until a time."""


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps an alert from being told: nothing, if all is empty.

    Silences by id, alerts that mute it by fingerprint, receivers that would be told but are muted
    now by name. An acknowledged alert is told of once, and not again.
    """

    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    acknowledged: Acknowledgement | None = None
    muted: tuple[str, ...] = ()


class Suppressions:
    """Silences, inhibition and acknowledgements, and what they come to for an alert."""

    def __init__(self) -> None:
        self.silences = Silences()
        self.inhibition = Inhibition()
        self.acknowledgements = Acknowledgements()

    def until(self, notices: Notices, now_s: float) -> float | None:
        """When to look again whether a firing alert may be told; None if it may be now."""
        if self.inhibition.inhibitors(notices.alert):
            return UNTIL_TOLD
        silences = self.silences.about(notices.labels, now_s)
        return silences[0].until if silences else None

    def of(self, notices: Notices, now_s: float) -> Suppression:
        """Everything that suppresses an alert now; ``muted`` is left to who knows the receivers."""
        return Suppression(
            silenced_by=tuple(s.id for s in self.silences.about(notices.labels, now_s)),
            inhibited_by=tuple(self.inhibition.inhibitors(notices.alert)),
            acknowledged=self.acknowledgements.of(notices.alert),
        )
