"""Aside: work that takes long, done in another thread, so that the pipeline goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Aside:
    """Does work in another thread, one piece at a time.

    Neither a scrape nor a large answer may take more than one thread's share of the machine.
    """

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, work: Callable[[], T]) -> T:
        """What the work returns."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(work)
