"""Plain text: without what cannot be seen, escaped for its reader, and no longer than he takes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ELLIPSIS: Final = "…"

AT: Final = "@\u200b"
"""An @ that no chat takes for the beginning of a mention: a space of no width follows it."""

NO_ESCAPES: Final[Mapping[str, str]] = MappingProxyType({})

_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible too, but Persian and emoji are written with them."""


def clean(text: str) -> str:
    """One line of what can be seen.

    Controls and line breaks become spaces, halves of characters a question mark; marks that turn
    the direction of text, and others that nobody sees, are left out.
    """
    return "".join(map(_seen, text)).strip()


def cut(text: str, most: int, escapes: Mapping[str, str] = NO_ESCAPES) -> str:
    """Text, escaped, in ``most`` units of UTF-16; an ellipsis ends what is too long.

    UTF-16, since that is how the strictest count. No character and no escape is cut in two.
    """
    pieces = [escapes.get(character, character) for character in text]
    if sum(map(units, pieces)) <= most:
        return "".join(pieces)
    room, kept = most - units(ELLIPSIS), 0
    for piece in pieces:
        if (room := room - units(piece)) < 0:
            break
        kept += 1
    return "".join(pieces[:kept]) + ELLIPSIS if most > 0 else ""


def units(text: str) -> int:
    """How long text is in units of UTF-16: most characters are one, emoji are two."""
    return len(text) + sum(character > "\uffff" for character in text)


def _seen(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cs":
            return "?"
        case "Cf" if character not in _JOINERS:
            return ""
    return character
