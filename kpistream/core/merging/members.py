"""Members: which values of a dimension have slices of their own, and which share `__other__`.

A dimension has a limit. While there is room, a member is taken as it comes. Beyond it the largest
are kept: once a minute, a member that waits and is more than twice as large as the smallest one
that is kept takes its place, so that two of about the same size do not take turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kpistream.core.slices import NOT_SET, OTHER, Slice, set_of

WAITING_PER_PLACE: Final = 4
"""How many of those that wait are weighed, per place; the smallest of more are forgotten."""

LARGER: Final = 2
"""How many times as large as the smallest that is kept another must be to take its place."""

_SWAPS_PER_TURN: Final = 20
"""At most one in so many places changes hands in a turn."""

_FADE: Final = (63, 64)
"""What is left of a weight after a minute, as a fraction: half of it after 45 minutes."""

_PER_EVENT: Final = 1 << 10
"""What an event weighs: so much that next to nothing is lost where a fading weight is cut off."""

_ALWAYS: Final = (NOT_SET, OTHER)


class Members:
    """The members of each limited dimension, for each set of dimensions by itself."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        """Limit the dimensions named; the others take any number of members."""
        self._limits = limits
        self._rankings: dict[tuple[tuple[str, ...], str], _Ranking] = {}
        self._places: dict[Slice, Slice] = {}
        self._ranked: dict[Slice, list[tuple[_Ranking, str]]] = {}

    def place(self, part: Slice) -> Slice:
        """The slice that new panes of ``part`` belong to: itself, or one with `__other__` in it."""
        place = self._places.get(part)
        if place is None:
            names = set_of(part)
            place = tuple(
                (dimension, member if self._admits(names, dimension, member) else OTHER)
                for dimension, member in part
            )
            self._places[part] = place
        return place

    def _admits(self, names: tuple[str, ...], dimension: str, member: str) -> bool:
        limit = self._limits.get(dimension)
        if limit is None or member in _ALWAYS:
            return True
        key = names, dimension
        ranking = self._rankings.get(key)
        if ranking is None:
            ranking = self._rankings[key] = _Ranking(limit)
        return ranking.admits(member)

    def keep(self, part: Slice, events: int) -> None:
        """Take up a slice that exists already, whatever the limits are."""
        names = set_of(part)
        for dimension, member in part:
            limit = self._limits.get(dimension)
            if limit is not None and member not in _ALWAYS:
                ranking = self._rankings.setdefault((names, dimension), _Ranking(limit))
                ranking.weigh_kept(member, events * _PER_EVENT)

    def weigh(self, part: Slice, events: int) -> None:
        """Count events for the members of a slice."""
        ranked = self._ranked.get(part)
        if ranked is None:
            ranked = self._ranked[part] = self._rank(part)
        for ranking, member in ranked:
            ranking.weigh(member, events * _PER_EVENT)

    def _rank(self, part: Slice) -> list[tuple[_Ranking, str]]:
        names = set_of(part)
        return [
            (self._rankings[names, dimension], member)
            for dimension, member in part
            if (names, dimension) in self._rankings and member not in _ALWAYS
        ]

    def turn(self, living: Iterable[Slice], settled: Iterable[Slice] = ()) -> None:
        """Let a minute pass: free the places of members without slices, and let the largest in.

        Those of the ``settled`` slices keep their places, because they have a level: what it
        changes by must not go elsewhere.
        """
        alive, staying = _members_of(living), _members_of(settled)
        for key, ranking in self._rankings.items():
            ranking.turn(alive.get(key, set()), staying.get(key, set()))
        self._places.clear()
        self._ranked.clear()


def _members_of(parts: Iterable[Slice]) -> dict[tuple[tuple[str, ...], str], set[str]]:
    """The members in some slices, by set and dimension."""
    found: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for part in parts:
        names = set_of(part)
        for dimension, member in part:
            found.setdefault((names, dimension), set()).add(member)
    return found


class _Ranking:
    """The members of one dimension in one set: weights of those kept, and of those that wait."""

    __slots__ = ("kept", "limit", "waiting")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept: dict[str, int] = {}
        self.waiting: dict[str, int] = {}

    def admits(self, member: str) -> bool:
        if member in self.kept:
            return True
        if len(self.kept) < self.limit:
            self.kept[member] = self.waiting.pop(member, 0)
            return True
        return False

    def weigh_kept(self, member: str, weight: int) -> None:
        self.kept[member] = self.kept.get(member, 0) + weight

    def weigh(self, member: str, weight: int) -> None:
        side = self.kept if member in self.kept else self.waiting
        side[member] = side.get(member, 0) + weight
        if len(self.waiting) > 2 * WAITING_PER_PLACE * self.limit:
            self.waiting = dict(_by_weight(self.waiting)[-WAITING_PER_PLACE * self.limit :])

    def turn(self, alive: set[str], staying: set[str]) -> None:
        for member in [m for m in self.kept if m not in alive]:
            del self.kept[member]
        self._swap(staying)
        self.kept = {m: _faded(weight) for m, weight in self.kept.items()}
        self.waiting = {m: left for m, weight in self.waiting.items() if (left := _faded(weight))}

    def _swap(self, staying: set[str]) -> None:
        """Put the largest that wait in the places of the smallest, where they are far larger."""
        smallest = [one for one in _by_weight(self.kept) if one[0] not in staying]
        largest = _by_weight(self.waiting)
        for _ in range(min(len(self.kept) - self.limit, len(smallest))):
            member, weight = smallest.pop(0)
            self.waiting[member] = weight
            del self.kept[member]
        for _ in range(self.limit // _SWAPS_PER_TURN + 1):
            if not largest or not smallest or len(self.kept) < self.limit:
                return
            (small, low), (large, high) = smallest.pop(0), largest.pop()
            if high <= LARGER * low:
                return
            del self.kept[small], self.waiting[large]
            self.kept[large], self.waiting[small] = high, low


def _by_weight(weights: Mapping[str, int]) -> list[tuple[str, int]]:
    """Smallest first; of equal weight by name, so that everybody finds the same order."""
    return sorted(weights.items(), key=lambda item: (item[1], item[0]))


def _faded(weight: int) -> int:
    above, below = _FADE
    return weight * above // below
