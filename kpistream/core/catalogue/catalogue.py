"""The catalogue: which events, measures and KPIs there are, as YAML files declare them.

A file has up to seven mappings or lists; a user's file needs only what it adds or changes:

    dimensions: [brand]                                # beside channel, campaign, segment ...
    events: {test_drive: {fields: {model: text}}}      # beside click, order ...
    measures: {test_drives: {count: test_drive}}
    kpis: {test_drive_rate: {name: ..., unit: ratio, direction: up, formula: test_drives / leads}}
    objectives: {more_drives: {kpi: test_drives, target: 500, ...}}
    dashboards: {showroom: [test_drive_rate, leads]}
    funnels: {showroom: [leads, test_drives, orders]}

How several files make one is told in catalogue_layers.py.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kpistream.core.catalogue.catalogue_file import CatalogueFile, read_file
from kpistream.core.catalogue.kpi_entries import read_kpis
from kpistream.core.catalogue.layers import SECTIONS, catalogue_part, layered
from kpistream.core.catalogue.measure_entries import read_measures
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.catalogue.objectives import Objective, read_objectives
from kpistream.core.catalogue.own_events import read_dimensions, read_events, wrong_events
from kpistream.core.events.event_types import SHIPPED, EventType
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.kpis.measures import Measure
from kpistream.core.located_yaml import ConfigErrors, Located, load
from kpistream.core.slices import DIMENSIONS

__all__ = ["SECTIONS", "Catalogue", "catalogue_part"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is declared, by name or id, in the order of the files."""

    measures: Mapping[str, Measure]
    kpis: Mapping[str, Kpi]
    events: Mapping[str, EventType] = field(default_factory=lambda: SHIPPED)
    dimensions: tuple[str, ...] = DIMENSIONS
    """Those of every event type, then a user's own: the order that slices have."""
    objectives: tuple[Objective, ...] = ()
    dashboards: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids of the KPIs that people look at together."""
    funnels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids of the KPIs that count who takes each step of a way."""

    @classmethod
    def load(cls, text: str, filename: str) -> Catalogue:
        """Read a catalogue of one file; raises ConfigErrors with everything that is wrong in it."""
        return cls.read([load(text, filename)])

    @classmethod
    def read(cls, files: Sequence[Located]) -> Catalogue:
        """Read files, of which each extends and overrides those before it; raises ConfigErrors."""
        layers, errors = layered(files)
        if errors:
            raise ConfigErrors(errors)
        mistakes = Mistakes(layers)
        catalogue = cls._read(read_file(layers), mistakes)
        if mistakes.errors:
            raise ConfigErrors(dict.fromkeys(mistakes.errors))
        return catalogue

    @classmethod
    def _read(cls, file: CatalogueFile, mistakes: Mistakes) -> Catalogue:
        declared = read_events(file.events, mistakes)
        dimensions, events = read_dimensions(file.dimensions, declared, mistakes)
        wrong = wrong_events(file.events, declared)
        measures = read_measures(file.measures, events, mistakes, dimensions, wrong)
        kpis = read_kpis(file, measures, dimensions, mistakes)
        # What names a KPI that is wrong itself need not be told that it does not exist.
        if not mistakes.errors:
            objectives = read_objectives(file.objectives, kpis, dimensions, mistakes)
            dashboards = _listed("dashboards", file.dashboards, kpis, mistakes)
            funnels = _listed("funnels", file.funnels, kpis, mistakes)
            _check_steps(file.funnels, kpis, mistakes)
            return cls(measures, kpis, events, dimensions, objectives, dashboards, funnels)
        return cls(measures, kpis)

    def over(self, events: Container[str]) -> Catalogue:
        """What of it these event types are enough for: nothing else could ever have a value."""
        measures = {name: m for name, m in self.measures.items() if m.event in events}
        kpis = {
            name: kpi
            for name, kpi in self.kpis.items()
            if all(m.event in events for m in kpi.measures) and kpi.sample in measures
        }
        return replace(
            self,
            measures=measures,
            kpis=kpis,
            events={name: kind for name, kind in self.events.items() if name in events},
            objectives=_objectives_over(self.objectives, kpis),
            dashboards=_listed_over(self.dashboards, kpis),
            funnels=_listed_over(self.funnels, kpis),
        )

    def funnel_of(self, dashboard: str) -> str | None:
        """The funnel that goes with a dashboard: of its name, or else the first there is."""
        return dashboard if dashboard in self.funnels else next(iter(self.funnels), None)

    def measures_of(self, event: str) -> tuple[Measure, ...]:
        """The measures that events of a type feed."""
        return tuple(measure for measure in self.measures.values() if measure.event == event)

    def events_of(self, kpi_id: str) -> tuple[str, ...]:
        """The event types that a KPI needs, those of its sample included."""
        kpi = self.kpis[kpi_id]
        measures = [*kpi.measures, *(m for m in (self.measures.get(kpi.sample),) if m)]
        return tuple(dict.fromkeys(measure.event for measure in measures))


def _listed(
    section: str,
    written: Mapping[str, Sequence[str]],
    kpis: Mapping[str, Kpi],
    mistakes: Mistakes,
) -> dict[str, tuple[str, ...]]:
    """Lists of KPIs; one that does not exist, or is there twice, is reported."""
    for name, ids in written.items():
        for index, kpi in enumerate(ids):
            path = (section, name, index)
            if kpi not in kpis:
                mistakes.unknown(path, "KPI", kpi, kpis)
            elif kpi in ids[:index]:
                mistakes.report(path, f"{kpi!r} is twice on this {section.removesuffix('s')}")
    return {name: tuple(ids) for name, ids in written.items()}


def _check_steps(
    written: Mapping[str, Sequence[str]], kpis: Mapping[str, Kpi], mistakes: Mistakes
) -> None:
    """Report the steps of funnels that count nothing."""
    for name, ids in written.items():
        for index, kpi in enumerate(ids):
            if kpi in kpis and kpis[kpi].unit != "count":
                problem = f"a step counts people or events, and {kpi} is no count"
                mistakes.report(("funnels", name, index), problem)


def _objectives_over(
    objectives: Sequence[Objective], kpis: Container[str]
) -> tuple[Objective, ...]:
    return tuple(
        replace(objective, kpis=tuple(kpi for kpi in objective.kpis if kpi in kpis))
        for objective in objectives
        if objective.kpi in kpis
    )


def _listed_over(
    lists: Mapping[str, Sequence[str]], kpis: Container[str]
) -> dict[str, tuple[str, ...]]:
    left = {name: tuple(kpi for kpi in ids if kpi in kpis) for name, ids in lists.items()}
    return {name: ids for name, ids in left.items() if ids}
