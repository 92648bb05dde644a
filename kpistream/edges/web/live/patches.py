"""Patches: what has changed in a view since the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kpistream.edges.web.live.viewer import View

BY_KEY: Final = "tiles"
"""The part whose entries are told apart: each changes by itself."""


def patch(before: Mapping[str, Any], now: View) -> View:
    """The parts that are others than before; of tiles, those that are others, None for one gone.

    Nothing, if only time went on.
    """
    changed = {name: part for name, part in now.items() if part != before.get(name)}
    if BY_KEY in changed:
        tiles, held = now[BY_KEY], before.get(BY_KEY, {})
        others = {kpi: tile for kpi, tile in tiles.items() if tile != held.get(kpi)}
        changed[BY_KEY] = {**others, **dict.fromkeys(held.keys() - tiles.keys())}
    return {} if changed.keys() <= {"as_of"} else changed
