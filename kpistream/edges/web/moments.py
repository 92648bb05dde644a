"""Moments: RFC 3339 as people send it and as workers answer it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def moment(name: str, text: str) -> float:
    """Epoch seconds of RFC 3339; raises ValueError that calls it by its name."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f"{name} {text[:40]!r} is no moment with a zone as 2026-03-01T10:00:00Z")
    if not _FIRST <= found < _LAST:
        raise ValueError(f"{name} {text[:40]!r} is not of the years 2000 to 2099")
    return found.timestamp()


def newest(moments: Iterable[str | None]) -> str | None:
    """The last of some moments in RFC 3339; None if there are none."""
    return max(filter(None, moments), key=datetime.fromisoformat, default=None)
