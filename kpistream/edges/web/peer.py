"""A peer: another worker of the same cluster, and what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Peer:
    """Another worker: where it is, which slices it owns by set, and whether it notifies."""

    url: str
    slices: tuple[str, ...] = ()
    """Names of sets of dimensions: ``total``, ``channel_campaign``."""
    is_notifier: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of the cluster that did not answer, and the slices that are missing for it."""

    worker: str
    reason: str
    slices: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        return {"worker": self.worker, "reason": self.reason, "slices": list(self.slices)}
