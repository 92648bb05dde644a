"""The cluster: how a worker asks the others, so that each of them answers for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from kpistream.edges.web.aside import Aside
from kpistream.edges.web.peer import Peer
from kpistream.edges.web.peer_answers import Misshapen, read_answer

TIMEOUT_S: Final = 2.0
"""How long a peer may take to answer: who asks is a person."""

AVOIDED_S: Final = 5.0
"""Who did not answer in time is not waited for again for so long."""

MOST_BYTES: Final = 64 * 1024 * 1024
LARGE_BYTES: Final = 256 * 1024
"""Answers beyond this are read in another thread, so that none holds up the pipeline."""

SCOPE: Final = ("scope", "worker")
"""The parameter by which a peer answers for itself alone; without it, they would ask in circles."""

_TOO_LATE: Final = "did not answer in time"
NO_WORKER: Final = "what answers there is no worker of kpistream, or one of another release"

Params = Iterable[tuple[str, str]]


class PeerAway(Exception):
    """A peer did not answer, or not with what was asked for."""


class Cluster:
    """The other workers, asked over HTTP.

    ``peers`` says who they are at the moment. ``token`` is what a reader must know, if anything.
    """

    def __init__(
        self,
        peers: Callable[[], Sequence[Peer]] = lambda: (),
        token: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._peers = peers
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = ClientTimeout(total=timeout_s)
        self._session: ClientSession | None = None
        self._aside = Aside()
        self._slow_until: dict[str, float] = {}

    @property
    def peers(self) -> Sequence[Peer]:
        """Who they are."""
        return self._peers()

    @property
    def notifier(self) -> Peer | None:
        """The peer that notifies; None if it is this worker, or nobody."""
        return next((peer for peer in self.peers if peer.is_notifier), None)

    async def ask(self, peer: Peer, path: str, params: Params = ()) -> Mapping[str, Any]:
        """What one peer answers for itself at ``path``; raises PeerAway, with a reason."""
        clock = asyncio.get_running_loop().time
        if self._slow_until.get(peer.url, 0.0) > clock():
            raise PeerAway(_TOO_LATE)
        try:
            body = await self._get(peer, path, [*params, SCOPE])
        except TimeoutError:
            self._slow_until[peer.url] = clock() + AVOIDED_S
            raise PeerAway(_TOO_LATE) from None
        except (ClientError, OSError, ValueError) as error:
            raise PeerAway(str(error) or type(error).__name__) from error
        self._slow_until.pop(peer.url, None)
        read = partial(read_answer, path, body)
        try:
            return await self._aside(read) if len(body) > LARGE_BYTES else read()
        except Misshapen as misshapen:
            raise PeerAway(NO_WORKER) from misshapen

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _get(self, peer: Peer, path: str, params: Params) -> bytes:
        if self._session is None:
            self._session = ClientSession(trust_env=False)
        async with self._session.get(
            f"{peer.url}/api/v1/{path}",
            params=list(params),
            headers=self._headers,
            timeout=self._timeout,
            allow_redirects=False,
        ) as answer:
            body = await _whole(answer)
            if answer.status != HTTPStatus.OK:
                raise PeerAway(_problem(answer.status, body))
            return body


async def _whole(answer: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            raise PeerAway(f"answered with more than {MOST_BYTES:,} bytes")
    return bytes(body)


def _problem(status: int, body: bytes) -> str:
    try:
        detail = msgspec.json.decode(body)["detail"]
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError):
        return f"answered {status}"
    return f"answered {status}: {detail}"
