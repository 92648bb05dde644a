"""Alerts as a line for a terminal."""

from __future__ import annotations

import pytest

from kpistream.edges.receiver import ReceivedAlert


def line(status: str, kpi: str, value: str) -> str:
    labels = {
        "alertname": "rule",
        "severity": "warning",
        "kpi": kpi,
        "window": "1m",
        "owner": "crm",
        "channel": "email",
    }
    annotations = {"summary": "It is bad.", "action": "Stop it.", "value": value}
    start, end = "2026-03-01T10:00:00Z", "2026-03-01T10:01:00Z"
    return ReceivedAlert(status, labels, annotations, start, end, "0").line()


def test_a_firing_alert_says_what_to_do() -> None:
    assert line("firing", "unsubscribe_rate", "0.0123456") == (
        "FIRING warning rule [channel=email] unsubscribe_rate 1.23% over 1m. "
        "It is bad. -> crm: Stop it."
    )


def test_a_resolved_alert_only_says_since_when_it_was() -> None:
    assert line("resolved", "return_on_ad_spend", "1.23456") == (
        "RESOLVED warning rule [channel=email] return_on_ad_spend 1.235 over 1m, "
        "since 2026-03-01T10:00:00Z"
    )


@pytest.mark.parametrize(
    ("value", "shown"), [("no value", "no value"), ("123456", "123,456"), ("0.5", "0.5")]
)
def test_a_value_is_short(value: str, shown: str) -> None:
    assert f"revenue {shown} over" in line("firing", "revenue", value)
