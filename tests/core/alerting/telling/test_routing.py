"""Routing: which alerts a receiver is told of, in which groups."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.mute_times import MuteTime
from kpistream.core.alerting.telling.routing import ReceiverPlan, group_key
from tests.support.telling import alert

EMAIL_CRITICAL = alert().all_labels


@pytest.mark.parametrize(
    ("named", "takes"),
    [
        ({}, True),
        ({"match": parse_matchers(["channel=email"])}, True),
        ({"match": parse_matchers(["channel=email", "alertname=cpc"])}, False),
        ({"severities": frozenset({"critical", "warning"})}, True),
        ({"severities": frozenset({"info"})}, False),
        ({"severities": frozenset()}, False),
        ({"owners": frozenset({"marketing"})}, True),
        ({"owners": frozenset({"sales"})}, False),
        ({"owners": frozenset({"marketing"}), "severities": frozenset({"info"})}, False),
    ],
)
def test_a_receiver_is_told_of_what_fits_all_that_it_asks_for(
    named: dict[str, Any], takes: bool
) -> None:
    assert ReceiverPlan(name="chat", **named).takes(EMAIL_CRITICAL) is takes


@pytest.mark.parametrize(
    ("group_by", "key"),
    [
        (("alertname",), '{}:{alertname="roas"}'),
        (("channel", "alertname"), '{}:{channel="email", alertname="roas"}'),
        (("device", "alertname"), '{}:{alertname="roas"}'),
        (("fingerprint",), '{}:{fingerprint="f1"}'),
        ((), "{}:{}"),
    ],
)
def test_alerts_with_the_same_labels_are_a_group(group_by: tuple[str, ...], key: str) -> None:
    group = ReceiverPlan(name="chat", group_by=group_by).group_of(EMAIL_CRITICAL, "f1")
    assert group_key(group) == key


def test_a_quote_in_a_label_cannot_end_it() -> None:
    assert group_key((("channel", 'a"b'),)) == '{}:{channel="a\\"b"}'


def test_a_receiver_is_muted_until_the_last_of_its_mute_times_ends() -> None:
    mutes = [MuteTime(name=str(end), start=dt.time(1), end=dt.time(end)) for end in (2, 4, 3)]
    plan = ReceiverPlan(name="chat", mute_times=tuple(mutes))
    assert plan.muted_until(1.5 * 3600) == 4 * 3600
    assert plan.muted_until(4 * 3600) is None


@pytest.mark.parametrize(
    "named",
    [
        {"name": ""},
        {"group_wait_s": -1.0},
        {"group_interval_s": float("nan")},
        {"repeat_interval_s": 0.0},
        {"most_alerts": 0},
    ],
)
def test_numbers_that_make_no_sense_are_refused(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="receiver"):
        ReceiverPlan(**{"name": "chat", **named})
