"""The words that may be asked for: those of the catalogue and of the settings."""

from __future__ import annotations

from dataclasses import dataclass

from kpistream.core.slices import set_name


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The configured KPIs, windows, dimensions, and sets of dimensions."""

    kpis: tuple[str, ...]
    windows: tuple[str, ...]
    dimensions: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]

    @property
    def slices(self) -> tuple[str, ...]:
        """The names of the sets: ``total``, ``channel_campaign``."""
        return tuple(map(set_name, self.sets))
