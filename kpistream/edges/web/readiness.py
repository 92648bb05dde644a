"""Whether a worker's answers can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kpistream.core.instants import rfc3339

BROKER_SILENT: Final = "the broker has not answered since"
"""How the reason begins by which the live page knows a worker whose broker is away."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a worker still waits for, in words; nothing when it is ready."""

    reasons: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        return not self.reasons


def broker_silent(since_s: float) -> str:
    """The reason of a worker whose broker is away since a moment, in epoch seconds.

    It names the moment, since a reason that changed each second would be told each second.
    """
    return f"{BROKER_SILENT} {rfc3339(int(since_s))}"
