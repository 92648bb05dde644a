"""The shape of Alertmanager's webhook, version 4."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from kpistream.edges.messages import Message
from kpistream.edges.messages.fitting import MOST_BYTES
from kpistream.edges.messages.webhook import payload, webhook
from tests.edges.messages import sample

KEYS = ["version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels"]
KEYS += ["commonLabels", "commonAnnotations", "externalURL", "alerts"]
ALERT_KEYS = ["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL"]
ALERT_KEYS += ["fingerprint"]


def told(message: Message) -> Any:
    [request] = webhook(message, sample.CREDENTIALS)
    return json.loads(request.body)


def test_it_has_exactly_alertmanagers_keys() -> None:
    said = told(sample.message(sample.roas()))
    assert list(said) == KEYS
    assert list(said["alerts"][0]) == ALERT_KEYS


def test_a_firing_alert_has_no_end() -> None:
    [alert] = told(sample.message(sample.roas()))["alerts"]
    assert alert["status"] == "firing"
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-03-01T10:00:00Z", "0001-01-01T00:00:00Z")


def test_a_resolved_alert_has_an_end_and_the_start_it_fired_with() -> None:
    said = told(sample.message(sample.over()))
    [alert] = said["alerts"]
    assert (said["status"], alert["status"]) == ("resolved", "resolved")
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-03-01T10:00:00Z", "2026-03-01T10:05:00Z")


def test_the_generator_of_an_alert_is_the_question_that_answers_its_value() -> None:
    [alert] = told(sample.message(sample.roas()))["alerts"]
    assert alert["generatorURL"] == sample.LINKS.query(sample.roas())


def test_what_all_alerts_share_is_common() -> None:
    winter = sample.roas(slice=(("channel", "ads"), ("campaign", "winter")), value=0.5)
    said = told(sample.message(sample.roas(), winter, truncated=2))
    one, other = said["alerts"]
    assert said["truncatedAlerts"] == 2
    assert said["commonLabels"] == {k: v for k, v in one["labels"].items() if k != "campaign"}
    assert said["commonAnnotations"].items() <= one["annotations"].items()
    assert said["commonAnnotations"].items() <= other["annotations"].items()
    assert "value" not in said["commonAnnotations"]


def test_more_alerts_than_there_is_room_for_are_counted() -> None:
    many = sample.message(*(sample.roas(summary="é" * 500) for _ in range(50)), truncated=1)
    [request] = webhook(many, sample.CREDENTIALS)
    said = json.loads(request.body)
    assert len(request.body) <= MOST_BYTES
    assert len(said["alerts"]) > 10
    assert len(said["alerts"]) + said["truncatedAlerts"] == 51


def test_twenty_five_ordinary_alerts_have_room() -> None:
    many = sample.message(*[sample.roas()] * 25)
    assert told(many)["truncatedAlerts"] == 0


def test_an_alert_of_many_words_is_told_in_fewer() -> None:
    labels = {f"label_{n}": "夏" * 500 for n in range(100)}
    [alert] = told(sample.message(sample.roas(labels=labels, summary="夏" * 500)))["alerts"]
    assert alert["annotations"]["summary"] == "夏" * 99 + "…"
    assert alert["labels"]["campaign"] == "autumn"


@pytest.mark.parametrize("name", ["groupLabels", "commonLabels", "commonAnnotations"])
def test_labels_and_annotations_are_tables_of_text(name: str) -> None:
    said = msgspec.to_builtins(payload(sample.message(sample.hostile())))
    assert msgspec.convert(said[name], dict[str, str]) == said[name]
