"""Alerts: what names them, how they are written down, who hears of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kpistream.core.alerting.alerts import (
    Alert,
    AlertState,
    begun,
    decode,
    encode,
    fingerprint,
)
from kpistream.core.alerting.why.why import Driver, Segment, Why
from tests.support.alerting import AUTUMN, START, alert, firing, resolved, rule


def test_a_fingerprint_is_the_same_in_every_process_and_release() -> None:
    assert fingerprint("roas_below_one", AUTUMN) == "b09f12135b0d80ec"
    assert fingerprint("roas_below_one", AUTUMN[::-1]) == "b09f12135b0d80ec"


def test_another_rule_slice_or_currency_is_another_alert() -> None:
    named = {
        fingerprint("roas_below_one", AUTUMN),
        fingerprint("roas_low", AUTUMN),
        fingerprint("roas_below_one", AUTUMN[:1]),
        fingerprint("roas_below_one", AUTUMN, "EUR"),
        fingerprint("roas_below_one", AUTUMN, "USD"),
    }
    assert len(named) == 5


WHY = Why(
    0.8,
    2.0,
    (Segment("campaign", "autumn", 0.5, 2.0, -0.2, -1.0),),
    (Driver("average_order_value", 40.0, 50.0, -0.22),),
    120.0,
    "EUR",
    "(baseline - value) * denominator",
    "Fell from 2 to 0.8.",
)


def test_an_alert_survives_its_bytes() -> None:
    explained = alert(why=WHY, labels={"team": "growth"}, currency="EUR")

    assert decode(encode(explained)) == explained
    assert msgspec.json.decode(msgspec.json.encode(resolved()), type=Alert) == resolved()


def test_bytes_that_are_no_alert_are_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b"\x93abc")


def test_an_alert_is_published_in_plain_json() -> None:
    published = msgspec.json.decode(msgspec.json.encode(alert(why=WHY).to_dict()))

    assert published["kind"] == "alert"
    assert published["slice"] == {"channel": "ads", "campaign": "autumn"}
    assert published["since"] == published["fired_at"][0] == "2026-03-01T10:00:00Z"
    assert published["evidence"]["method"] == "raw"
    assert published["why"]["segments"][0]["member"] == "autumn"


def test_people_hear_of_firing_and_resolved_only() -> None:
    states = {state: alert(state=state).is_news for state in AlertState}

    assert states == {"inactive": False, "pending": False, "firing": True, "resolved": True}


def test_a_transition_has_a_name_that_no_other_one_has() -> None:
    transitions = [firing(), firing(START + 1), resolved()]

    assert len({one.identity for one in transitions}) == 3
    assert firing().identity == firing(value=0.7).identity


def test_the_labels_of_an_alert_stay_as_long_as_it_lives() -> None:
    labelled: dict[str, Any] = {"labels": {"team": "growth"}, "currency": "EUR"}

    assert alert(**labelled).all_labels == resolved(**labelled).all_labels
    assert alert(**labelled).all_labels == {
        "team": "growth",
        "channel": "ads",
        "campaign": "autumn",
        "currency": "EUR",
        "alertname": "roas_below_one",
        "severity": "critical",
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "owner": "performance marketing",
    }


def test_an_alert_begins_without_a_value_and_is_told_to_nobody() -> None:
    fresh = begun(rule(), AUTUMN, "EUR", "ratio", ("other",), START)

    assert (fresh.state, fresh.value, fresh.is_news) == ("inactive", None, False)
    assert fresh.inhibits == ("other",)
