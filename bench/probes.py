"""Probes: single events whose way through the pipeline is timed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K")


@dataclass(slots=True)
class Probes(Generic[K]):
    """When each probe was acknowledged by the broker, and how many seconds later it was seen."""

    _sent_s: dict[K, float] = field(default_factory=dict)
    _seen_s: dict[K, float] = field(default_factory=dict)

    def sent(self, probe: K, at_s: float) -> None:
        """The broker acknowledged the probe."""
        self._sent_s[probe] = at_s

    def seen(self, probe: K, at_s: float) -> None:
        """The probe came out; only the first time counts."""
        self._seen_s.setdefault(probe, at_s)

    @property
    def missing(self) -> int:
        """How many probes were sent and not yet seen."""
        return len(self._sent_s.keys() - self._seen_s.keys())

    @property
    def latencies_s(self) -> list[float]:
        """Seconds from acknowledgement to sight, of the probes that were seen.

        A probe can be seen before its acknowledgement is: that took no time.
        """
        return self.latencies_of(self._sent_s)

    def latencies_of(self, probes: Iterable[K]) -> list[float]:
        """The same of some probes."""
        done = self._sent_s.keys() & self._seen_s.keys()
        return [max(0.0, self._seen_s[p] - self._sent_s[p]) for p in probes if p in done]

    def unseen(self, probes: Iterable[K] | None = None) -> Probes[K]:
        """All of them, or some, as they were sent: to be seen at another place."""
        wanted = self._sent_s if probes is None else probes
        return Probes({probe: self._sent_s[probe] for probe in wanted})
