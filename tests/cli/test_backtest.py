from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Ran, Run

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
RULES = """
rules:
  - name: roas_below_one
    kpi: return_on_ad_spend
    slice: {channel: "*"}
    window: 5m
    below: 1
    confidence: raw
    minimum_sample: 5
    severity: critical
    owner: performance marketing
    action: Pause the campaign.
    summary: A campaign earns less than it costs.
  - name: many_orders
    kpi: orders
    window: 5m
    above: 100000
    confidence: raw
    severity: info
    owner: shop
    action: Be glad.
    summary: Many orders.
"""
INCIDENTS = """
- name: the shop's payment was down
  kpi: return_on_ad_spend
  slice: {channel: ads}
  from: 2026-03-02T08:20:00Z
  to: 2026-03-02T08:30:00Z
- name: nobody noticed
  rule: many_orders
  from: 2026-03-02T08:20:00Z
  to: 2026-03-02T08:30:00Z
"""
SILENCES = """
- match: {channel: mail}
  from: 2026-03-02 08:00
  to: 2026-03-02 10:00
"""


def event(kind: str, number: int, seconds: float, **fields: Any) -> str:
    at = (START + timedelta(seconds=seconds)).isoformat()
    named = {"type": kind, "event_id": f"{kind}-{number}", "occurred_at": at, **fields}
    return json.dumps(named)


def minute(number: int) -> list[str]:
    """What happens in a minute: two channels cost and earn, one of them only at times."""
    seconds = number * 60.0
    lines = []
    for channel, loses in (("ads", 20 <= number < 30), ("mail", 40 <= number < 45)):
        money = {"amount": "1.00" if loses else "30.00", "currency": "EUR"}
        cost = {"amount": "10.00", "currency": "EUR"}
        name = f"{number}-{channel}"
        lines += [
            event("click", number * 10 + k, seconds + k, channel=channel) for k in range(5)
        ] if channel == "ads" else [
            event("click", 10_000 + number * 10 + k, seconds + k, channel=channel)
            for k in range(5)
        ]
        lines.append(event("cost", hash_of(name), seconds, channel=channel, amount=cost))
        lines.append(
            event("order", hash_of(name), seconds, channel=channel, order_id=name, revenue=money)
        )
    return lines


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules, an hour of events, incidents and silences."""
    folder = tmp_path_factory.mktemp("backtest")
    lines = [line for number in range(60) for line in minute(number)]
    (folder / "events.ndjson").write_text("\n".join(lines), encoding="utf-8")
    for name, text in (("rules", RULES), ("incidents", INCIDENTS), ("silences", SILENCES)):
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder
