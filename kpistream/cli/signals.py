"""Signals that ask a command to end."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import Final

_AGAIN_S: Final = 1.0
"""A signal that comes sooner than this after the first is its echo: shells and supervisors may
signal a process and its group."""


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set ``stop`` on SIGINT or SIGTERM; when asked again, cancel the task that called this."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    first_s = 0.0

    def asked() -> None:
        nonlocal first_s
        if not stop.is_set():
            first_s = time.monotonic()
            stop.set()
        elif task is not None and time.monotonic() - first_s > _AGAIN_S:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
