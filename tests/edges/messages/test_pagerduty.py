"""Events for PagerDuty."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kpistream.core.alerting.rules.rule import Severity
from kpistream.edges.messages import Message
from kpistream.edges.messages.pagerduty import MOST_SUMMARY, URL, pagerduty
from tests.edges.messages import sample


def told(message: Message) -> list[Any]:
    return [json.loads(each.body) for each in pagerduty(message, sample.CREDENTIALS)]


def test_each_alert_is_an_event_and_an_incident_has_its_fingerprint() -> None:
    message = sample.message(sample.roas(), sample.unsubscribes())
    requests = pagerduty(message, sample.CREDENTIALS)
    fingerprints = [alert.fingerprint for alert in message.alerts]
    assert [each["dedup_key"] for each in told(message)] == fingerprints
    assert [each.message_id for each in requests] == [
        f"{message.message_id}.{fingerprint}" for fingerprint in fingerprints
    ]


@pytest.mark.parametrize("severity", Severity)
def test_an_alert_triggers_with_its_severity(severity: Severity) -> None:
    [event] = told(sample.message(sample.roas(severity=severity)))
    assert event["event_action"] == "trigger"
    assert event["routing_key"] == "R0UT1NG"
    assert event["payload"]["severity"] == severity.value


def test_an_event_says_what_where_and_what_to_do() -> None:
    [event] = told(sample.message(sample.roas()))
    assert event["payload"]["source"] == "channel=ads, campaign=autumn"
    assert event["payload"]["timestamp"] == "2026-03-01T10:00:00Z"
    assert event["payload"]["custom_details"]["What to do"] == "Pause the campaign."
    assert {each["text"]: each["href"] for each in event["links"]} == sample.LINKS.of(sample.roas())


def test_a_resolved_alert_resolves_its_incident() -> None:
    assert told(sample.message(sample.over())) == [
        {
            "routing_key": "R0UT1NG",
            "dedup_key": sample.roas().fingerprint,
            "event_action": "resolve",
        }
    ]


def test_a_summary_is_as_long_as_pagerduty_takes() -> None:
    [event] = told(sample.message(sample.roas(rule="x" * 5_000)))
    assert len(event["payload"]["summary"]) == MOST_SUMMARY


@pytest.mark.parametrize(
    ("url", "asked"), [(None, URL), ("https://pd.example", "https://pd.example")]
)
def test_events_go_to_pagerduty_unless_told_otherwise(url: str | None, asked: str) -> None:
    there = replace(sample.CREDENTIALS, url=url)
    [request] = pagerduty(sample.message(sample.roas()), there)
    assert request.url == asked


def test_without_a_routing_key_there_is_no_event() -> None:
    with pytest.raises(ValueError, match="routing key"):
        pagerduty(sample.message(sample.roas()), replace(sample.CREDENTIALS, routing_key=None))
