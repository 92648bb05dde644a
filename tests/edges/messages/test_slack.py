"""Messages in Slack."""

from __future__ import annotations

import json
from typing import Any

from kpistream.edges.messages import Links, Message
from kpistream.edges.messages.plain import AT
from kpistream.edges.messages.slack import MOST_ALERTS, slack
from tests.edges.messages import sample


def told(message: Message) -> Any:
    [request] = slack(message, sample.CREDENTIALS)
    return json.loads(request.body)


def test_each_alert_has_a_colour_a_title_lines_and_buttons() -> None:
    said = told(sample.message(sample.roas(), sample.unsubscribes(), sample.over()))
    colours = [each["color"] for each in said["attachments"]]
    assert colours == ["#c62828", "#ef6c00", "#2e7d32"]
    first = said["attachments"][0]
    assert first["title"].startswith("CRITICAL roas_below_one")
    assert first["title_link"] == sample.LINKS.dashboard(sample.roas())
    assert [field["title"] for field in first["fields"]][0::6] == ["What", "What to do"]
    assert {each["url"] for each in first["actions"]} == {*sample.LINKS.of(sample.roas()).values()}


def test_no_text_is_read_as_a_link_a_mention_or_markup() -> None:
    said = told(sample.message(sample.hostile()))
    [shown] = said["attachments"]
    texts = [shown["title"], shown["fallback"], *(field["value"] for field in shown["fields"])]
    assert not any(mark in text for text in texts for mark in "<>")
    assert not any("@" in text.replace(AT, "") for text in texts)
    assert "&lt;!channel&gt;" in shown["title"]
    assert (said["mrkdwn"], said["parse"], shown["mrkdwn_in"]) == (False, "none", [])


def test_more_alerts_than_slack_shows_are_counted() -> None:
    said = told(sample.message(*[sample.roas()] * 25))
    assert len(said["attachments"]) == MOST_ALERTS
    assert said["text"] == "roas_below_one: 20 firing, 5 more not shown"


def test_without_links_there_are_none() -> None:
    [shown] = told(sample.message(sample.roas(), links=Links()))["attachments"]
    assert shown["actions"] == []
    assert "title_link" not in shown
