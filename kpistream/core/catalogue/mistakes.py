"""The mistakes found in the files of a catalogue, each at the place that is to blame."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from kpistream.core.catalogue.layers import Layers
from kpistream.core.kpis.formulas import FormulaError
from kpistream.core.located_yaml import ConfigError, Path, did_you_mean, dotted

_SECTIONS_BY_NOUN: Final = {"KPI": "kpis", "count measure": "measures", "event": "events"}


class Mistakes:
    """The mistakes found so far in the layers of a catalogue."""

    def __init__(self, layers: Layers) -> None:
        self.errors: list[ConfigError] = []
        self._layers = layers

    def report(self, path: Path, problem: str, allowed: Iterable[str] | None = None) -> None:
        """Something at `path` is wrong."""
        self.errors.append(self._layers.error(path, problem, allowed))

    def unknown(self, path: Path, noun: str, name: str, known: Collection[str]) -> None:
        """The name at `path` is none of those known, or was removed."""
        section = _SECTIONS_BY_NOUN.get(noun)
        if section is not None and self.removed((section, name), path):
            return
        self.report(path, f"unknown {noun} {name!r}{did_you_mean(name, known)}", known)

    def in_formula(self, path: Path, error: FormulaError, text: str) -> None:
        """The formula at `path` is wrong at one of its columns."""
        excerpt = error.pointing(text)
        self.errors.append(self._layers.error(path, str(error), error.allowed, excerpt))

    def misfit(self, path: Path, problem: str, others: Iterable[Path], **more: Any) -> None:
        """What is at `path` does not go together with others: the one written last is to blame."""
        places = {other: self._layers.place(other) for other in (path, *others)}
        culprit = max(places, key=lambda other: places[other].layer)
        if culprit[:2] != path[:2]:
            where = self._layers.error(path, "")
            problem = f"{dotted(path)} ({where.filename}:{where.line}) does not fit: {problem}"
        self.errors.append(self._layers.error(culprit, problem, **more))

    def latest(self, paths: Sequence[Path], problem: str) -> None:
        """The things at some paths contradict each other: the one written last is to blame."""
        self.report(max(paths, key=lambda path: self._layers.place(path).layer), problem)

    def is_own(self, path: Path) -> bool:
        """Whether what is at `path` was written in another file than the first, which ships."""
        return self._layers.place(path).layer > 0

    def is_older(self, path: Path, others: Iterable[Path]) -> bool:
        """Whether any of the others was written by a later file than what is at `path`."""
        layer = self._layers.place(path).layer
        return any(self._layers.place(other).layer > layer for other in others)

    def is_removed(self, path: Path) -> bool:
        """Whether a later file removed the entry at `path`."""
        return path in self._layers.removed

    def removed(self, path: Path, user: Path) -> bool:
        """Whether the entry at `path` was removed, which is a mistake if `user` needs it."""
        if path not in self._layers.removed:
            return False
        place = self._layers.place(user)
        problem = f"is removed here, but {dotted(user)} ({place.filename}:{place.line}) uses it"
        self.report(path, problem)
        return True
