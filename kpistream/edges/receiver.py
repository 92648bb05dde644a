"""A webhook receiver for this machine: shows each alert that arrives, and each only once."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

import msgspec
from aiohttp import web

HOST: Final = "127.0.0.1"
MAX_BODY_BYTES: Final = 1024 * 1024
MAX_WAITING: Final = 1_000
MAX_REMEMBERED: Final = 10_000
"""How many message ids are remembered to know a repeat by."""

NOT_SHOWN_AS_SLICE: Final = frozenset({"alertname", "severity", "kpi", "window", "owner"})


class ReceivedAlert(msgspec.Struct, frozen=True):
    """An alert as it stands in a message of Alertmanager's webhook."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str
    endsAt: str
    fingerprint: str

    def line(self) -> str:
        """The alert for a terminal, on one line and without control characters."""
        labels, said = self.labels, self.annotations
        part = " ".join(f"{k}={v}" for k, v in labels.items() if k not in NOT_SHOWN_AS_SLICE)
        told = said.get("value_text") or said.get("value", "")
        value = f"{labels.get('kpi', '')} {told} over {labels.get('window', '')}"
        head = f"{self.status.upper()} {labels.get('severity', '')} {labels.get('alertname', '')}"
        shown = f"{head} [{part or 'total'}] {value}"
        if self.status == "resolved":
            shown += f", since {self.startsAt}"
        else:
            words = (said.get(name, "") for name in ("summary", "why", "how_sure"))
            shown += "".join(f". {text.rstrip('.')}" for text in words if text)
            shown += f". -> {labels.get('owner', '')}: {said.get('action', '')}"
        return "".join(c if c.isprintable() else " " for c in shown)


class _Message(msgspec.Struct, frozen=True):
    version: str
    alerts: list[ReceivedAlert]


_decode: Final = msgspec.json.Decoder(_Message).decode


class Receiver:
    """Listens on the loopback address while its context is open; port 0 picks a free one.

    Answers 200, also to repeats; 400 to what it cannot read, and 503 when nobody takes the alerts.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._queue: asyncio.Queue[ReceivedAlert] = asyncio.Queue(MAX_WAITING)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where to send alerts; known once the context is open."""
        return f"http://{HOST}:{self._port}/alerts"

    @property
    def waiting(self) -> int:
        """How many alerts have arrived and not been taken."""
        return self._queue.qsize()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/{path:.*}", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        self._port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def next(self) -> ReceivedAlert:
        """The next alert, when it arrives."""
        return await self._queue.get()

    async def alerts(self) -> AsyncIterator[ReceivedAlert]:
        """Each alert as it arrives, without an end."""
        while True:
            yield await self._queue.get()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            message = _decode(body)
        except (msgspec.DecodeError, RecursionError):
            return web.Response(status=400, text="not a message of Alertmanager's webhook\n")
        # No await from here on, so that two copies of a message cannot pass together.
        repeat_of = request.headers.get("webhook-id")
        if repeat_of is not None and repeat_of in self._seen:
            return web.Response(text="seen before\n")
        if self.waiting + len(message.alerts) > MAX_WAITING:
            return web.Response(status=503, headers={"Retry-After": "1"})
        self._remember(repeat_of)
        for alert in message.alerts:
            self._queue.put_nowait(alert)
        return web.Response(text="ok\n")

    def _remember(self, name: str | None) -> None:
        if name is not None:
            self._seen[name] = None
            if len(self._seen) > MAX_REMEMBERED:
                self._seen.popitem(last=False)
