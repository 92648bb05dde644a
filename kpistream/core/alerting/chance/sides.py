"""Sides: which way of a line a value lies, and which way it moved."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Change = Literal["rises", "falls"]


class Side(StrEnum):
    """The side of a line."""

    below = "below"
    above = "above"

    @property
    def is_below(self) -> bool:
        """Whether it is the lower one."""
        return self is Side.below

    @property
    def other(self) -> Side:
        """The opposite one."""
        return Side.above if self.is_below else Side.below
