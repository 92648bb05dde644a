"""Bodies are bounded: fewer alerts first, then fewer words."""

from __future__ import annotations

import pytest

from kpistream.edges.messages import Message
from kpistream.edges.messages.fitting import TEXT_LENGTHS, fitting
from tests.edges.messages import sample

THREE = sample.message(sample.roas(), sample.unsubscribes(), sample.over())


def body(message: Message, longest: int) -> bytes:
    """How many alerts are left out, and for each that is told one byte for 50 of ``longest``."""
    return b"%d," % message.truncated + b"x" * len(message.alerts) * (longest // 50)


@pytest.mark.parametrize(
    ("most_bytes", "truncated", "text"),
    [(122, 0, 120), (121, 1, 80), (82, 1, 80), (81, 2, 40), (42, 2, 40), (41, 0, 30), (4, 2, 2)],
)
def test_a_body_has_as_many_alerts_as_there_is_room_for(
    most_bytes: int, truncated: int, text: int
) -> None:
    assert fitting(THREE, body, most_bytes) == b"%d," % truncated + b"x" * text


def test_what_has_no_room_in_the_fewest_words_is_an_error() -> None:
    with pytest.raises(ValueError, match="no room in 39 bytes"):
        fitting(THREE, lambda message, longest: b"x" * 40, 39)


def test_words_are_shortened_from_long_to_short() -> None:
    assert list(TEXT_LENGTHS) == sorted(TEXT_LENGTHS, reverse=True)
