"""Several catalogue files as one: later ones add, override field by field, and remove.

A mapping of a later file goes into the mapping that is there; anything else replaces what is there.
A measure is replaced as a whole: it is one thought. So are an owner and an action: whoever says one
anew in one language would leave what it was in the other. `null` removes an entry or a field. Each
part remembers the file and the line that it came from, so that mistakes are told where they were
made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kpistream.core.located_yaml import ConfigError, Located, Path, did_you_mean, dotted

SECTIONS: Final = (
    *("dimensions", "events", "measures", "kpis", "objectives", "dashboards", "funnels"),
)
"""The keys of a catalogue file; a user's file may hold settings beside them."""

_WHOLE: Final = ("measures", "dashboards", "funnels")
"""Sections whose entries are replaced as a whole."""

_WHOLE_IN_KPIS: Final = ("owner", "action")
"""Keys of KPIs that are."""


class Place(NamedTuple):
    """Where something was written: the number of the layer, from 0, its file and the line."""

    layer: int
    filename: str
    line: int


@dataclass(frozen=True, slots=True)
class Layers(Located):
    """The data of several files on top of each other."""

    places: Mapping[Path, Place] = field(default_factory=dict)
    removed: frozenset[Path] = frozenset()
    """The entries that a later file has removed; their places are those of the `null`."""

    def place(self, path: Path) -> Place:
        """Where the key or item at `path` was written, or its nearest parent that was."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(0, self.filename, 1))

    def line(self, path: Path) -> int:
        """The line at `path`, in whichever file that is."""
        return self.place(path).line

    def error(
        self,
        path: Path,
        problem: str,
        allowed: Iterable[str] | None = None,
        excerpt: str = "",
    ) -> ConfigError:
        """A mistake at `path`, in the file that wrote it."""
        place = self.place(path)
        values = None if allowed is None else tuple(allowed)
        return ConfigError(place.filename, place.line, dotted(path), problem, values, excerpt)


def catalogue_part(located: Located) -> Located:
    """What of a file of settings belongs to the catalogue."""
    data = located.data if isinstance(located.data, dict) else {}
    part = {section: data[section] for section in SECTIONS if section in data}
    return Located(located.filename, part, located.lines)


def layered(files: Sequence[Located]) -> tuple[Layers, list[ConfigError]]:
    """The files on top of each other, and a mistake for each `null` that removes nothing."""
    first = files[0]
    places = {path: Place(0, first.filename, line) for path, line in first.lines.items()}
    if len(files) == 1:
        return Layers(first.filename, first.data, first.lines, places), []
    merge = _Merge(places)
    data = first.data
    for number, file in enumerate(files[1:], start=1):
        data = merge.over(data, file, number)
    layers = Layers(first.filename, data, first.lines, merge.places, frozenset(merge.removed))
    return layers, merge.errors


class _Merge:
    """Puts one file after another over what is there."""

    def __init__(self, places: dict[Path, Place]) -> None:
        self.places = places
        self.removed: set[Path] = set()
        self.errors: list[ConfigError] = []

    def over(self, below: Any, file: Located, layer: int) -> Any:
        """The data of a file over those below it; a section that is left empty changes nothing."""
        data = {} if file.data is None else file.data
        if isinstance(data, dict):
            data = {section: value for section, value in data.items() if value is not None}
        return self._value((), below, data, file, layer)

    def _value(self, path: Path, below: Any, above: Any, file: Located, layer: int) -> Any:
        if below is None and len(path) == 1:
            below = {}
        if isinstance(below, dict) and isinstance(above, dict) and not _is_whole(path):
            return self._mapping(path, below, above, file, layer)
        self._forget_below(path)
        self._place_all(path, file, layer)
        return above

    def _mapping(
        self, path: Path, below: dict[str, Any], above: dict[str, Any], file: Located, layer: int
    ) -> dict[str, Any]:
        merged = dict(below)
        for key, value in above.items():
            inner = (*path, key)
            self.places[inner] = Place(layer, file.filename, file.line(inner))
            if value is not None:
                self.removed.discard(inner)
                merged[key] = self._value(inner, below.get(key), value, file, layer)
            elif key in below:
                self._forget_below(inner)
                self.removed.add(inner)
                del merged[key]
            else:
                self._nothing(inner, merged, below, file)
        return merged

    def _nothing(
        self, path: Path, merged: dict[str, Any], below: dict[str, Any], file: Located
    ) -> None:
        """A `null` for what is not there: a mistake for an entry, for the shape to judge deeper."""
        if len(path) > 2:
            merged[str(path[-1])] = None
            return
        hint = did_you_mean(str(path[-1]), below)
        self.errors.append(file.error(path, f"there is nothing of this name to remove{hint}"))

    def _forget_below(self, path: Path) -> None:
        for known in [p for p in self.places if len(p) > len(path) and p[: len(path)] == path]:
            del self.places[known]

    def _place_all(self, path: Path, file: Located, layer: int) -> None:
        self.places[path] = Place(layer, file.filename, file.line(path))
        for known, line in file.lines.items():
            if known[: len(path)] == path:
                self.places[known] = Place(layer, file.filename, line)


def _is_whole(path: Path) -> bool:
    """Whether what is at `path` is replaced as a whole."""
    match path:
        case (section, _):
            return section in _WHOLE
        case ("kpis", _, key):
            return key in _WHOLE_IN_KPIS
    return False
