"""Each kind of receiver has a shape."""

from __future__ import annotations

import re

import pytest

from kpistream.edges.messages import SHAPES, shape_of
from tests.edges.messages import sample


@pytest.mark.parametrize("kind", SHAPES)
def test_a_shape_says_where_its_requests_go_and_what_names_them(kind: str) -> None:
    told = sample.message(sample.roas())
    for request in shape_of(kind)(told, sample.CREDENTIALS):
        assert request.method == "POST"
        assert (request.url or "").startswith("https://chat.example.org/hook")
        assert request.headers["Content-Type"] == "application/json"
        assert request.message_id.startswith(told.message_id)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_shape_writes_the_same_each_time(kind: str) -> None:
    told = sample.message(sample.roas(), sample.over())
    assert shape_of(kind)(told, sample.CREDENTIALS) == shape_of(kind)(told, sample.CREDENTIALS)


def test_a_kind_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    kinds = "webhook, alertmanager, slack, teams, discord, pagerduty"
    with pytest.raises(ValueError, match=re.escape(f"unknown kind 'fax'; allowed: {kinds}")):
        shape_of("fax")
