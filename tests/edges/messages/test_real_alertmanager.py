"""A real Alertmanager takes what we write for it, and writes webhooks as we do.

Debian's `prometheus-alertmanager` has to be on the path.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from kpistream.edges.messages import Credentials, Message, shape_of
from tests.edges.messages import sample

pytestmark = pytest.mark.prometheus

CONFIG = """\
route: {{receiver: us, group_by: [alertname], group_wait: 0s, group_interval: 1s}}
receivers:
  - name: us
    webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""


class Hook:
    """Takes what Alertmanager posts."""

    def __init__(self) -> None:
        self.bodies: asyncio.Queue[Any] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.put_nowait(json.loads(await request.read()))
        return web.Response()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()

    async def next(self) -> Any:
        return await asyncio.wait_for(self.bodies.get(), 60)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@asynccontextmanager
async def alertmanager(folder: Path, hook: str) -> AsyncIterator[str]:
    port = free_port()
    running = started(folder, hook, port)
    try:
        await ready(running, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(30)


def started(folder: Path, hook: str, port: int) -> subprocess.Popen[bytes]:
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG.format(url=hook), encoding="utf-8")
    subprocess.run(["amtool", "check-config", str(config)], check=True, capture_output=True)
    return subprocess.Popen(
        [
            "prometheus-alertmanager",
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def ready(running: subprocess.Popen[bytes], url: str) -> None:
    async with aiohttp.ClientSession() as session:
        while running.poll() is None:
            try:
                async with session.get(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    raise AssertionError(f"Alertmanager ended with {running.returncode}")


async def tell(url: str, message: Message) -> None:
    [request] = shape_of("alertmanager")(message, Credentials(url=url))
    async with (
        aiohttp.ClientSession() as session,
        session.post(str(request.url), data=request.body, headers=request.headers) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def known(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/api/v2/alerts") as answer:
        return await answer.json()


def types(data: Any) -> Any:
    """What JSON is made of: keys and types, without the values."""
    match data:
        case dict():
            return {name: types(value) for name, value in data.items()}
        case list():
            return [types(value) for value in data]
    return type(data)


async def test_alertmanager_takes_our_alerts_and_ends_them(tmp_path: Path) -> None:
    now, hook = time.time(), Hook()
    firing = sample.hostile()
    firing = msgspec.structs.replace(firing, since=now - 5, changed_at=now - 5)
    over = msgspec.structs.replace(sample.over(), slice=firing.slice, labels=firing.labels)
    over = msgspec.structs.replace(over, since=firing.since, changed_at=now - 1)

    async with hook.listening() as listening, alertmanager(tmp_path, listening) as url:
        await tell(url, sample.message(firing, now=now))
        [alert] = await known(url)
        first = await hook.next()
        await tell(url, sample.message(over, now=now))
        last = await hook.next()
        left = await known(url)

    [entry] = ours(sample.message(firing, now=now))["alerts"]
    assert alert["status"]["state"] in ("active", "unprocessed")
    assert (alert["labels"], alert["annotations"]) == (entry["labels"], entry["annotations"])
    assert alert["generatorURL"] == entry["generatorURL"]
    assert (first["status"], last["status"]) == ("firing", "resolved")
    assert left == []

    for theirs, message in ((first, sample.message(firing)), (last, sample.message(over))):
        us = ours(message)
        assert types(theirs) == types(us)
        assert theirs["groupKey"] == us["groupKey"]
        assert theirs["alerts"][0]["labels"] == us["alerts"][0]["labels"]
    assert first["alerts"][0]["endsAt"] == ours(sample.message(firing))["alerts"][0]["endsAt"]


def ours(message: Message) -> Any:
    [request] = shape_of("webhook")(message, Credentials())
    return json.loads(request.body)
