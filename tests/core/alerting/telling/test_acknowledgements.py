"""Acknowledgements: of one firing of an alert, and over with it."""

from __future__ import annotations

import msgspec
import pytest

from kpistream.core.alerting.telling.acknowledgements import (
    MOST_HELD,
    Acknowledgement,
    Acknowledgements,
)
from tests.support.telling import alert, over

FIRING = alert(at_s=100.0)
ENDED = over(FIRING, 200.0)
AGAIN = alert(at_s=300.0)


def ack(since: float = 100.0, author: str = "ann", fingerprint: str = "") -> Acknowledgement:
    named = fingerprint or FIRING.fingerprint
    return Acknowledgement(fingerprint=named, since=since, author=author, at=since + 1)


def test_an_acknowledgement_is_about_one_firing() -> None:
    held = Acknowledgements()
    held.put(1, ack(), FIRING)
    assert held.of(FIRING) == ack()
    assert [held.of(other) for other in (ENDED, AGAIN, alert("cpc"))] == [None] * 3


def test_an_acknowledgement_ends_with_its_firing() -> None:
    held = Acknowledgements()
    held.put(1, ack(), FIRING)
    assert not held.follow(FIRING)
    assert held.follow(ENDED)
    assert not held.follow(ENDED)
    assert held.of(FIRING) is None


def test_a_firing_that_is_over_is_not_acknowledged() -> None:
    held = Acknowledgements()
    assert held.put(1, ack(), ENDED) is None
    assert held.put(1, ack(), AGAIN) is None


def test_who_acknowledges_may_know_of_a_firing_first() -> None:
    held = Acknowledgements()
    held.put(1, ack(since=300.0), ENDED)
    assert not held.follow(ENDED)
    assert held.of(AGAIN) == ack(since=300.0)
    held.put(2, ack(fingerprint="unheard of"), None)
    assert held.of(msgspec.structs.replace(FIRING, fingerprint="unheard of")) is not None


def test_what_was_said_last_counts() -> None:
    held = Acknowledgements()
    held.put(5, ack(author="ann"), FIRING)
    assert held.put(5, ack(author="bob"), FIRING) is None
    held.put(6, ack(author="eve"), FIRING)
    assert held.of(FIRING) == ack(author="eve")


def test_beyond_a_limit_the_first_are_forgotten() -> None:
    held = Acknowledgements()
    for n in range(MOST_HELD + 2):
        held.put(n, ack(fingerprint=str(n)), None)
    assert held.surplus() == ["0", "1"]
    assert held.surplus() == []


@pytest.mark.parametrize("author", ["", "x" * 501])
def test_somebody_acknowledges(author: str) -> None:
    with pytest.raises(ValueError, match="an author"):
        ack(author=author)
