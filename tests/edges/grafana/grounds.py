"""Grounds for dashboards: the shipped one, and those of settings of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kpistream.cli.generate import own_kpis
from kpistream.cli.wiring.wiring import read_plan
from kpistream.core.kpis.kpi import Language
from kpistream.edges.grafana.build import rendered
from kpistream.edges.grafana.ground import Ground
from kpistream.settings import Settings, load_settings, settings_of

Board = dict[str, Any]


def ground_of(settings: Settings, language: Language = "en") -> Ground:
    plan, _ = read_plan(settings)
    return Ground.of(plan, own_kpis(settings), language)


def shipped(language: Language = "en") -> Ground:
    return ground_of(settings_of(), language)


def own(folder: Path, text: str) -> Ground:
    """What a user's file of settings makes of it."""
    path = folder / "kpistream.yml"
    path.write_text(text, encoding="utf-8")
    return ground_of(load_settings(path))


def boards(ground: Ground) -> dict[str, Board]:
    """The dashboards by name, as JSON."""
    return {name.removesuffix(".json"): json.loads(text) for name, text in rendered(ground).items()}
