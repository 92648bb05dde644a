"""The words that may be asked for: those of the catalogue and of the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The configured KPIs, windows, dimensions, and names of slices (``channel_campaign``)."""

    kpis: tuple[str, ...]
    windows: tuple[str, ...]
    dimensions: tuple[str, ...]
    slices: tuple[str, ...]
