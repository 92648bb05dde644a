"""From conditions to scales."""

from __future__ import annotations

from collections.abc import Sequence

from kpistream.core.alerting.rules import conditions as c
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.alerting.scales.absence import AbsenceScale
from kpistream.core.alerting.scales.behind import BehindScale
from kpistream.core.alerting.scales.change import ChangeScale
from kpistream.core.alerting.scales.drifting import DriftScale
from kpistream.core.alerting.scales.forecast import ForecastScale
from kpistream.core.alerting.scales.joined import AllScale, AnyScale, NotScale
from kpistream.core.alerting.scales.line import ComparisonScale, LineScale
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.scales.season import SeasonScale
from kpistream.core.alerting.scales.unusual import UnusualScale
from kpistream.core.plan import Plan


class ScaleBuilder:
    """Makes the scale of a rule's condition."""

    def __init__(self, plan: Plan, rule: Rule) -> None:
        self._plan = plan
        self._rule = rule
        self._indexes = {window.name: n for n, window in enumerate(plan.windows)}

    def build(self, condition: c.Condition) -> Scale:
        """The scale of a condition, whose names are all known."""
        match condition:
            case c.All(parts):
                scales = [*map(self.build, parts)]
                return AllScale(scales, c.in_words(condition), self._headline(parts))
            case c.Any(parts):
                scales = [*map(self.build, parts)]
                return AnyScale(scales, c.in_words(condition), self._headline(parts))
            case c.Not(part):
                return NotScale(self.build(part), c.in_words(condition))
            case c.Line():
                return self._line(condition)
            case c.Change():
                return self._change(condition)
            case c.Absence():
                longer = self.measured(condition.kpi, condition.against)
                return AbsenceScale(condition, self._of(condition), longer)
            case c.Behind():
                return BehindScale(condition, self._of(condition))
            case c.Unusual():
                return UnusualScale(condition, self._of(condition))
            case c.Drift():
                return DriftScale(condition, self._of(condition))
            case c.Forecast():
                return ForecastScale(condition, self._of(condition))

    def _headline(self, parts: Sequence[c.Condition]) -> int | None:
        """Which of some parts is about the KPI and window of the rule; None if there is none."""
        wanted = self._rule.kpi, self._rule.window
        for number, part in enumerate(parts):
            if not isinstance(part, c.Not) and wanted in {
                (x.kpi, x.window) for x in c.leaves(part)
            }:
                return number
        return None

    def _line(self, leaf: c.Line) -> Scale:
        measured = self._of(leaf)
        if leaf.other:
            return ComparisonScale(leaf, measured, self.measured(leaf.other, leaf.window))
        return LineScale(leaf, measured)

    def _change(self, leaf: c.Change) -> Scale:
        if leaf.against == c.SEASON:
            return SeasonScale(leaf, self._of(leaf))
        longer = None if leaf.against == c.BEFORE else self.measured(leaf.kpi, leaf.against)
        return ChangeScale(leaf, self._of(leaf), longer)

    def _longest(self) -> int | None:
        lengths = {n: w.length_s for n, w in enumerate(self._plan.windows)}
        return max(
            (n for n, s in lengths.items() if s), key=lambda n: lengths[n] or 0, default=None
        )

    def _of(self, leaf: c.Leaf) -> Measured:
        return self.measured(leaf.kpi, leaf.window)

    def measured(self, kpi: str, window: str) -> Measured:
        """A KPI over a window, as the rule looks at it."""
        plan, rule = self._plan, self._rule
        index = self._indexes[window]
        return Measured(
            plan.catalogue,
            kpi,
            plan.windows[index],
            index,
            rule.minimum_sample,
            rule.settle_s,
            plan.currency,
            self._longest(),
        )
