"""The API against its own document: made-up questions, sensible and not, with and without a token.

Schemathesis makes them up from what the worker serves at /api/v1/openapi.json and checks each
answer: its status, its type, its shape, and whether what should be refused is.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from kpistream.core.alerting.telling.notifier import Control
from kpistream.core.alerting.telling.silences import Silence, SilenceEnded
from kpistream.edges.web import Guard, WebServer
from tests.support.front_desk import RECEIVER, FrontDesk
from tests.support.known import server, worker

READ, WRITE = "0123456789abcdef", "fedcba9876543210"
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class RememberingDesk(FrontDesk):
    """One that knows the silences that were made and ended, as the notifier would a second later.

    It has the newest only, as a fuzzer makes more than there may be.
    """

    async def say(self, control: Control) -> None:
        await super().say(control)
        if isinstance(control, Silence):
            self.known = [control, *self.known][:100]
        if isinstance(control, SilenceEnded):
            self.known = [_ended(one, control) for one in self.known]


def _ended(silence: Silence, end: SilenceEnded) -> Silence:
    return msgspec.structs.replace(silence, ended_at=end.at) if silence.id == end.id else silence


@contextmanager
def running(guard: Guard) -> Iterator[WebServer]:
    """A web server of a worker with events, alerts and objectives, in a thread of its own."""
    known = worker()
    known.desk = RememberingDesk()
    made = server(known, receivers=[RECEIVER], guard=guard)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.start(), loop).result(10)
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(made.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def fuzzed(url: str, folder: Path, *options: str, hooks: bool = True) -> None:
    """Ask a great many questions, the same each time; fails with what was wrong."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if hooks:
        environment["SCHEMATHESIS_HOOKS"] = "tests.support.fuzz_hooks"
    words: Sequence[str] = (
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        f"{url}/api/v1/openapi.json",
        *("--checks", "all", "--max-examples", "20", "--seed", "1", "--generation-deterministic"),
        *("--no-color", "--warnings", "off"),
        # A stream has no end that could be waited for.
        *("--exclude-path", "/api/v1/live"),
        *options,
    )
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stdout + done.stderr


def bearing(token: str) -> tuple[str, str]:
    return "-H", f"Authorization: Bearer {token}"


def test_a_worker_on_its_own_machine_answers_as_its_document_says(tmp_path: Path) -> None:
    with running(Guard()) as served:
        fuzzed(served.url, tmp_path)


def test_questions_that_do_not_go_together_are_refused_and_do_no_harm(tmp_path: Path) -> None:
    with running(Guard()) as served:
        fuzzed(served.url, tmp_path, "--exclude-checks", "positive_data_acceptance", hooks=False)


def test_a_worker_with_tokens_answers_as_its_document_says_to_who_may_write(
    tmp_path: Path,
) -> None:
    with running(Guard(read_tokens=(READ,), write_tokens=(WRITE,))) as served:
        fuzzed(served.url, tmp_path, *bearing(WRITE))


def test_who_may_only_read_changes_nothing(tmp_path: Path) -> None:
    with running(Guard(read_tokens=(READ,), write_tokens=(WRITE,))) as served:
        fuzzed(served.url, tmp_path, *bearing(READ))
        desk = served._site.alerts._knowledge.desk
        assert isinstance(desk, FrontDesk)
        assert desk.said == []
