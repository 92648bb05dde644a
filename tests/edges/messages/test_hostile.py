"""Whatever events and rules say, each shape writes valid JSON within its limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.why.why import Driver, Evidence, Segment, Why
from kpistream.edges.messages import SHAPES, Links, Message
from kpistream.edges.messages.fitting import MOST_BYTES
from kpistream.edges.messages.plain import AT, units
from kpistream.edges.messages.teams import MOST_BYTES as MOST_BYTES_OF_TEAMS
from tests.edges.messages import sample
from tests.edges.messages.test_teams import VALIDATOR

NASTY = ["<", ">", "&", "@everyone", "<!here>", "[x](y)", "\\", "`", "\u202e", "\x00", "\ud800"]
NASTY += ['"', "\n", "👩‍👧", "夏", "|", "*", "_", "</at>", "\u200b"]

TEXTS = st.one_of(
    st.lists(st.sampled_from(NASTY), max_size=60).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.sampled_from(NASTY).flatmap(
        lambda mark: st.integers(400, 3_000).map(lambda n: mark * (n // len(mark)))
    ),
)
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""A message of a hundred texts takes minutes to shrink, and says enough as it is."""

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MEMBERS = TEXTS.map(lambda text: text[:64])

ALERTS = st.builds(
    partial(msgspec.structs.replace, sample.roas()),
    rule=TEXTS,
    kpi=TEXTS,
    window=TEXTS,
    unit=st.sampled_from(["ratio", "money", "seconds", "count", "points"]),
    currency=st.sampled_from([None, "EUR"]),
    state=st.sampled_from([AlertState.firing, AlertState.resolved]),
    slice=st.lists(st.tuples(st.sampled_from(["channel", "campaign"]), MEMBERS), max_size=2).map(
        tuple
    ),
    value=st.none() | NUMBERS,
    baseline=st.none() | NUMBERS,
    severity=st.sampled_from(Severity),
    owner=TEXTS,
    action=TEXTS,
    summary=TEXTS,
    fingerprint=st.just("0123456789abcdef"),
    labels=st.dictionaries(TEXTS, TEXTS, max_size=5),
    evidence=st.builds(
        Evidence, TEXTS, st.sampled_from(["raw", "delta method"]), p=st.none() | st.floats(0, 1)
    ),
    why=st.none()
    | st.builds(
        Why,
        NUMBERS,
        st.none() | NUMBERS,
        st.lists(
            st.builds(Segment, st.just("device"), MEMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
            max_size=4,
        ).map(tuple),
        st.lists(st.builds(Driver, TEXTS, NUMBERS, NUMBERS, NUMBERS), max_size=3).map(tuple),
        st.none() | NUMBERS,
        TEXTS,
        TEXTS,
    ),
)

MESSAGES = st.builds(
    lambda alerts, links: sample.message(*alerts, links=links),
    st.lists(ALERTS, min_size=1, max_size=12),
    st.sampled_from([sample.LINKS, Links()]),
)


def texts(data: Any) -> list[str]:
    """Every text in a piece of JSON."""
    if isinstance(data, dict):
        return [text for value in data.values() for text in texts(value)]
    if isinstance(data, list):
        return [text for value in data for text in texts(value)]
    return [data] if isinstance(data, str) else []


def webhook_fits(said: Any) -> None:
    assert len(said["alerts"]) >= 1


def alertmanager_fits(said: Any) -> None:
    for each in said:
        assert all(name.isidentifier() and name.isascii() for name in each["labels"])
        assert all(each["labels"].values())


def slack_fits(said: Any) -> None:
    assert 1 <= len(said["attachments"]) <= 20
    shown = [text for each in said["attachments"] for text in (each["title"], *_values(each))]
    assert not any(set(text) & {"<", ">"} for text in shown)
    assert not any("@" in text.replace(AT, "") for text in shown)
    assert all(units(text) <= 3_000 for text in shown)


def _values(attachment: Any) -> list[str]:
    return [field["value"] for field in attachment["fields"]]


def teams_fits(said: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(said)] == []
    assert len(msgspec.json.encode(said)) <= MOST_BYTES_OF_TEAMS


def discord_fits(said: Any) -> None:
    embeds = said["embeds"]
    assert units(said["content"]) <= 2_000
    assert 1 <= len(embeds) <= 10
    assert all(1 <= units(each["title"]) <= 256 for each in embeds)
    assert all(1 <= units(each["description"]) <= 4_096 for each in embeds)
    assert sum(units(each["title"] + each["description"]) for each in embeds) <= 6_000
    assert "@" not in "".join(each["title"] + said["content"] for each in embeds).replace(AT, "")


def pagerduty_fits(said: Any) -> None:
    if said["event_action"] == "trigger":
        assert 1 <= len(said["payload"]["summary"]) <= 1_024
        assert said["payload"]["source"]


FITS: dict[str, Callable[[Any], None]] = {
    "webhook": webhook_fits,
    "alertmanager": alertmanager_fits,
    "slack": slack_fits,
    "teams": teams_fits,
    "discord": discord_fits,
    "pagerduty": pagerduty_fits,
}


def test_every_shape_has_limits() -> None:
    assert FITS.keys() == SHAPES.keys()


@pytest.mark.parametrize("kind", SHAPES)
@settings(max_examples=15, deadline=None, phases=NO_SHRINKING)
@given(message=MESSAGES)
def test_any_message_is_valid_json_within_the_limits_of_its_shape(
    kind: str, message: Message
) -> None:
    for request in SHAPES[kind](message, sample.CREDENTIALS):
        said = json.loads(request.body)
        FITS[kind](said)
        assert len(request.body) <= MOST_BYTES
        assert not any("\u202e" in text or "\x00" in text for text in texts(said))


def test_an_alert_is_hostile_enough() -> None:
    shown: Alert = sample.hostile()
    assert all(mark in dict(shown.slice)["campaign"] for mark in "<>&@[]()*`\u202e\x1b")
