"""How many of something, in words."""

from __future__ import annotations


def counted(number: int, things: str) -> str:
    """`1 event`, `1,204 events`; the things are named in a plural that ends in an s."""
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"
