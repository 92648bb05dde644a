"""What was worked out of slices, and need not be worked out again yet."""

from __future__ import annotations

from typing import Final, TypeVar

from kpistream.core.slices import Slice

T = TypeVar("T")

MOST_KEPT: Final = 2_000
"""Beyond so many slices all is forgotten: those that have gone are among them."""


class Kept(dict[Slice, T]):
    """By slice; bounded."""

    def __setitem__(self, part: Slice, value: T) -> None:
        if len(self) >= MOST_KEPT and part not in self:
            self.clear()
        super().__setitem__(part, value)
