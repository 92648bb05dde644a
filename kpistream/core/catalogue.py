"""The catalogue: which measures and KPIs there are, as one YAML file declares them.

The file has two mappings. Under `measures:` stand lines such as `clicks: {count: click}`, under
`kpis:` a few lines each: name (en, fr), unit, direction and formula; the rest has defaults.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from kpistream.core.catalogue_file import CatalogueFile, Mistakes
from kpistream.core.catalogue_kpis import read_kpis
from kpistream.core.catalogue_measures import read_measures
from kpistream.core.kpis import Kpi
from kpistream.core.located_yaml import ConfigErrors, load, validate
from kpistream.core.measures import Measure


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The measures by name and the KPIs by id, in the order of the file."""

    measures: Mapping[str, Measure]
    kpis: Mapping[str, Kpi]

    @classmethod
    def load(cls, text: str, filename: str) -> Catalogue:
        """Read a catalogue; raises ConfigErrors with everything that is wrong in it."""
        located = load(text, filename)
        file = validate(located, CatalogueFile)
        mistakes = Mistakes(located)
        measures = read_measures(file.measures, mistakes)
        kpis = read_kpis(file, measures, mistakes)
        if mistakes.errors:
            raise ConfigErrors(mistakes.errors)
        return cls(measures, kpis)

    def over(self, events: Container[str]) -> Catalogue:
        """What of it these event types are enough for: nothing else could ever have a value."""
        measures = {name: m for name, m in self.measures.items() if m.event in events}
        kpis = {
            name: kpi
            for name, kpi in self.kpis.items()
            if all(m.event in events for m in kpi.measures) and kpi.sample in measures
        }
        return Catalogue(measures, kpis)

    def measures_of(self, event: str) -> tuple[Measure, ...]:
        """The measures that events of a type feed."""
        return tuple(measure for measure in self.measures.values() if measure.event == event)

    def measures_used_by(self, kpi_id: str) -> tuple[Measure, ...]:
        """The measures that a KPI's value rests on; its sample need not be among them."""
        return self.kpis[kpi_id].measures
