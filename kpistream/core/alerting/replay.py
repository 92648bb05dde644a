"""How time passes when it is replayed: in steps, as a worker's clock does.

A driver that is told of a long silence all at once looks only at its end: alerts that would have
come and gone meanwhile are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from kpistream.core.driver import IDLE_BEAT_MS


def steps(now_ms: int, then_ms: int) -> Iterator[int]:
    """The moments after ``now_ms`` to look at, ten seconds apart, and ``then_ms`` (epoch ms)."""
    if then_ms < now_ms:
        return iter(())
    return chain(range(now_ms + IDLE_BEAT_MS, then_ms, IDLE_BEAT_MS), (then_ms,))
