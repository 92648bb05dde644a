"""A host that is told of alerts by real sockets, and does what no receiver should."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import msgspec

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What a host does once it has read a request; then the connection ends."""


def says(status: int, *headers: str) -> Answer:
    """Answer as a web server does."""
    lines = (f"HTTP/1.1 {status} So", "Content-Length: 0", "Connection: close", *headers, "", "")
    text = "\r\n".join(lines).encode()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return answer


def drips(head: bytes, endless: bytes) -> Answer:
    """Answer a byte at a time, without an end."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            for byte in endless:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.005)

    return answer


def floods(head: bytes, endless: bytes) -> Answer:
    """Answer as fast as it is read, without an end."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(endless)
            await writer.drain()
            await asyncio.sleep(0)

    return answer


async def hangs(_: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def hangs_up(_: asyncio.StreamWriter) -> None:
    """End the connection without an answer."""


OK: Final = says(200)


class Heard(NamedTuple):
    """A request as the host read it: where to, the message's name, its alerts by campaign."""

    path: str
    message_id: str
    states: dict[str, str]


class _Entry(msgspec.Struct):
    status: str
    labels: dict[str, str]


class _Body(msgspec.Struct):
    alerts: list[_Entry]


_decode: Final = msgspec.json.Decoder(_Body).decode


class HardHost:
    """One kept port: somebody listens there while it is `up`, and answers as told.

    ``answer`` is what it does next, ``heard`` what it was told, whatever it answered.
    """

    def __init__(self, port: int, answer: Answer = OK) -> None:
        self.port = port
        self.answer = answer
        self.heard: list[Heard] = []
        self._server: asyncio.Server | None = None
        self._meetings: set[asyncio.Task[None]] = set()

    async def up(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._meet, "127.0.0.1", self.port, ssl=tls, reuse_port=True
        )

    async def down(self) -> None:
        """Refuse connections, and break off those that there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for meeting in self._meetings:
            meeting.cancel()
        await asyncio.gather(*self._meetings, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._meetings.add(task)
        try:
            self.heard.append(await _read(reader))
            await self.answer(writer)
            await _closed(writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.transport.abort()
            self._meetings.discard(task)


async def _closed(writer: asyncio.StreamWriter) -> None:
    """End the connection once all is written; abort it before, and the answer may be lost."""
    writer.close()
    await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Heard:
    head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
    body = _decode(await reader.readexactly(int(headers["content-length"])))
    states = {alert.labels["campaign"]: alert.status for alert in body.alerts}
    return Heard(head.split(" ")[1], headers["webhook-id"], states)
