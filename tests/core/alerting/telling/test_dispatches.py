"""Dispatches: what names a message, and which copy of a group's row knows more."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.telling.dispatches import Delivery, Identity, message_id, newer

FIRING: Identity = ("f1", AlertState.firing, 1.0)
OTHER: Identity = ("f2", AlertState.firing, 1.0)
GROUP = (("alertname", "roas"),)
DELIVERY = Delivery(
    receiver="chat",
    group=GROUP,
    number=3,
    message_id="msg",
    told=(FIRING,),
    truncated=0,
    reason="new",
    repeat=0,
    repeats=0,
    outcome="failed",
    tries=2,
    refusals=0,
    failures=2,
    first_try_at=10.0,
    last_try_at=20.0,
)


def test_a_message_is_named_by_what_it_says_and_stays_so_in_every_release() -> None:
    assert message_id("chat", GROUP, [FIRING, OTHER], 0) == "msg_b31670d01e01ec82415d2e43ca1bc652"
    assert message_id("chat", GROUP, [OTHER, FIRING], 0) == "msg_b31670d01e01ec82415d2e43ca1bc652"


@pytest.mark.parametrize(
    "words",
    [
        ("pager", GROUP, [FIRING], 0),
        ("chat", (("alertname", "cpc"),), [FIRING], 0),
        ("chat", GROUP, [OTHER], 0),
        ("chat", GROUP, [("f1", AlertState.resolved, 1.0)], 0),
        ("chat", GROUP, [("f1", AlertState.firing, 2.0)], 0),
        ("chat", GROUP, [FIRING, OTHER], 0),
        ("chat", GROUP, [FIRING], 1),
    ],
)
def test_other_words_have_another_name(words: tuple[Any, ...]) -> None:
    assert message_id(*words) != message_id("chat", GROUP, [FIRING], 0)


@pytest.mark.parametrize(
    "knows_more",
    [
        {"number": 4, "tries": 1, "outcome": "trying"},
        {"tries": 3, "outcome": "trying"},
        {"last_try_at": 21.0},
    ],
)
def test_the_copy_that_knows_more_is_taken(knows_more: dict[str, Any]) -> None:
    more = msgspec.structs.replace(DELIVERY, **knows_more)
    assert newer(more, DELIVERY) == newer(DELIVERY, more) == more


def test_an_outcome_is_more_than_a_try_that_was_begun() -> None:
    begun = msgspec.structs.replace(DELIVERY, outcome="trying", last_try_at=30.0)
    assert newer(begun, DELIVERY) == newer(DELIVERY, begun) == DELIVERY


def test_a_delivery_survives_its_bytes() -> None:
    row = msgspec.msgpack.encode(DELIVERY)
    assert msgspec.msgpack.decode(row, type=Delivery) == DELIVERY
