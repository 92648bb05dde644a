"""Cards in Microsoft Teams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kpistream.edges.messages import Links, Message
from kpistream.edges.messages.teams import MOST_BYTES, teams
from tests.edges.messages import sample

ENVELOPE = json.loads((sample.HERE / "adaptive_card.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(ENVELOPE)


def told(message: Message) -> Any:
    [request] = teams(message, sample.CREDENTIALS)
    return json.loads(request.body)


def containers(message: Message) -> Any:
    return told(message)["attachments"][0]["content"]["body"][1:]


@pytest.mark.parametrize(
    "message",
    [
        sample.message(sample.roas(), sample.unsubscribes(), sample.over(), truncated=3),
        sample.message(sample.hostile()),
        sample.message(sample.roas(), links=Links()),
    ],
)
def test_a_card_is_one_of_adaptive_cards(message: Message) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(told(message))] == []


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("attachments", 0, "content", "version"), "1.9"),
        (("attachments", 0, "content", "body", 1, "style"), "red"),
        (("attachments", 0, "content", "body", 1, "items", 0, "inlines", 0, "size"), "huge"),
        (("attachments", 0, "content", "body", 1, "items", -1, "actions", 0, "url"), None),
    ],
)
def test_a_card_that_is_none_is_found(where: tuple[Any, ...], wrong: object) -> None:
    said = told(sample.message(sample.roas()))
    place = said
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = wrong
    assert not VALIDATOR.is_valid(said)


def test_an_alert_is_coloured_by_how_bad_it_is() -> None:
    message = sample.message(sample.roas(), sample.unsubscribes(), sample.over())
    assert [each["style"] for each in containers(message)] == ["attention", "warning", "good"]


def test_text_is_in_runs_which_know_no_markup() -> None:
    [shown] = containers(sample.message(sample.hostile()))
    assert {each["type"] for each in shown["items"]} == {"RichTextBlock", "ActionSet"}
    title = shown["items"][0]["inlines"][0]["text"]
    assert "[win](http://evil.example) **b**" in title
    assert "@everyone" not in title


def test_more_alerts_than_teams_takes_are_counted() -> None:
    [request] = teams(sample.message(*[sample.roas()] * 50), sample.CREDENTIALS)
    [headline] = json.loads(request.body)["attachments"][0]["content"]["body"][0]["inlines"]
    shown = len(containers(sample.message(*[sample.roas()] * 50)))
    assert len(request.body) <= MOST_BYTES
    assert headline["text"] == f"roas_below_one: {shown} firing, {50 - shown} more not shown"
