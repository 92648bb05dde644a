"""What people read of an alert."""

from __future__ import annotations

import msgspec
import pytest

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.why.why import Evidence, Segment, Why
from kpistream.edges.messages import Links, Message, words
from tests.edges.messages import sample

EXPLAINED = """\
What: A campaign earns less than it costs. return_on_ad_spend is 0.8 over 1h (below 1; compared \
with 1), since 2026-03-01 10:00:00 UTC.
Where: channel=ads, campaign=autumn
Why: Fell from 2.1 to 0.8: 92 % of it by device=mobile (its own rate). By device: mobile -1.2, \
desktop -0.1. average_order_value from 82.5 to 41.2.
How sure: less than 1 in 10,000 by chance in a week (gamma (Fay & Feuer)); true value 0.71 to \
0.92 (95 %); 100 events
At stake: 200.00 EUR an hour: (baseline - return_on_ad_spend) * ad_cost, per hour
Whose job: performance marketing
What to do: Pause the campaign."""

RAW = """\
What: Readers unsubscribe more often. unsubscribe_rate is 1.23 % over 1h (rises by 50 % against \
the window before; compared with 0.5 %), since 2026-03-01 10:00:00 UTC.
Where: channel=email
How sure: raw threshold, not tested; 1,234 events
Whose job: e-mail marketing
What to do: Stop the sends that are queued."""

OVER = """\
What: No longer: A campaign earns less than it costs. return_on_ad_spend is 1.2 over 1h; it was \
so for 5 min, since 2026-03-01 10:00:00 UTC.
Where: channel=ads, campaign=autumn
Whose job: performance marketing"""


def said(alert: Alert) -> dict[str, str]:
    return {fact.name: fact.text for fact in words.facts(alert)}


@pytest.mark.parametrize(
    ("alert", "text"),
    [(sample.roas(), EXPLAINED), (sample.unsubscribes(labels={}), RAW), (sample.over(), OVER)],
    ids=["explained", "raw", "over"],
)
def test_an_alert_is_told_in_short_lines(alert: Alert, text: str) -> None:
    assert words.text(alert, Links()) == text


def test_links_are_the_eighth_line_at_most() -> None:
    lines = words.text(sample.roas(), sample.LINKS).splitlines()
    assert len(lines) == 8
    assert lines[-1].startswith("Links: dashboard https://grafana.example.org/d/")


@pytest.mark.parametrize(
    ("alert", "title"),
    [
        (
            sample.roas(),
            "CRITICAL roas_below_one: return_on_ad_spend 0.8 [channel=ads, campaign=autumn]",
        ),
        (
            sample.unsubscribes(slice=()),
            "WARNING unsubscribe_rate_rising: unsubscribe_rate 1.23 % [total]",
        ),
        (
            sample.over(),
            "RESOLVED roas_below_one: return_on_ad_spend 1.2 [channel=ads, campaign=autumn]",
        ),
    ],
)
def test_a_title_says_how_bad_what_how_much_and_where(alert: Alert, title: str) -> None:
    assert words.title(alert) == title


@pytest.mark.parametrize(
    ("told", "headline"),
    [
        (sample.message(sample.roas()), "roas_below_one: 1 firing"),
        (sample.message(sample.roas(), reason="repeat"), "roas_below_one: still 1 firing"),
        (
            sample.message(sample.roas(), sample.unsubscribes(), sample.over(), truncated=3),
            "2 rules: 2 firing, 1 resolved, 3 more not shown",
        ),
    ],
)
def test_a_headline_counts_what_a_message_tells_of(told: Message, headline: str) -> None:
    assert words.headline(told) == headline


@pytest.mark.parametrize(
    ("evidence", "sure"),
    [
        (Evidence("below 1", "raw"), "raw threshold, not tested; 100 events"),
        (Evidence("x off track", "pace"), "pace, not tested; 100 events"),
        (
            Evidence("absent", "silence", p=0.2),
            "20 % by chance in a week (silence)",
        ),
    ],
)
def test_how_sure_an_alert_is_never_claims_more_than_was_tested(
    evidence: Evidence, sure: str
) -> None:
    assert said(sample.roas(evidence=evidence))["How sure"].startswith(sure)


def test_a_value_that_is_missing_is_said_to_be() -> None:
    assert "return_on_ad_spend has no value over 1h" in said(sample.roas(value=None))["What"]


def test_members_tell_why_where_there_is_no_sentence() -> None:
    parts = [Segment("device", name, 0.0, 0.0, 0.0, rate) for name, rate in PARTS]
    why = Why(0.8, 1.0, tuple(parts))
    told = said(sample.unsubscribes(why=why))["Why"]
    assert told == "By device: mobile +0.4 %, tablet -0.3 %, desktop +0.2 %."


PARTS = [("desktop", 0.002), ("mobile", 0.004), ("", 0.9), ("(rest)", 0.8), ("tablet", -0.003)]
PARTS += [("watch", 0.001)]


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    why = Why(0.8, None, at_stake_per_hour=None)
    assert said(sample.roas(why=why)).keys() == said(sample.roas(why=None)).keys()
    assert "Why" not in said(sample.roas(why=None))
    assert "Whose job" not in said(sample.roas(owner=""))


def test_a_line_is_one_line_whatever_members_are_called() -> None:
    text = words.text(sample.hostile(), sample.LINKS)
    assert len(text.splitlines()) == 8
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_a_resolved_alert_lasted_no_negative_time() -> None:
    early = msgspec.structs.replace(sample.over(), changed_at=0.0)
    assert "it was so for 0 s" in said(early)["What"]
