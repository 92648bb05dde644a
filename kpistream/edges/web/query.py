"""A question about readings, as asked in a URL's query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, Self

from multidict import MultiMapping

from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.slices import Slice, normalise_member, set_name, set_of
from kpistream.edges.web.cluster import SCOPE
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.vocabulary import Vocabulary

_TRUTHS: Final = ("true", "false")
_SCOPE, _ALONE = SCOPE


@dataclass(frozen=True, slots=True)
class ReadingsQuery:
    """Which readings are wanted.

    ``kpis`` and ``windows`` are alternatives, empty for no restriction. ``sets`` are those sets of
    dimensions whose slices can be asked for. ``members`` are alternatives by dimension; the member
    ``""`` asks for slices without that dimension; capitals of others make no difference. ``before``
    asks for one KPI over one window, one period earlier.
    """

    kpis: frozenset[str]
    windows: frozenset[str]
    sets: frozenset[tuple[str, ...]]
    members: Mapping[str, frozenset[str]]
    before: bool = False

    @classmethod
    def parse(cls, params: MultiMapping[str], words: Vocabulary) -> Self:
        """The question in these parameters; raises Problem 400 for a word that does not exist."""
        refuse_unknown(params, ("kpi", "window", "slice", "before", _SCOPE, *words.dimensions))
        kpis = alternatives(params, "kpi", words.kpis)
        windows = alternatives(params, "window", words.windows)
        slices = alternatives(params, "slice", words.slices)
        members = {
            d: frozenset(normalise_member(text) if text else "" for text in params.getall(d))
            for d in words.dimensions
            if d in params
        }
        before = _is_true(params, "before")
        if before:
            _need_one("kpi", kpis, words.kpis)
            _need_one("window", windows, words.windows)
        named = [names for names in words.sets if _among(set_name(names), slices)]
        sets = frozenset(names for names in named if _can_have(names, members))
        return cls(kpis, windows, sets, members, before)

    @property
    def kpi_and_window(self) -> tuple[str, str] | None:
        """The one KPI and the one window that were asked for, if there is one of each."""
        if len(self.kpis) != 1 or len(self.windows) != 1:
            return None
        return next(iter(self.kpis)), next(iter(self.windows))

    def find(self, board: Board) -> Iterable[Reading]:
        """Those of a board's readings that were asked for, in their order."""
        pair = self.kpi_and_window
        return filter(self.matches, board if pair is None else board.of(*pair))

    def matches(self, reading: Reading) -> bool:
        """Whether a reading was asked for."""
        return (
            _among(reading.kpi, self.kpis)
            and _among(reading.window, self.windows)
            and self.wants(reading.slice)
        )

    def wants(self, part: Slice) -> bool:
        """Whether a slice was asked for."""
        for name, member in part:  # a loop, since it is gone through for every slice there is
            wanted = self.members.get(name)
            if wanted is not None and member not in wanted:
                return False
        return set_of(part) in self.sets

    def beyond(self, board: Board) -> Self:
        """The same about the sets of dimensions for which a board has not its KPIs and windows."""
        readings = (r for kpi in self.kpis for w in self.windows for r in board.of(kpi, w))
        return replace(self, sets=self.sets - {set_of(reading.slice) for reading in readings})


def refuse_unknown(params: MultiMapping[str], allowed: Collection[str]) -> None:
    """Raise Problem 400 for a parameter that is not allowed, and for a scope that there is not."""
    for name in params:
        if name not in allowed:
            raise bad_request(f"unknown parameter {name!r}", allowed)
    is_alone(params)


def alternatives(params: MultiMapping[str], name: str, allowed: Collection[str]) -> frozenset[str]:
    """What a parameter was given; raises Problem 400 for a word that does not exist."""
    values = params.getall(name, [])
    for value in values:
        if value not in allowed:
            raise bad_request(f"unknown {name} {value!r}", allowed)
    return frozenset(values)


def _is_true(params: MultiMapping[str], name: str) -> bool:
    values = alternatives(params, name, _TRUTHS)
    if len(values) > 1:
        raise bad_request(f"{name} cannot be both", _TRUTHS)
    return "true" in values


def is_alone(params: MultiMapping[str]) -> bool:
    """Whether a worker is asked for what it knows itself, and not for the whole cluster."""
    return bool(alternatives(params, _SCOPE, (_ALONE,)))


def without_scope(params: MultiMapping[str]) -> list[tuple[str, str]]:
    """The parameters that say what is asked for, not of whom."""
    return [(name, value) for name, value in params.items() if name != _SCOPE]


def only(params: MultiMapping[str], name: str) -> str | None:
    """The value of a parameter, None without one; raises Problem 400 if there are several."""
    values = params.getall(name, [])
    if len(values) > 1:
        raise Problem(HTTPStatus.BAD_REQUEST, f"{name} can be given once")
    return values[0] if values else None


def limit_in(params: MultiMapping[str], most: int, usual: int) -> int:
    """How many are wanted at most; raises Problem 400 if that is no number from 1 to ``most``."""
    text = only(params, "limit")
    if text is None:
        return usual
    is_short_number = len(text) <= 9 and text.isascii() and text.isdecimal()
    if not is_short_number or not 1 <= int(text) <= most:
        detail = f"limit {text[:20]!r} is no number from 1 to {most:,}"
        raise Problem(HTTPStatus.BAD_REQUEST, detail)
    return int(text)


def _need_one(name: str, asked: Collection[str], allowed: Collection[str]) -> None:
    if len(asked) != 1:
        raise bad_request(f"before=true needs exactly one {name}", allowed)


def _can_have(names: Collection[str], members: Mapping[str, frozenset[str]]) -> bool:
    """Whether slices by these dimensions can have one of the members of each dimension."""
    return all(values - {""} if d in names else "" in values for d, values in members.items())


def bad_request(detail: str, allowed: Collection[str]) -> Problem:
    """The problem of something that is not among what is allowed."""
    choices = f"allowed: {', '.join(allowed)}" if allowed else "none is allowed here"
    return Problem(HTTPStatus.BAD_REQUEST, f"{detail}; {choices}", allowed)


def _among(value: str, alternatives: frozenset[str]) -> bool:
    return not alternatives or value in alternatives
