"""A shop to look at: what a worker would tell of its KPIs, alerts and objectives."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.names import board_names, dimension_names

CATALOGUE: Final = Path(__file__).parents[2] / "kpistream" / "catalogue.yml"

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
POINTS: Final = 60

WINDOWS: Final = ("5m", "1h", "24h", "7d", "30d", "today", "this_week", "this_month")
DIMENSIONS: Final = ("channel", "campaign", "device")
SETS: Final = ("total", "channel", "campaign", "device", "channel_campaign", "channel_device")

Query = Mapping[str, str]

VALUES: Final[Mapping[str, tuple[float | None, float | None, int]]] = {
    "revenue": (48_210.55, 43_120.2, 612),
    "conversion_rate": (0.0327, 0.0312, 18_714),
    "average_order_value": (78.77, 80.12, 612),
    "return_on_ad_spend": (0.84, 2.1, 8_420),
    "customer_acquisition_cost": (31.4, 28.9, 214),
    "net_promoter_score": (42.0, 38.0, 187),
    "visitors": (18_714, 17_902, 18_714),
    "sessions": (24_380, 23_110, 24_380),
    "bounce_rate": (0.372, 0.415, 24_380),
    "cart_abandonment_rate": (0.688, 0.671, 1_962),
    "session_duration": (187.0, 175.0, 24_380),
    "repeat_purchase_rate": (None, None, 0),
}
"""A KPI to its value now, before, and its sample."""

MEMBERS: Final[Mapping[str, Mapping[str, tuple[float, float, float]]]] = {
    "channel": {
        "search": (0.34, 1.02, 0.36),
        "email": (0.24, 1.18, 0.21),
        "social": (0.17, 0.96, 0.2),
        "display": (0.11, 0.61, 0.13),
        "affiliate": (0.08, 1.0, 0.06),
        "(not set)": (0.06, 1.01, 0.04),
    },
    "campaign": {
        "autumn sale": (0.31, 0.7, 0.3),
        "brand": (0.26, 1.05, 0.27),
        "winter coats": (0.2, 1.33, 0.18),
        "newsletter 47": (0.14, 1.1, 0.15),
        "__other__": (0.09, 1.0, 0.1),
    },
    "device": {
        "mobile": (0.58, 0.92, 0.63),
        "desktop": (0.36, 1.21, 0.3),
        "tablet": (0.06, 0.98, 0.07),
    },
}
"""A dimension's members to their part of the whole, their change, and their part of the sample."""

ROAS_SUMMARY: Final = "A campaign earns less than it costs."

FUNNEL: Final = (
    ("impressions", 1_284_300),
    ("clicks", 38_540),
    ("sessions", 24_380),
    ("carts_created", 1_962),
    ("carts_checked_out", 847),
    ("orders", 612),
)


def moment(at: datetime) -> str:
    """A moment as the API writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(**time: float) -> str:
    """A moment before now."""
    return moment(NOW - timedelta(**time))


@cache
def catalogue() -> Catalogue:
    """The shipped one."""
    return Catalogue.load(CATALOGUE.read_text("utf-8"), "catalogue.yml")


def kpis() -> dict[str, Any]:
    """The answer of `/api/v1/kpis`."""
    declared = catalogue()
    return {
        "kpis": [_kpi(kpi) for kpi in declared.kpis.values()],
        "dashboards": {name: list(ids) for name, ids in declared.dashboards.items()},
        "funnels": {"shop": [kpi for kpi, _ in FUNNEL]},
        "names": {
            "dimensions": dimension_names(DIMENSIONS),
            "boards": board_names([*declared.dashboards, "shop"]),
        },
        "texts": {
            **{text: both for kpi in declared.kpis.values() for text, both in kpi.texts.items()},
            ROAS_SUMMARY: {
                "en": ROAS_SUMMARY,
                "fr": "Une campagne rapporte moins que sa publicité.",
            },
        },
        "windows": list(WINDOWS),
        "dimensions": list(DIMENSIONS),
        "slices": list(SETS),
        "currency": "EUR",
        "zone": "UTC",
        "version": "0.1.0",
    }


def _kpi(kpi: Kpi) -> dict[str, Any]:
    return {
        "id": kpi.id,
        "name": dict(kpi.name),
        "description": dict(kpi.description),
        "unit": kpi.unit,
        "has_money": kpi.has_money,
        "direction": kpi.direction,
        "formula": kpi.formula,
        "target": kpi.target,
        "urgent": kpi.urgent,
        "minimum_sample": kpi.minimum_sample,
        "owner": kpi.owner,
        "action": kpi.action,
        "classes": list(kpi.classes),
        "stage": kpi.stage,
        "north_star": kpi.north_star,
        "windows": list(kpi.windows),
        "slices": None,
        "measures": [measure.name for measure in kpi.measures],
    }


def frame(query: Query) -> dict[str, Any]:
    """The first event of a stream that was asked for so."""
    board, kpi, by = query.get("board", "overview"), query["kpi"], query["by"]
    part = {name: query[name] for name in DIMENSIONS if name in query}
    return {
        "as_of": moment(NOW),
        "query": {**query, "board": board, "slice": part},
        "tiles": {each: tile(each) for each in catalogue().dashboards[board]},
        "breakdown": {"by": by, "kpi": kpi, "rows": rows(kpi, by), "more": 0},
        "funnel": {"name": "shop", "steps": [{"kpi": k, "value": v} for k, v in FUNNEL]},
        "alerts": [roas(), unsubscribes(), bounces()],
        "objectives": [sales(), opens()],
        "silent_topics": [],
        "missing": [],
    }


def tile(kpi: str, **changes: Any) -> dict[str, Any]:
    """A tile, with a course that ends at its value."""
    value, before, sample = VALUES.get(kpi) or _made_up(catalogue().kpis[kpi])
    ordinary = {
        "kpi": kpi,
        "value": value,
        "before": before,
        "currency": "EUR" if catalogue().kpis[kpi].has_money else None,
        "sample": sample,
        "trust": None if value is None else "provisional",
        "as_of": moment(NOW),
        "points": course(kpi, value, before),
    }
    return ordinary | changes


def _made_up(kpi: Kpi) -> tuple[float, float, int]:
    chance = random.Random(kpi.id)
    usual = {"ratio": 0.1, "money": 50.0, "seconds": 900.0, "count": 4_000.0, "points": 20.0}
    value = usual[kpi.unit] * chance.uniform(0.5, 1.5)
    value = float(round(value)) if kpi.unit == "count" else value
    return value, value * chance.uniform(0.85, 1.15), chance.randrange(400, 9_000)


def course(kpi: str, value: float | None, before: float | None) -> list[float | None]:
    """Points that wander to a value, with a gap."""
    if value is None or before is None:
        return [None] * POINTS
    chance = random.Random(kpi)
    phase, swing = chance.uniform(0, 6), abs(value) * 0.07
    points: list[float | None] = []
    for index in range(POINTS):
        part = index / (POINTS - 1)
        wave = swing * math.sin(phase + part * 9) * (1 - part)
        noise = swing * chance.uniform(-0.35, 0.35) * (1 - part)
        points.append(round(before + (value - before) * part**1.6 + wave + noise, 6))
    if kpi == "customer_acquisition_cost":
        points[22:27] = [None] * 5
    return points


def rows(kpi: str, by: str) -> list[dict[str, Any]]:
    """The breakdown of a KPI by a dimension."""
    value, before, sample = VALUES.get(kpi) or _made_up(catalogue().kpis[kpi])
    if value is None or before is None:
        return []
    is_sum = not catalogue().kpis[kpi].expression.divides
    return [
        {
            "member": member,
            "value": _rounded(kpi, value * (part if is_sum else (0.6 + change * 0.4))),
            "before": _rounded(kpi, before * (part / change if is_sum else 1.0)),
            "sample": round(sample * size),
            "currency": "EUR" if catalogue().kpis[kpi].has_money else None,
            "trust": "incomplete" if member == "affiliate" else "provisional",
        }
        for member, (part, change, size) in MEMBERS[by].items()
    ]


def _rounded(kpi: str, value: float) -> float:
    digits = {"money": 2, "count": 0}.get(catalogue().kpis[kpi].unit, 4)
    return round(value, digits)


def alert(**changes: Any) -> dict[str, Any]:
    """An alert that fires, about nothing in particular."""
    ordinary: dict[str, Any] = {
        "kind": "alert",
        "rule": "roas_below_one",
        "state": "firing",
        "slice": {"channel": "display", "campaign": "autumn sale"},
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "unit": "ratio",
        "value": 0.84,
        "baseline": 1.0,
        "sample": 1_204,
        "since": ago(minutes=14),
        "changed_at": ago(minutes=12),
        "held_at": ago(seconds=10),
        "fired_at": [ago(minutes=12)],
        "fingerprint": "d0f537b5fbd28f67",
        "severity": "critical",
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": ROAS_SUMMARY,
        "labels": {},
        "inhibits": [],
        "currency": "EUR",
        "evidence": {"condition": "below 1", "method": "raw", "p": None, "covers_s": 3600.0},
        "why": None,
        "suppression": None,
    }
    return ordinary | changes


def roas(**changes: Any) -> dict[str, Any]:
    """The return on ad spend fell below 1: explained, and worth money."""
    ordinary: dict[str, Any] = {
        "fired_at": [ago(hours=5), ago(minutes=12)],
        "labels": {"runbook_url": "https://wiki.example.org/roas"},
        "evidence": {"condition": "below 1", "method": "gamma", "p": 8e-5, "covers_s": 3600.0},
        "why": {
            "value": 0.84,
            "before": 2.1,
            "segments": [
                _segment("device", "mobile", 0.62, 2.0, -0.1, -1.06),
                _segment("device", "desktop", 1.48, 2.3, 0.05, -0.15),
                _segment("device", "tablet", 1.9, 1.9, 0.02, -0.02),
            ],
            "drivers": [
                {"kpi": "average_order_value", "value": 41.2, "before": 82.5, "effect": -0.69},
                {"kpi": "cost_per_click", "value": 0.61, "before": 0.5, "effect": -0.2},
            ],
            "at_stake_per_hour": 212.4,
            "stake_currency": "EUR",
            "stake_formula": "(baseline - return_on_ad_spend) * ad_cost",
            "sentence": (
                "Fell from 2.1 to 0.84: 92 % of it by device=mobile (its own rate); "
                "average_order_value explains 78 %."
            ),
        },
        "suppression": {
            "silenced_by": [],
            "inhibited_by": [],
            "acknowledged": {"author": "ana", "comment": "the landing page is being mended"},
            "muted_receivers": [],
        },
    }
    return alert(**ordinary | changes)


def _segment(
    dimension: str, member: str, value: float, before: float, mix: float, rate: float
) -> dict[str, Any]:
    named = {"dimension": dimension, "member": member, "value": value, "before": before}
    return {**named, "mix": mix, "rate": rate}


def unsubscribes(**changes: Any) -> dict[str, Any]:
    """Readers of e-mails leave."""
    ordinary: dict[str, Any] = {
        "rule": "unsubscribe_rate_rising",
        "kpi": "unsubscribe_rate",
        "slice": {"channel": "email"},
        "value": 0.0123,
        "baseline": 0.005,
        "sample": 12_340,
        "since": ago(minutes=41),
        "changed_at": ago(minutes=36),
        "fingerprint": "5a0c3f6b2e917d44",
        "severity": "warning",
        "owner": "e-mail marketing",
        "action": "Stop the sends that are queued.",
        "summary": "Readers unsubscribe more often than usual.",
        "currency": None,
        "why": {
            "value": 0.0123,
            "before": 0.005,
            "segments": [_segment("campaign", "newsletter 47", 0.021, 0.005, 0.0002, 0.0066)],
            "drivers": [],
            "at_stake_per_hour": None,
            "stake_currency": "",
            "sentence": (
                "Rose from 0.5 % to 1.23 %: 93 % of it by campaign=newsletter 47 (its own rate)."
            ),
        },
    }
    return alert(**ordinary | changes)


def bounces(**changes: Any) -> dict[str, Any]:
    """Visitors left at once, and no longer do."""
    ordinary: dict[str, Any] = {
        "rule": "bounce_rate_high",
        "state": "resolved",
        "kpi": "bounce_rate",
        "slice": {},
        "value": 0.372,
        "baseline": 0.4,
        "sample": 24_380,
        "since": ago(hours=3),
        "changed_at": ago(hours=1, minutes=20),
        "fingerprint": "91b7c2d4e8f60a35",
        "severity": "warning",
        "owner": "web team",
        "action": "Look at the landing pages.",
        "summary": "Too many visitors leave at once.",
        "currency": None,
    }
    return alert(**ordinary | changes)


def sales(**changes: Any) -> dict[str, Any]:
    """An objective about a sum."""
    ordinary: dict[str, Any] = {
        "kind": "objective",
        "id": "online_sales",
        "name": {"en": "Online sales up 15 %", "fr": "Ventes en ligne +15 %"},
        "kpi": "revenue",
        "counts": "cumulative",
        "unit": "money",
        "direction": "up",
        "slice": {},
        "start": "2026-01-01",
        "deadline": "2026-12-31",
        "owner": "head of e-commerce",
        "kpis": ["conversion_rate"],
        "status": "on_track",
        "target": 1_150_000.0,
        "value": 1_012_480.4,
        "start_value": 0.0,
        "expected": 1_025_616.0,
        "projected": 1_135_270.0,
        "done": 0.88,
        "needed_per_day": 3_482.0,
        "days_left": 39.58,
        "currency": "EUR",
        "as_of": moment(NOW),
    }
    return ordinary | changes


def opens(**changes: Any) -> dict[str, Any]:
    """An objective about a ratio."""
    return sales(
        **{
            "id": "email_opens",
            "name": {"en": "A quarter of e-mails opened", "fr": "Un quart des e-mails ouverts"},
            "kpi": "email_open_rate",
            "counts": "ratio",
            "unit": "ratio",
            "owner": "e-mail marketing",
            "status": "at_risk",
            "target": 0.25,
            "value": 0.231,
            "start_value": None,
            "expected": 0.25,
            "projected": 0.231,
            "done": 0.924,
            "needed_per_day": None,
            "currency": None,
        }
        | changes
    )


def is_known(query: Query) -> bool:
    """Whether a worker would answer that."""
    return (
        query.get("window") in WINDOWS and query.get("board", "overview") in catalogue().dashboards
    )
