"""The ground that dashboards stand on: what is measured, for which windows and slices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kpistream.core.catalogue.boards import MORE, boards_of, more_of
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Kpi, Language
from kpistream.core.monitoring.survey import Survey
from kpistream.core.plan import Plan
from kpistream.core.slices import set_name
from kpistream.edges.grafana.words import Words

Windows = tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    """What the dashboards are made of; ``places`` is where each KPI is read.

    Of ``places``, the windows are in the settings' order, by KPI and by the name of a set of
    dimensions. ``own`` are the ids of the KPIs that kpistream does not ship.
    """

    catalogue: Catalogue
    places: Mapping[str, Mapping[str, Windows]]
    sets: tuple[tuple[str, ...], ...]
    rules: Mapping[str, frozenset[str]]
    """The names of the alert rules, each with the KPIs it reads."""
    own: Collection[str]
    words: Words

    @classmethod
    def of(cls, plan: Plan, own: Collection[str], language: Language) -> Ground:
        """What a worker with this plan measures."""
        return cls(
            catalogue=plan.catalogue,
            places=_places(plan),
            sets=plan.slicing.sets,
            rules={rule.name: rule.kpis for rule in plan.rules},
            own=own,
            words=Words(language),
        )

    @property
    def language(self) -> Language:
        return self.words.language

    @cached_property
    def boards(self) -> Mapping[str, tuple[str, ...]]:
        """The dashboards of KPIs: those of the catalogue, then one for what they leave out."""
        more = more_of(self.catalogue, self.own)
        return {**self.catalogue.dashboards, **({MORE: more} if more else {})}

    @cached_property
    def board_of(self) -> Mapping[str, str]:
        """The first dashboard of each KPI."""
        return boards_of(self.catalogue, self.own)

    @cached_property
    def campaign_set(self) -> str | None:
        """The set of dimensions that tells campaigns apart; None without campaigns."""
        names = [set_name(dimensions) for dimensions in self.sets]
        return next((name for name in ("channel_campaign", "campaign") if name in names), None)

    def windows(self, kpi: Kpi, dimensions: str) -> Windows:
        """The windows that a KPI is read for by these dimensions."""
        return self.places[kpi.id].get(dimensions, ())

    def read_by(self, kpis: Sequence[Kpi], dimensions: str) -> list[Kpi]:
        """Those of the KPIs that are read by these dimensions."""
        return [kpi for kpi in kpis if self.windows(kpi, dimensions)]

    def rules_over(self, kpis: Sequence[Kpi]) -> list[str]:
        """The rules that read any of these KPIs."""
        ids = {kpi.id for kpi in kpis}
        return [rule for rule, read in self.rules.items() if read & ids]


def _places(plan: Plan) -> dict[str, dict[str, Windows]]:
    survey = Survey(plan)
    places: dict[str, dict[str, Windows]] = {kpi: {} for kpi in plan.catalogue.kpis}
    for dimensions in plan.slicing.sets:
        name = set_name(dimensions)
        for index, window in enumerate(plan.windows):
            for reader in survey.chosen(dimensions, index):
                places[reader.id][name] = (*places[reader.id].get(name, ()), window.name)
    return places
