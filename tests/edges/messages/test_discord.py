"""Messages in Discord."""

from __future__ import annotations

import json
from typing import Any

from kpistream.edges.messages import Links, Message
from kpistream.edges.messages.discord import (
    MOST_CONTENT,
    MOST_DESCRIPTION,
    MOST_EMBEDS,
    MOST_IN_ALL,
    MOST_TITLE,
    discord,
)
from kpistream.edges.messages.plain import units
from tests.edges.messages import sample


def told(message: Message) -> Any:
    [request] = discord(message, sample.CREDENTIALS)
    return json.loads(request.body)


def test_each_alert_is_an_embed_with_a_line_a_fact_and_links() -> None:
    said = told(sample.message(sample.roas(), sample.over()))
    assert said["content"] == r"roas\_below\_one: 1 firing, 1 resolved"
    assert [each["color"] for each in said["embeds"]] == [0xC62828, 0x2E7D32]
    lines = said["embeds"][0]["description"].splitlines()
    assert lines[1] == "**Where:** channel=ads, campaign=autumn"
    assert lines[-1].startswith("[Dashboard](https://grafana.example.org/d/kpistream-acquisition")
    assert said["embeds"][0]["url"] == sample.LINKS.dashboard(sample.roas())


def test_nobody_is_called_and_no_link_is_made_of_a_name() -> None:
    said = told(sample.message(sample.hostile()))
    [embed] = said["embeds"]
    assert said["allowed_mentions"] == {"parse": []}
    for text in (embed["title"], embed["description"]):
        assert "@everyone" not in text
        assert r"\[win\]\(http://evil.example\) \*\*b\*\*" in text


def test_discords_limits_are_kept_and_what_has_no_room_is_counted() -> None:
    long = sample.roas(action="_" * 500, summary="@" * 500, owner="👍" * 500, rule="r" * 500)
    said = told(sample.message(*[long] * 12))
    shown = said["embeds"]
    assert units(said["content"]) <= MOST_CONTENT
    assert 1 <= len(shown) <= MOST_EMBEDS
    assert all(units(each["title"]) <= MOST_TITLE for each in shown)
    assert all(units(each["description"]) <= MOST_DESCRIPTION for each in shown)
    assert sum(units(each["title"] + each["description"]) for each in shown) <= MOST_IN_ALL
    assert f"{len(shown)} firing, {12 - len(shown)} more not shown" in said["content"]


def test_what_to_do_is_told_however_long_the_rest_is() -> None:
    long = sample.roas(summary="x" * 5_000, owner="y" * 5_000)
    [embed] = told(sample.message(long))["embeds"]
    assert "**What to do:** Pause the campaign." in embed["description"]


def test_without_links_there_are_none() -> None:
    [embed] = told(sample.message(sample.roas(), links=Links()))["embeds"]
    assert "url" not in embed
    assert "](" not in embed["description"]
