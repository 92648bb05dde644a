"""The shape of Alertmanager's own API, version 2."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kpistream.edges.messages import Links
from kpistream.edges.messages.alertmanager import ENDS_AFTER_S, SENT_EVERY_S, alertmanager
from kpistream.edges.messages.fitting import MOST_BYTES
from tests.edges.messages import sample


def test_a_firing_alert_ends_by_itself_after_four_intervals() -> None:
    [request] = alertmanager(sample.message(sample.roas()), sample.CREDENTIALS)
    [alert] = json.loads(request.body)
    assert ENDS_AFTER_S == 4 * SENT_EVERY_S == 240
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-03-01T10:00:00Z", "2026-03-01T10:04:10Z")


def test_a_resolved_alert_ends_when_it_was_resolved() -> None:
    [request] = alertmanager(sample.message(sample.over()), sample.CREDENTIALS)
    [alert] = json.loads(request.body)
    assert alert["endsAt"] == "2026-03-01T10:05:00Z"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://am:9093", "http://am:9093/api/v2/alerts"),
        ("http://am:9093/prefix/", "http://am:9093/prefix/api/v2/alerts"),
        ("http://am:9093/api/v2/alerts", "http://am:9093/api/v2/alerts"),
        (None, None),
    ],
)
def test_the_path_of_the_api_need_not_be_written(url: str | None, asked: str | None) -> None:
    there = replace(sample.CREDENTIALS, url=url)
    [request] = alertmanager(sample.message(sample.roas()), there)
    assert request.url == asked


def test_no_alert_is_left_out_and_each_request_has_a_name() -> None:
    many = [sample.roas(slice=(("campaign", f"c{n}"),), summary="é" * 500) for n in range(100)]
    requests = alertmanager(sample.message(*many), sample.CREDENTIALS)
    told = [alert["labels"]["campaign"] for each in requests for alert in json.loads(each.body)]
    assert told == [f"c{n}" for n in range(100)]
    assert len(requests) > 1
    assert len({each.message_id for each in requests}) == len(requests)
    assert all(len(each.body) <= MOST_BYTES for each in requests)


def test_a_link_that_there_is_not_is_no_empty_one() -> None:
    [request] = alertmanager(sample.message(sample.roas(), links=Links()), sample.CREDENTIALS)
    [alert] = json.loads(request.body)
    assert alert.keys() == {"labels", "annotations", "startsAt", "endsAt"}
