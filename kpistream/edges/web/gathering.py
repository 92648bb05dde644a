"""Gathering: what this worker knows and what the others do, as one answer for the whole cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from multidict import MultiMapping

from kpistream.core.instants import rfc3339
from kpistream.core.slices import set_name
from kpistream.edges.web.cluster import Cluster, PeerAway
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.moments import newest
from kpistream.edges.web.peer import Missing, Peer
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import is_alone, without_scope

NOBODY: Final = "no worker has them at the moment"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an answer that others gave, and what is missing, this worker's part included."""

    answers: tuple[Mapping[str, Any], ...]
    missing: tuple[Mapping[str, Any], ...]

    def all(self, key: str) -> Iterable[Any]:
        """What the others have in a list of their answers."""
        return (item for answer in self.answers for item in answer.get(key, ()))

    def as_of(self, own_s: float) -> str | None:
        """When the newest part holds; ``own_s`` is this worker's, 0 for none."""
        own = rfc3339(own_s) if own_s else None
        return newest([own, *(answer.get("as_of") for answer in self.answers)])

    @property
    def is_truncated(self) -> bool:
        """Whether there is more somewhere."""
        return any(answer.get("truncated") for answer in self.answers)


class Gathering:
    """Asks the other workers for their parts, and says whose are missing."""

    def __init__(self, knowledge: Knowledge, cluster: Cluster) -> None:
        self._knowledge = knowledge
        self._cluster = cluster

    async def parts(
        self,
        path: str,
        params: MultiMapping[str],
        sets: Collection[tuple[str, ...]] | None = None,
    ) -> Parts:
        """The parts of the others, unless this worker alone was asked.

        ``sets`` are the sets of dimensions that the answer is about, None if it is about none in
        particular: who has none of them is not asked. Raises Problem 503 if nobody knows anything.
        """
        if is_alone(params):
            return Parts((), self.own())
        names = None if sets is None else frozenset(map(set_name, sets))
        parts = await self.others(path, without_scope(params), names)
        if not parts.answers:
            self._need_something(parts.missing)
        wanted = frozenset(map(set_name, self._sets)) if names is None else names
        own = (one.to_dict() for one in self._own(wanted))
        return Parts(parts.answers, (*own, *parts.missing))

    def own(self) -> tuple[Mapping[str, Any], ...]:
        """What is missing of this worker's own part; raises Problem 503 if it knows nothing yet."""
        self._need_something([])
        return tuple(one.to_dict() for one in self._own(frozenset()))

    async def others(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        names: frozenset[str] | None = None,
    ) -> Parts:
        """What the peers answer that have slices of sets of these names; all without names."""
        peers = [one for one in self._cluster.peers if names is None or names & {*one.slices}]
        found = await asyncio.gather(*(self._ask(peer, path, params) for peer in peers))
        answers = tuple(one for one in found if not isinstance(one, Missing))
        missing: list[Mapping[str, Any]] = [
            one.to_dict() for one in found if isinstance(one, Missing)
        ]
        for peer, one in zip(peers, found, strict=True):
            if not isinstance(one, Missing):
                missing += (_with_slices(item, peer) for item in one.get("missing", ()))
        return Parts(answers, tuple(missing))

    async def _ask(
        self, peer: Peer, path: str, params: Sequence[tuple[str, str]]
    ) -> Mapping[str, Any] | Missing:
        try:
            return await self._cluster.ask(peer, path, params)
        except PeerAway as away:
            return Missing(peer.url, str(away), peer.slices)

    def _own(self, wanted: frozenset[str]) -> list[Missing]:
        """What is missing as far as this worker knows: its own part, or what nobody has."""
        knowledge = self._knowledge
        had = {
            *map(set_name, knowledge.sets),
            *(s for peer in self._cluster.peers for s in peer.slices),
        }
        nobodys = tuple(name for name in map(set_name, self._sets) if name in wanted - had)
        if not knowledge.readiness.ready:
            return [Missing(knowledge.url, ", ".join(knowledge.readiness.reasons), nobodys)]
        return [Missing(knowledge.url, NOBODY, nobodys)] if nobodys else []

    @property
    def _sets(self) -> Sequence[tuple[str, ...]]:
        return self._knowledge.plan.slicing.sets

    def _need_something(self, away: Sequence[Mapping[str, Any]]) -> None:
        """Raise Problem if this worker has had no readings yet, and waits for something."""
        readiness = self._knowledge.readiness
        if self._knowledge.board.as_of or readiness.ready:
            return
        others = "".join(f"; {one['worker']} {one['reason']}" for one in away)
        detail = f"the worker is not ready: {', '.join(readiness.reasons)}{others}"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "2"})


def _with_slices(missing: Mapping[str, Any], peer: Peer) -> Mapping[str, Any]:
    """What a peer says is missing of its own, with the slices that are its."""
    return {**missing, "slices": missing["slices"] or list(peer.slices)}
