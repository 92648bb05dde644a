"""Events whose report is worked out by hand, and the settings that they are read with."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

HOSTILE = "<script>alert(1)</script>"

SETTINGS = """\
zone: {zone}
rules: {rules}
slices: [[], [channel], [campaign]]
dashboards: {{small: [revenue, session_conversion_rate, orders]}}
funnels: {{small: [sessions, orders]}}
objectives:
  spring:
    name: {{en: Ten thousand in March, fr: Dix mille en mars}}
    kpi: revenue
    target: 10000
    start: "2026-03-01"
    deadline: "2026-03-31"
    owner: e-commerce
"""

RULES = """\
rules:
  - name: conversion_low
    kpi: session_conversion_rate
    window: 24h
    below: 0.1
    confidence: raw
    for: 1m
    severity: critical
    owner: e-commerce
    action: Walk through the checkout.
    summary: Fewer than one in ten visits end in an order.
"""


class Lines:
    """Events as the lines of a file."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def add(self, event: str, at: str, **fields: Any) -> None:
        name = f"e{len(self.written)}"
        self.written.append({"type": event, "event_id": name, "occurred_at": at, **fields})

    def session(self, at: str, **fields: Any) -> None:
        self.add("session", at, duration_ms=60_000, page_views=3, **fields)

    def order(self, at: str, amount: str, **fields: Any) -> None:
        money = {"amount": amount, "currency": "EUR"}
        named = {"order_id": f"o{len(self.written)}", "kind": "purchase", "revenue": money}
        self.add("order", at, **named, **fields)

    def to(self, path: Path) -> Path:
        path.write_text("".join(f"{json.dumps(one)}\n" for one in self.written), encoding="utf-8")
        return path


def two_weeks() -> Lines:
    """From 2 to 15 March 2026, each noon: 60 visits, half by ads; in the first week 8 orders of
    50 EUR, half of them by ads, in the second 5 of 60 EUR, one of them by ads."""
    lines = Lines()
    for number in range(14):
        noon = f"{date(2026, 3, 2) + timedelta(days=number)}T12:00:00Z"
        for n in range(60):
            lines.session(noon, channel="ads" if n < 30 else "email", campaign=HOSTILE)
        orders, of_ads, amount = (8, 4, "50.00") if number < 7 else (5, 1, "60.00")
        for n in range(orders):
            lines.order(noon, amount, channel="ads" if n < of_ads else "email", campaign=HOSTILE)
    lines.session("2026-03-16T00:10:00Z", channel="ads")
    return lines


def two_days() -> Lines:
    """Orders of 10 EUR on 2 March, of 20 EUR on the day after, and one more visit."""
    lines = Lines()
    lines.order("2026-03-02T12:00:00Z", "10.00", channel="ads", campaign=HOSTILE)
    lines.order("2026-03-03T12:00:00Z", "20.00", channel="ads", campaign=HOSTILE)
    lines.session("2026-03-04T00:10:00Z", channel="ads", campaign=HOSTILE)
    return lines


def settings_in(folder: Path) -> Path:
    """A folder with settings and rules."""
    (folder / "rules.yml").write_text(RULES)
    (folder / "ruled.yml").write_text(SETTINGS.format(zone="UTC", rules="[rules.yml]"))
    (folder / "small.yml").write_text(SETTINGS.format(zone="UTC", rules="[]"))
    (folder / "paris.yml").write_text(SETTINGS.format(zone="Europe/Paris", rules="[]"))
    return folder
