"""The worker that notifies: the one of all that knows who is told of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from multidict import MultiMapping

from kpistream.core.alerting.telling.notifier import Control
from kpistream.edges.web.cluster import Cluster, Params, PeerAway
from kpistream.edges.web.desk import BrokerAway, Desk
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import is_alone, without_scope

NOT_THE_OWNER: Final = (
    "another worker has the notifier, the one partition of the topic of alerts; ask that one"
)
NOBODY: Final = "no worker is known to have the notifier at the moment"


class NotifyingWorker:
    """Wherever the notifier is: here, or on a peer that is asked."""

    def __init__(self, knowledge: Knowledge, cluster: Cluster) -> None:
        self._knowledge = knowledge
        self._cluster = cluster

    @property
    def desk(self) -> Desk | None:
        """The desk, if the notifier is here."""
        desk = self._knowledge.desk
        return desk if desk is not None and desk.is_owner else None

    @property
    def url(self) -> str | None:
        """Where the peer is that has it; None if there is none."""
        peer = self._cluster.notifier
        return None if peer is None else peer.url

    async def ask(self, path: str, params: Params = ()) -> Mapping[str, Any]:
        """What the peer that has it answers; raises PeerAway, also if there is none."""
        peer = self._cluster.notifier
        if peer is None:
            raise PeerAway(NOBODY)
        return await self._cluster.ask(peer, path, params)

    async def answer(
        self, path: str, params: MultiMapping[str], own: Callable[[Desk], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """``own`` of the desk here, or what the peer answers; raises Problem 503."""
        if self.desk is not None:
            return own(self.desk)
        if is_alone(params):
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, NOT_THE_OWNER)
        try:
            return await self.ask(path, without_scope(params))
        except PeerAway as away:
            detail = f"{self.url}: {away}" if self.url else str(away)
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from away

    async def say(self, control: Control) -> None:
        """Pass on what somebody says, from any worker; raises Problem 503."""
        desk = self._knowledge.desk
        if desk is None:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the worker is not connected yet")
        try:
            await desk.say(control)
        except BrokerAway as away:
            detail = f"{away}; it may hold all the same: look, and say it again if it does not"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from away
