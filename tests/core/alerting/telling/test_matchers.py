"""Matchers: which labels an alert must have."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.telling.matchers import (
    Matcher,
    Matchers,
    parse_matcher,
    parse_matchers,
)

LABELS = {"channel": "email", "campaign": "autumn sale", "alertname": "roas"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("channel=email", True),
        ("channel=mail", False),
        ('channel="email"', True),
        (" channel = email ", True),
        ("channel!=email", False),
        ("channel!=ads", True),
        ('campaign=~"autumn.*"', True),
        ("campaign=~autumn", False),
        ("campaign!~autumn", True),
        ("campaign!~autumn.*", False),
        ('device=""', True),
        ("device=", True),
        ("device!=mobile", True),
        ("device=~.+", False),
        ("device=~.*", True),
        ("campaign=autumn sale", True),
    ],
)
def test_a_matcher_is_about_one_label_and_a_missing_one_is_empty(text: str, matches: bool) -> None:
    assert parse_matcher(text).match(LABELS) is matches


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'a="x \"y\" z"', 'x "y" z'),
        (r'a="x\\y"', r"x\y"),
        (r'a="x\ny"', "x\ny"),
        (r'a=~"x\.y"', r"x\.y"),
        (r"a=~x\.y", r"x\.y"),
        ("a=b=c", "b=c"),
        ("a=~~", "~"),
    ],
)
def test_a_value_may_be_quoted(text: str, value: str) -> None:
    assert parse_matcher(text).value == value


@given(
    op=st.sampled_from(["=", "!="]),
    value=st.text(max_size=20),
)
def test_a_matcher_reads_what_it_writes(op: str, value: str) -> None:
    matcher = msgspec.convert({"label": "channel", "op": op, "value": value}, Matcher)
    assert parse_matcher(str(matcher)) == matcher


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("channel", "is no matcher; write channel=email"),
        ("", "is no matcher"),
        ("=email", "'' is no label"),
        ("9channel=email", "'9channel' is no label"),
        ("my channel=email", "is no matcher"),
        ("channel>email", "is no matcher"),
        ('channel="email', "a quote without the other one"),
        ('channel=e"mail', "a quote without the other one"),
        (f"channel={'x' * 257}", "channel: longer than 256 characters"),
        (f"{'x' * 65}=email", "is no label"),
        ("channel=~(a", "a ( that nothing closes"),
        ("channel!~(a+", "a ( that nothing closes"),
    ],
)
def test_a_matcher_that_is_none_says_why(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        parse_matcher(text)


def test_all_matchers_must_match_and_none_match_everything() -> None:
    assert parse_matchers(["channel=email", "campaign=~autumn.*"]).match(LABELS)
    assert not parse_matchers(["channel=email", "campaign=autumn"]).match(LABELS)
    assert Matchers().match({})


def test_a_bad_matcher_in_a_row_is_refused() -> None:
    row = msgspec.msgpack.encode({"label": "channel", "op": "=~", "value": "("})
    with pytest.raises(msgspec.ValidationError, match="nothing closes"):
        msgspec.msgpack.decode(row, type=Matcher)
