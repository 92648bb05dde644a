"""The worker under test: `kpistream worker` as it runs in production, settings by environment."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.processes import Child
from kpistream.edges.embedded_broker import free_port
from kpistream.settings import PREFIX

_READY_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.02
_ANSWER_S: Final = 10.0
_ACCEPTED: Final = re.compile(
    r'^kpistream_events_total\{outcome="accepted",[^}]*topic="([^"]+)"[^}]*\} (\S+)$', re.MULTILINE
)


class Worker(Child):
    """One worker with a port of its own."""

    def __init__(self, log: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        named = {**settings, "web_port": str(self.port), "log_level": "WARNING"}
        environment = {PREFIX + name.upper(): value for name, value in named.items()}
        super().__init__(["-m", "kpistream", "worker"], log, environment)

    @property
    def url(self) -> str:
        """Where its web server listens."""
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self) -> None:
        """Wait until it has its partitions; raises ChildError if it does not get there."""
        deadline = time.monotonic() + _READY_S
        while not self._is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise self.error(f"not ready after {_READY_S:.0f} s")
            time.sleep(_LOOK_EVERY_S)

    def accepted(self, topic: str | None = None) -> int:
        """How many events of a topic, or of all, it has accepted."""
        page = self._get("/metrics").decode()
        counts = _ACCEPTED.findall(page)
        return sum(int(float(n)) for name, n in counts if topic is None or name == topic)

    def _is_ready(self) -> bool:
        try:
            self._get("/readyz")
        except OSError:
            return False
        return True

    def _get(self, path: str) -> bytes:
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(address, timeout=_ANSWER_S) as answer:
            body: bytes = answer.read()
            return body
