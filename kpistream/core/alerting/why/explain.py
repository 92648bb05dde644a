"""The explainer: puts together why a KPI changed, from the sums of its slice and of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from kpistream.core.alerting.why.drivers import drivers
from kpistream.core.alerting.why.segments import Contribution, contributions
from kpistream.core.alerting.why.sentence import foremost, sentence
from kpistream.core.alerting.why.stake import stake
from kpistream.core.alerting.why.why import Why
from kpistream.core.kpis.kpi import Kpi, evaluate
from kpistream.core.measuring.partials import Sums
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice

Children = Mapping[str, Mapping[str, tuple[Sums, Sums]]]
"""By dimension and member the sums, now and before, of a slice with this member besides."""


class Explainer:
    """Explains changes of the KPIs of a plan; keeps nothing."""

    def __init__(self, plan: Plan) -> None:
        """Explain the KPIs of a plan, in its reporting currency."""
        self._kpis = plan.catalogue.kpis
        self._currency = plan.currency

    def why(
        self,
        kpi: str,
        part: Slice,
        now: Sums,
        before: Sums,
        baseline: float | None,
        covers_s: float,
        children: Children,
    ) -> Why | None:
        """Why a KPI of a slice is not what it was, and what that costs.

        ``before`` are the sums of the time that ``now`` is compared with; without a value there,
        only the stake is told. ``baseline`` is what the value should be, in the KPI's unit;
        ``covers_s`` is how many seconds ``now`` is of. Segments come dimension by dimension, first
        the one with the member that stands out most; of a dimension that the slice has already
        there are none. None without a value now. Raises KeyError for a KPI that is not read.
        """
        declared = self._kpis[kpi]
        value, earlier = (evaluate(declared, view, self._currency) for view in (now, before))
        if value is None:
            return None
        lost = stake(declared, self._kpis, now, before, baseline, covers_s, self._currency)
        at_stake, formula = lost or (None, "")
        if earlier is None:
            return Why(
                value.value,
                None,
                at_stake_per_hour=at_stake,
                stake_currency=self._currency,
                stake_formula=formula,
            )
        split = self._split(declared, part, now, before, children)
        found = drivers(declared, self._kpis, now, before, self._currency)
        dimension, parts = next(iter(split.items()), ("", []))
        changed = value.value, earlier.value
        return Why(
            *changed,
            tuple(one.segment(name) for name, each in split.items() for one in each),
            found,
            at_stake,
            self._currency,
            formula,
            sentence(declared, self._currency, *changed, dimension, parts, found),
        )

    def _split(
        self, kpi: Kpi, part: Slice, now: Sums, before: Sums, children: Children
    ) -> dict[str, list[Contribution]]:
        """What the members of each dimension add to the change, the telling dimension first."""
        split = {
            dimension: contributions(kpi, now, before, members, self._currency)
            for dimension, members in children.items()
            if dimension not in dict(part)
        }
        order = sorted(split, key=lambda dimension: (-_telling(split[dimension]), dimension))
        return {dimension: split[dimension] for dimension in order}


def _telling(parts: list[Contribution]) -> Fraction:
    """How much of the change its foremost member explains beyond its size; 0 if none does."""
    most = foremost(parts)
    return Fraction(0) if most is None else max(Fraction(0), most[0])
