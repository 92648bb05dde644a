"""What more KPIs cost an event, what a reading costs, and what people cost.

Without Kafka, on the core alone. A KPI over measures that exist adds nothing to the way of an
event; it is worked out when the survey comes to it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bench.clicks import VISITORS
from bench.figures import Spread
from bench.hot_path import clicks, measured_stages
from bench.pipeline import Pipeline
from kpistream.core.measuring.sorting import Record
from kpistream.core.plan import Plan

MORE_KPIS: Final = 50
FEW_VISITORS: Final = 10_000
"""So few that all of their hashes are remembered."""
NEW_VISITORS: Final = 1 << 60
"""So many that hardly one comes twice."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of processor time with so many KPIs, the median of the rounds."""

    kpis: int
    event_us: float
    readings: int
    survey_us: float
    """For all the readings."""


@dataclass(frozen=True, slots=True)
class KpiCost:
    """A catalogue and a larger one: what events cost, and what reading every KPI costs."""

    shipped: Cost
    more: Cost
    speed: Spread
    """Events a second with the larger one over those with the other, in rounds."""
    by_visitors: Mapping[str, Mapping[str, float]]
    """Kind of visitors to what an event costs in each stage of the core."""

    @property
    def reading_us(self) -> float:
        """What each reading more costs."""
        readings = self.more.readings - self.shipped.readings
        return (self.more.survey_us - self.shipped.survey_us) / readings


def measure_kpi_cost(plan: Plan, events: int, rounds: int) -> KpiCost:
    """Measure the shipped plan and one with more KPIs, in turns."""
    plans = (plan, with_more_kpis(plan, MORE_KPIS))
    records = clicks(events, seed=1)
    turns = [
        [measured_stages(chosen, records, rounds=1)["whole"] for chosen in plans]
        for _ in range(rounds)
    ]
    shipped, more = (
        Cost(len(chosen.catalogue.kpis), statistics.median(us), *_survey(chosen, records, rounds))
        for chosen, us in zip(plans, zip(*turns, strict=True), strict=True)
    )
    speed = Spread.of([shipped_us / more_us for shipped_us, more_us in turns])
    return KpiCost(shipped, more, speed, _by_visitors(plan, events, rounds))


def with_more_kpis(plan: Plan, count: int) -> Plan:
    """The plan with so many KPIs more, each over a measure that it has."""
    catalogue = plan.catalogue
    model = catalogue.kpis["clicks"]
    more = {f"more_clicks_{n}": replace(model, id=f"more_clicks_{n}") for n in range(count)}
    return replace(plan, catalogue=replace(catalogue, kpis={**catalogue.kpis, **more}))


def _survey(plan: Plan, records: Sequence[Record], rounds: int) -> tuple[int, float]:
    """How many readings there are, and what it costs to work them all out."""
    pipeline = Pipeline(plan, "click", 1)
    now_ms = records[-1].timestamp
    pipeline.measure(0, records, now_ms)
    pipeline.flush(now_ms)
    monitor: Any = pipeline.monitors[0]
    _survey_us(monitor)
    return len(monitor.board), statistics.median(_survey_us(monitor) for _ in range(rounds))


def _survey_us(monitor: Any) -> float:
    for part in monitor.merger.slices:
        monitor._survey.touch(part)
    gc.collect()
    started_s = time.thread_time()
    monitor._read_due(None)
    return (time.thread_time() - started_s) * 1e6


def _by_visitors(plan: Plan, events: int, rounds: int) -> dict[str, Mapping[str, float]]:
    kinds = {
        f"{FEW_VISITORS:,} visitors": FEW_VISITORS,
        f"{VISITORS:,} visitors": VISITORS,
        "always new ones": NEW_VISITORS,
    }
    return {
        name: measured_stages(plan, clicks(events, seed=1, visitors=visitors), rounds)
        for name, visitors in kinds.items()
    }
