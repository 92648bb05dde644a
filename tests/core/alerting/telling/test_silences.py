"""Silences: what is not told for a while, bounded in time and number."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.telling.matchers import match_all
from kpistream.core.alerting.telling.silences import (
    KEEP_ENDED_S,
    LONGEST_S,
    MOST_ACTIVE,
    MOST_KEPT,
    MOST_REMEMBERED,
    Silence,
    SilenceEnded,
    Silences,
    TooManySilences,
)
from tests.support.telling import silence

EMAIL = {"channel": "email", "alertname": "roas"}


def about(silences: Silences, at_s: float, labels: dict[str, str] = EMAIL) -> list[str]:
    return [one.id for one in silences.about(labels, at_s)]


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ({"id": ""}, "an id and an author"),
        ({"author": ""}, "an id and an author"),
        ({"author": "x" * 501}, "an id and an author"),
        ({"comment": "x" * 501}, "at most 500 characters"),
        ({"matchers": ()}, "a matcher that wants a label"),
        ({"ends_at": 0.0}, "ends after it starts"),
        ({"ends_at": float("nan")}, "ends after it starts"),
        ({"ends_at": LONGEST_S + 1}, "within a year"),
        ({"ends_at": float("inf")}, "within a year"),
    ],
)
def test_a_silence_that_makes_no_sense_says_why(named: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        silence("channel=email", **named)


@pytest.mark.parametrize("matcher", ["channel=~.*", "channel!=email", "channel=", "channel!~.+"])
def test_a_silence_that_would_take_what_has_no_label_at_all_is_refused(matcher: str) -> None:
    with pytest.raises(ValueError, match="a matcher that wants a label"):
        silence(matcher)
    silence(matcher, "alertname=roas")


def test_a_silence_holds_from_its_start_up_to_its_end() -> None:
    silences = Silences()
    silences.put(1, silence("channel=email", starts_at=10.0, ends_at=20.0), 0.0)
    assert [about(silences, at) for at in (9.9, 10.0, 19.9, 20.0)] == [[], ["quiet"], ["quiet"], []]
    assert about(silences, 10.0, {"channel": "ads"}) == []


def test_of_several_silences_the_one_that_ends_first_is_first() -> None:
    silences = Silences()
    for n, (matcher, ends_at) in enumerate([("alertname=roas", 30.0), ("channel=~e.*", 20.0)]):
        silences.put(n, silence(matcher, id=matcher, ends_at=ends_at), 0.0)
    assert about(silences, 0.0) == ["channel=~e.*", "alertname=roas"]


def test_what_was_said_last_of_a_silence_counts() -> None:
    silences = Silences()
    assert silences.put(5, silence("channel=email"), 0.0) is not None
    assert silences.put(5, silence("channel=ads"), 0.0) is None
    assert silences.put(4, silence("channel=ads"), 0.0) is None
    assert about(silences, 0.0) == ["quiet"]
    assert silences.put(6, silence("channel=ads"), 0.0) is not None
    assert about(silences, 0.0) == []
    assert len(list(silences)) == 1


def test_a_silence_can_be_ended_early_even_before_it_starts() -> None:
    silences = Silences()
    silences.put(1, silence("channel=email", starts_at=10.0), 0.0)
    held = silences.end(2, SilenceEnded(id="quiet", at=5.0))
    assert held is not None
    assert (held.silence.until, about(silences, 15.0)) == (5.0, [])
    assert silences.end(2, SilenceEnded(id="quiet", at=4.0)) is None
    assert silences.end(3, SilenceEnded(id="quiet", at=6.0)) is None
    assert silences.end(3, SilenceEnded(id="other", at=6.0)) is None


def test_those_that_ended_are_kept_for_five_days() -> None:
    silences = Silences()
    silences.put(1, silence("channel=email", ends_at=100.0), 0.0)
    assert silences.forget(100.0 + KEEP_ENDED_S) == []
    assert silences.forget(100.1 + KEEP_ENDED_S) == ["quiet"]
    assert list(silences) == []


def test_beyond_a_thousand_no_silence_is_taken_until_one_ends() -> None:
    silences = Silences()
    for n in range(MOST_ACTIVE):
        silences.put(n, silence("channel=email", id=str(n)), 0.0)
    with pytest.raises(TooManySilences, match="end some first"):
        silences.put(MOST_ACTIVE, silence("channel=email"), 0.0)
    assert silences.put(MOST_ACTIVE, silence("channel=ads", id="7"), 0.0) is not None
    silences.end(MOST_ACTIVE + 1, SilenceEnded(id="8", at=0.0))
    assert silences.put(MOST_ACTIVE + 2, silence("channel=email"), 0.0) is not None


def test_of_many_that_ended_the_first_are_forgotten_early() -> None:
    silences = Silences()
    for n in range(MOST_KEPT + 2):
        silences.put(n, silence("channel=email", id=str(n), ends_at=1.0 + n / 1e6), 10.0)
    assert silences.forget(10.0) == ["0", "1"]


TEXTS = ["channel=email", "channel=ads", "alertname=roas", "channel=~e.*|x", "alertname=~r.+"]


@given(
    chosen=st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4)),
        max_size=8,
    ),
    labels=st.dictionaries(
        st.sampled_from(["channel", "alertname"]), st.sampled_from(["email", "ads", "roas", "x"])
    ),
)
def test_the_silences_found_are_those_that_match(
    chosen: list[tuple[str, list[str]]], labels: dict[str, str]
) -> None:
    silences, newest = Silences(), dict[str, Silence]()
    for n, (id, texts) in enumerate(chosen):
        newest[id] = silence(*texts, id=id)
        silences.put(n, newest[id], 0.0)
        expected = {id for id, one in newest.items() if match_all(one.matchers, labels)}
        assert set(about(silences, 0.0, labels)) == expected


def test_what_is_remembered_of_alerts_is_bounded() -> None:
    silences = Silences()
    silences.put(1, silence("channel=~e.*"), 0.0)
    for n in range(MOST_REMEMBERED + 1):
        assert about(silences, 0.0, {"channel": f"e{n}"}) == ["quiet"]
    assert len(silences._about) == 1


def test_controls_survive_their_bytes() -> None:
    for one in (silence("channel=email"), SilenceEnded(id="quiet", at=1.0)):
        row = msgspec.json.encode(one)
        assert msgspec.json.decode(row, type=Silence | SilenceEnded) == one
