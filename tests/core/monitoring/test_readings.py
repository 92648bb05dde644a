import json

import msgspec
import pytest

from kpistream.core.instants import rfc3339
from kpistream.core.monitoring.readings import Board, Reading
from tests.support.alerting import AUTUMN, reading


def test_a_reading_is_published_with_what_it_was_made_of() -> None:
    assert reading(0.8).to_dict() == {
        "kind": "reading",
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "slice": {"channel": "ads", "campaign": "autumn"},
        "value": 0.8,
        "numerator": 800.0,
        "denominator": 1000.0,
        "sample": 100,
        "trust": "provisional",
        "as_of": "2026-03-01T10:00:00Z",
    }


def test_a_currency_is_published_only_where_there_is_one() -> None:
    assert reading(currency="EUR").to_dict()["currency"] == "EUR"
    assert "currency" not in reading().to_dict()


def test_a_reading_survives_msgpack() -> None:
    original = reading(currency="EUR", denominator=None)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(original), type=Reading) == original


def test_a_board_finds_a_reading_by_kpi_window_slice_and_currency() -> None:
    euros, dollars = reading(0.8, currency="EUR"), reading(0.9, currency="USD")
    total = reading(1.5, slice=(), window="5m")
    board = Board((euros, dollars, total), as_of=10.0)

    assert board.get("return_on_ad_spend", "1h", AUTUMN, "USD") is dollars
    assert board.get("return_on_ad_spend", "5m") is total
    assert board.get("return_on_ad_spend", "1h") is None
    assert board.of("return_on_ad_spend", "1h") == (euros, dollars)
    assert board.of("click_through_rate", "1h") == ()
    assert list(board) == [euros, dollars, total]
    assert len(board) == 3


def test_a_board_is_published_as_json() -> None:
    board = Board((reading(),), as_of=1_772_359_200.25)
    published = json.loads(json.dumps(board.to_dict()))
    assert published["as_of"] == "2026-03-01T10:00:00.250Z"
    assert [one["kind"] for one in published["readings"]] == ["reading"]


@pytest.mark.parametrize(
    ("epoch_s", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1_772_359_200.0, "2026-03-01T10:00:00Z"),
        (1_772_359_200.0004, "2026-03-01T10:00:00Z"),
        (1_772_359_199.9996, "2026-03-01T10:00:00Z"),
        (1_772_359_200.125, "2026-03-01T10:00:00.125Z"),
        (-0.5, "1969-12-31T23:59:59.500Z"),
    ],
)
def test_an_instant_is_written_in_utc_to_the_millisecond(epoch_s: float, text: str) -> None:
    assert rfc3339(epoch_s) == text


def test_a_closed_board_is_final_where_no_source_is_missing() -> None:
    open_board = Board((reading(), reading(kpi="clicks", trust="incomplete")), 10.0)

    assert [r.trust for r in open_board.closed()] == ["final", "incomplete"]
    assert open_board.closed().as_of == 10.0


def test_boards_that_share_no_slice_are_joined_as_of_the_newest() -> None:
    one, other = Board((reading(0.8),), 10.0), Board((reading(1.5, slice=()),), 20.0)
    joined = Board.joined([one, other])

    assert (len(joined), joined.as_of) == (2, 20.0)
    assert joined.get("return_on_ad_spend", "1h") is other.readings[0]
    assert joined.slices == one.slices | other.slices
    assert [r.value for r in joined.of("return_on_ad_spend", "1h")] == [0.8, 1.5]
    assert len(Board.joined([])) == 0
