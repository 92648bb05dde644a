"""How long something lasted, in words."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def lasted_text(seconds: float) -> str:
    """A span in its two largest units: `2 d 3 h`, `12 m`, `0 s`."""
    left = round(seconds)
    parts: list[str] = []
    for length, unit in _UNITS:
        if left >= length and len(parts) < 2:
            parts.append(f"{left // length} {unit}")
        elif parts:
            break
        left %= length
    return " ".join(parts) or "0 s"
