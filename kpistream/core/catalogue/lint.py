"""Advice on a catalogue that works and yet will not help: too many KPIs, no owner, no direction.

What the articles ask for: 3-5 KPIs an objective (S2), 5-7 a dashboard, 70 % of them impact rather
than activity (S4), one North Star, and objectives that are SMART. None of it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.catalogue.objectives import Objective
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.located_yaml import Path, dotted

OBJECTIVE_KPIS: Final = (3, 5)
"""The fewest and the most KPIs of an objective, its own included."""

DASHBOARD_KPIS: Final = (5, 7)
"""The fewest and the most KPIs of a dashboard."""

IMPACT_SHARE: Final = Fraction(7, 10)
"""The least part of a dashboard's KPIs that show effect rather than effort."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What could be better, and the key in the catalogue file that it is about."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.text}"


def lint(catalogue: Catalogue) -> list[Advice]:
    """What could be better about a catalogue, in the order of its sections."""
    return [
        *_north_star(catalogue),
        *(advice for objective in catalogue.objectives for advice in _objective(objective)),
        *(
            advice
            for name, kpis in catalogue.dashboards.items()
            for advice in _dashboard(name, kpis, catalogue)
        ),
    ]


def _north_star(catalogue: Catalogue) -> Iterator[Advice]:
    stars = [kpi.id for kpi in catalogue.kpis.values() if kpi.north_star]
    if not stars:
        yield Advice(
            ("kpis",), "no KPI is the North Star; give the one that counts most north_star: true"
        )
    if len(stars) > 1:
        yield Advice(("kpis",), f"more than one North Star: {', '.join(stars)}; keep one")


def _objective(objective: Objective) -> Iterator[Advice]:
    at: Path = ("objectives", objective.id)
    yield from _number_of_kpis((*at, "kpis"), "an objective", objective.watched, OBJECTIVE_KPIS)
    if not objective.owner:
        yield Advice((*at, "owner"), "nobody owns it; name who answers for it")
    yield from _target(at, objective)


def _target(at: Path, objective: Objective) -> Iterator[Advice]:
    start = objective.baseline
    if start is None and objective.kind == "cumulative" and objective.direction == "up":
        start = Fraction(0)
    if start is None:
        return
    if objective.target == start:
        problem = f"the same as the start, {float(start):g}, so there is nothing to do"
        yield Advice((*at, "target"), problem)
    elif (objective.target > start) != (objective.direction == "up"):
        problem = f"worse than the start, {float(start):g}: {objective.direction} is good"
        yield Advice((*at, "target"), problem)


def _dashboard(name: str, kpis: Sequence[str], catalogue: Catalogue) -> Iterator[Advice]:
    at: Path = ("dashboards", name)
    yield from _number_of_kpis(at, "a dashboard", kpis, DASHBOARD_KPIS)
    effects = [_shows_effect(catalogue.kpis[kpi]) for kpi in kpis]
    known = [shows for shows in effects if shows is not None]
    if known and sum(known) < IMPACT_SHARE * len(known):
        wanted = f"{float(100 * IMPACT_SHARE):g} %"
        yield Advice(at, f"{sum(known)} of {len(known)} KPIs show impact, below {wanted}")


def _shows_effect(kpi: Kpi) -> bool | None:
    """Whether a KPI is an impact metric; None if the catalogue does not say."""
    if "impact" in kpi.classes:
        return True
    return False if "activity" in kpi.classes else None


def _number_of_kpis(
    at: Path, owner: str, kpis: Sequence[str], limits: tuple[int, int]
) -> Iterator[Advice]:
    fewest, most = limits
    if not fewest <= len(kpis) <= most:
        side = "fewer" if len(kpis) < fewest else "more"
        counted = "1 KPI" if len(kpis) == 1 else f"{len(kpis)} KPIs"
        yield Advice(at, f"{counted}, {side} than the {fewest} to {most} of {owner}")
