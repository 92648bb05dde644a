"""A rule says which value of which KPI somebody has to hear about, and what to do then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from kpistream.core.alerting.rules.conditions import (
    BEFORE,
    SEASON,
    Absence,
    Change,
    Condition,
    Leaf,
    Line,
    leaves,
)
from kpistream.core.kpis.kpi import Language
from kpistream.core.slices import Slice

ANY_MEMBER: Final = "*"
"""In a slice pattern: any member of the dimension."""

DEFAULT_MINIMUM_SAMPLE: Final = 30
"""How many events a value must rest on before a rule that does not say believes it."""

DEFAULT_CONFIDENCE: Final = 0.95
"""How probable a week without a false alert is, over all slices of a rule."""

DEPENDENTS: Final = "dependents"
"""Stands for all rules over KPIs that rest on the same events."""


class Severity(StrEnum):
    """How soon somebody should look."""

    info = "info"
    warning = "warning"
    critical = "critical"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A condition on KPIs, for the slices that a pattern selects, and what to do about it.

    ``slice`` maps each dimension to a member or to ``*``; an empty one is the total. ``kpi`` and
    ``window`` are what its messages are about. ``confidence`` is None for a raw rule. The
    condition must hold for ``for_s`` seconds, on ``minimum_sample`` events; the alert goes on for
    ``keep_firing_for_s`` after it held last. ``settle_s`` is how old data must be (None: as the
    stream teaches); a slice is not judged before it is ``hold_off_s`` old. ``inhibits`` names the
    rules that are not told of while this one fires, for the same members. ``texts`` are those of
    ``owner``, ``action`` and ``summary`` that are written in both languages, by the English one.
    """

    name: str
    kpi: str
    window: str
    when: Condition
    slice: dict[str, str] = {}
    confidence: float | None = DEFAULT_CONFIDENCE
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    damp_flaps: bool = True
    minimum_sample: int = DEFAULT_MINIMUM_SAMPLE
    settle_s: float | None = 0.0
    hold_off_s: float = 0.0
    severity: Severity
    owner: str
    action: str
    summary: str
    texts: dict[str, dict[Language, str]] = {}
    labels: dict[str, str] = {}
    inhibits: tuple[str, ...] = ()

    def matches(self, part: Slice) -> bool:
        """Whether a slice has exactly the pattern's dimensions, with members that fit."""
        pattern = self.slice
        return len(part) == len(pattern) and all(
            pattern.get(dimension) in (ANY_MEMBER, member) for dimension, member in part
        )

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves of its condition."""
        return tuple(leaves(self.when))

    @property
    def kpis(self) -> frozenset[str]:
        """The KPIs it reads."""
        return frozenset(kpi for kpi, _ in self.pairs)

    @property
    def windows(self) -> frozenset[str]:
        """The windows it looks at, those included that it compares with."""
        looked = {window for _, window in self.pairs}
        for leaf in self.leaves:
            if isinstance(leaf, Change | Absence) and leaf.against not in (BEFORE, SEASON):
                looked.add(leaf.against)
        return frozenset(looked)

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The KPIs and windows it reads."""
        pairs = {(self.kpi, self.window)}
        for leaf in self.leaves:
            pairs.add((leaf.kpi, leaf.window))
            if isinstance(leaf, Line) and leaf.other:
                pairs.add((leaf.other, leaf.window))
        return frozenset(pairs)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a rule may use.

    ``slicing`` holds the sets of dimensions that slices are kept for; without it the sets are not
    checked, with it a rule over a set that nobody keeps, which could never fire, is an error.
    ``undivided`` are the KPIs whose sums over a window cannot be taken from those of a longer one:
    numbers of people, and levels.
    """

    kpis: Collection[str]
    windows: Collection[str]
    dimensions: Collection[str]
    slicing: Collection[tuple[str, ...]] | None = None
    objectives: Collection[str] = ()
    undivided: Collection[str] = ()
