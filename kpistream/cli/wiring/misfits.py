"""What each file says rightly by itself, and what does not go together with the settings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from kpistream.cli.wiring.config_files import catalogue_files
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.catalogue.layers import layered
from kpistream.core.events.event_types import SHIPPED
from kpistream.core.located_yaml import ConfigError, Path
from kpistream.core.slices import Slicing, set_of
from kpistream.settings import Settings, topic_error
from kpistream.stream.layout import Layout

Misfit = tuple[Path, str, list[str]]
"""Where in the catalogue, what is wrong, and what would be right."""


def misfits(settings: Settings, catalogue: Catalogue, slicing: Slicing) -> Iterator[ConfigError]:
    """Objectives and a user's KPIs that nothing is kept for, and topics that we need ourselves."""
    found = [*_objectives(catalogue, slicing)]
    for kpi, windows, sets in _own_kpis(settings, catalogue, slicing):
        found += windows.when_none(kpi)
        found += sets.when_none(kpi)
    yield from _placed(settings, found)
    yield from _topics(settings)


def needless(settings: Settings, catalogue: Catalogue, slicing: Slicing) -> Iterator[str]:
    """A sentence for all that changes nothing: windows, slices and limits of what is not kept."""
    found: list[Misfit] = []
    for kpi, windows, sets in _own_kpis(settings, catalogue, slicing):
        found += windows.when_some(kpi)
        found += sets.when_some(kpi)
    yield from map(str, _placed(settings, found))
    for dimension in settings.member_limits:
        if dimension not in slicing.dimensions:
            problem = "limits nothing: no set in `slices` has it"
            yield str(settings.error(("member_limits", dimension), problem))


def _placed(settings: Settings, found: Sequence[Misfit]) -> Iterator[ConfigError]:
    if found:
        files, _ = layered(catalogue_files(settings))
        yield from (files.error(*misfit) for misfit in found)


def unmeasured_events(catalogue: Catalogue) -> Iterator[tuple[Path, str]]:
    """Event types of a user's own that are read, and that no measure counts."""
    measured = {measure.event for measure in catalogue.measures.values()}
    for event in catalogue.events:
        if event not in measured and event not in SHIPPED:
            yield ("events", event), "is read, and no measure is made of it"


def _objectives(catalogue: Catalogue, slicing: Slicing) -> Iterator[Misfit]:
    for objective in catalogue.objectives:
        names = set_of(objective.slice)
        if names not in slicing.sets:
            problem = f"no slices are kept by {_words(names)}, so it would never have a value"
            yield ("objectives", objective.id, "slice"), problem, _sets(slicing.sets)


class _Asked(NamedTuple):
    """What a KPI shall be read for, in words, and which of it is kept."""

    key: str
    asked: list[str]
    kept: list[str]

    @property
    def _missing(self) -> list[int]:
        return [n for n, one in enumerate(self.asked) if one not in self.kept]

    def when_none(self, kpi: str) -> Iterator[Misfit]:
        """The mistake if nothing of it is kept."""
        if self.asked and len(self._missing) == len(self.asked):
            problem = f"none of these is among `{self.key}`"
            yield ("kpis", kpi, self.key), problem, self.kept

    def when_some(self, kpi: str) -> Iterator[Misfit]:
        """What is not kept if something is."""
        if len(self._missing) < len(self.asked):
            for index in self._missing:
                problem = f"{self.asked[index]} is not among `{self.key}`, and left out"
                yield ("kpis", kpi, self.key, index), problem, self.kept


def _own_kpis(
    settings: Settings, catalogue: Catalogue, slicing: Slicing
) -> Iterator[tuple[str, _Asked, _Asked]]:
    """The windows and the slices that a user's file gives to KPIs.

    Of those that shipped KPIs have by themselves, what is kept is enough.
    """
    own = settings.own.data.get("kpis") if settings.own is not None else None
    for kpi, shape in (own or {}).items():
        if kpi in catalogue.kpis:
            windows = _Asked("windows", shape.get("windows") or [], settings.windows)
            sets = [_in_order(names, catalogue.dimensions) for names in shape.get("slices") or ()]
            yield kpi, windows, _Asked("slices", _sets(sets), _sets(slicing.sets))


def _in_order(names: Collection[str], dimensions: Iterable[str]) -> tuple[str, ...]:
    return tuple(dimension for dimension in dimensions if dimension in names)


def _topics(settings: Settings) -> Iterator[ConfigError]:
    layout = Layout(settings.app_id, settings.topics, dict.fromkeys(settings.topics, 1), 1)
    ours = [spec.name for spec in layout.specs()]
    for event, topic in settings.topics.items():
        if ours.count(topic) > 1:
            problem = f"{topic!r} is a topic that kpistream makes for itself; take another"
            yield topic_error(settings, event, problem)


def _words(names: Iterable[str]) -> str:
    return ", ".join(names) or "total"


def _sets(sets: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"({_words(names)})" for names in sets]
