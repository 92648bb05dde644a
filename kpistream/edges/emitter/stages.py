"""The stages of a lead, from a visitor who left his address to a deal that is won or lost."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from kpistream.edges.emitter.agenda import Delay


class Stage(NamedTuple):
    """How a lead leaves a stage."""

    following: str
    share: float
    """Leads that go on to the following stage."""
    delay: Delay
    else_stage: str = ""
    """The stage of those that do not go on; without one nothing more is heard of them."""
    activity: str = ""
    """What sales people do when a lead enters the stage."""


STAGES: Final[Mapping[str, Stage]] = MappingProxyType(
    {
        "lead": Stage("mql", 0.60, (600, 3_000), activity="mail"),
        "mql": Stage("sql", 0.55, (600, 3_000), activity="call"),
        "sql": Stage("opportunity", 0.60, (800, 4_000), activity="demo"),
        "opportunity": Stage("won", 0.45, (1_000, 6_000), else_stage="lost", activity="meeting"),
    }
)
"""Stage to what comes after it; a lead that is won or lost goes nowhere."""


def events_per_lead(stage: str = "lead") -> float:
    """Expected events of a lead from a stage on: its stages, and what is done about it."""
    leaving = STAGES.get(stage)
    if leaving is None:
        return 1.0
    after = leaving.share * events_per_lead(leaving.following)
    after += (1 - leaving.share) if leaving.else_stage else 0.0
    return 1 + bool(leaving.activity) + after
