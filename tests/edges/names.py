"""A resolver that answers by a script, and a spy on connections, for tests of what HTTP reaches."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

Answers = list[list[str]]


class Names(AbstractResolver):
    """Knows some names: their addresses at the first question, at the second, ...

    The last answer stays. Any other name has no address.
    """

    def __init__(self, known: dict[str, Answers] | None = None) -> None:
        self.known = known or {}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.known:
            raise OSError("no such name")
        answers = self.known[host]
        addresses = answers[min(self.asked.count(host), len(answers)) - 1]
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        pass


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)


@dataclass
class Trap:
    """Listens on the loopback addresses, and knows who was connected to.

    Connections to anything but the loopback are refused, so that no test leaves the machine.
    """

    listening: list[socket.socket]
    connected: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self.listening[0].getsockname()[1]
        return port

    @property
    def accepted(self) -> int:
        """How many connections have arrived since the last look."""
        return sum(_arrived(listener) for listener in self.listening)


def _arrived(listener: socket.socket) -> int:
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def _listen() -> Iterator[socket.socket]:
    first = socket.create_server(("127.0.0.1", 0))
    yield first
    if socket.has_ipv6:
        yield socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6)


@contextmanager
def trap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trap]:
    """A trap that is set while the context is open."""
    it = Trap([*_listen()])
    connect = asyncio.SelectorEventLoop.sock_connect

    async def spied(loop: Any, sock: socket.socket, address: Any) -> None:
        it.connected.append(address[0])
        if not address[0].startswith("127.") and address[0] != "::1":
            raise ConnectionRefusedError(111, "refused by the test")
        await connect(loop, sock, address)

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", spied)
    for listener in it.listening:
        listener.setblocking(False)
    try:
        yield it
    finally:
        for listener in it.listening:
            listener.close()
