"""A worker as a process of its own, as it runs in production: started, watched, killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

from kpistream.edges.embedded_broker import die_with_parent, free_port

READY_S = 120.0
STOP_S = 60.0
_OUTCOME = re.compile(
    r'kpistream_events_total\{outcome="(\w+)",reason="(\w*)",topic="(\S+)"\} (\S+)'
)


class WorkerProcess:
    """`kpistream worker` with settings from the environment; output goes to a log file."""

    def __init__(self, log: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self._log = log
        self._settings = {**settings, "WEB_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; see :meth:`wait_ready`."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KPISTREAM_")}
        environment |= {f"KPISTREAM_{name}": value for name, value in self._settings.items()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kpistream", "worker"],
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent(),
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        process = self._running()
        process.kill()
        process.wait(STOP_S)
        self._process = None

    def stop(self) -> int:
        """Ask it to end (SIGTERM); its exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_S)
        self._process = None
        return code

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until it has recovered its partitions."""
        wait_until(self.is_ready, READY_S, lambda: f"not ready; its log ends:\n{self.log_tail()}")

    def is_ready(self) -> bool:
        """Whether it says so; raises if it has died."""
        if not self.alive:
            raise AssertionError(f"the worker died; its log ends:\n{self.log_tail()}")
        return self._get("/readyz") is not None

    def outcomes(self) -> dict[tuple[str, str, str], int]:
        """Events by (topic, outcome, reason) over the partitions it has now."""
        page = self._get("/metrics") or b""
        return {
            (topic, outcome, reason): int(float(number))
            for outcome, reason, topic, number in _OUTCOME.findall(page.decode())
        }

    def readings(self, **query: str) -> list[dict[str, Any]]:
        """Its answer to `/api/v1/readings`."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        answer = json.loads(self._get(f"/api/v1/readings?{text}") or b'{"readings": []}')
        found: list[dict[str, Any]] = answer["readings"]
        return found

    def log_tail(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-4000:] if self._log.exists() else ""

    def _get(self, path: str) -> bytes | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as got:
                body: bytes = got.read()
                return body
        except (OSError, HTTPException):
            return None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise AssertionError("the worker was not started")
        return self._process


def wait_until(
    holds: Callable[[], bool], seconds: float, explain: Callable[[], str] = lambda: "timed out"
) -> None:
    """Look again and again until a condition holds; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(explain())
        time.sleep(0.1)
