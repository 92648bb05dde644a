"""The gate that flushes pass: one after the other, and none after one that broke off.

Acknowledgements are cumulative. So a flush after one that drained its rows and did not send them
would acknowledge rows that are nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class FlushBrokenError(RuntimeError):
    """A flush broke off: nothing later may be made durable or acknowledged by this process."""

    def __init__(self, name: str, cause: BaseException) -> None:
        super().__init__(f"an earlier flush of {name} broke off: {cause!r}")


class FlushGate:
    """Lets one flush through at a time, whole; shut for good by one that fails."""

    def __init__(self, name: str) -> None:
        """Name what is flushed, for the error."""
        self._name = name
        self._lock = asyncio.Lock()
        self._cause: BaseException | None = None

    async def run(self, flush: Callable[[], Awaitable[None]]) -> None:
        """Run the flush; who is cancelled here leaves it to finish. Raises FlushBrokenError."""
        await asyncio.shield(asyncio.create_task(self._run(flush)))

    async def _run(self, flush: Callable[[], Awaitable[None]]) -> None:
        async with self._lock:
            if self._cause is not None:
                raise FlushBrokenError(self._name, self._cause) from self._cause
            try:
                await flush()
            except BaseException as cause:
                self._cause = cause
                raise
