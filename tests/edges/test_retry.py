from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.edges.retry import RetryPolicy, retry_after_s


@pytest.mark.parametrize(
    ("failed", "asked_s", "chance", "wait_s"),
    [
        (1, None, 0.0, 0.5),
        (1, None, 0.999999, pytest.approx(0.25, abs=1e-5)),
        (4, None, 0.0, 4.0),
        (9999, None, 0.0, 60.0),
        (1, 90.0, 0.0, 90.0),
        (9, 1.0, 0.0, 60.0),
        (1, 1e9, 0.0, 3600.0),
    ],
)
def test_a_wait_doubles_varies_and_respects_what_is_asked(
    failed: int, asked_s: float | None, chance: float, wait_s: float
) -> None:
    assert RetryPolicy().wait_s(failed, asked_s, lambda: chance) == wait_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("86400", 3600.0),
        ("9" * 5000, 3600.0),
        ("Mon, 02 Mar 2026 10:00:00 GMT", 3600.0),
        ("Sunday, 01-Mar-26 10:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 12:00:30 +0200", 30.0),
        ("Sun, 01 Mar " + "9" * 30 + " 10:00:00 GMT", None),
        ("7.5", None),
        ("Sun, 01 Mar 2026 10:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("²", None),
    ],
)
def test_a_receiver_asks_for_time_in_seconds_or_until_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_s(header, datetime(2026, 3, 1, 10, tzinfo=UTC)) == seconds


@given(st.text())
def test_no_header_can_ask_for_more_than_an_hour_or_raise(header: str) -> None:
    assert 0 <= (retry_after_s(header, datetime(2026, 3, 1, 10, tzinfo=UTC)) or 0.0) <= 3600


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True), st.floats(0, 3600))
def test_a_wait_is_within_its_bounds(failed: int, chance: float, asked_s: float) -> None:
    waits_s = RetryPolicy().wait_s(failed, asked_s, lambda: chance)
    assert max(0.25, asked_s) <= waits_s <= max(60.0, asked_s)


@pytest.mark.parametrize(
    ("tried_s", "refusals", "is_over"),
    [(0, 0, False), (86_399, 4, False), (86_400, 0, True), (0, 5, True), (10, 6, True)],
)
def test_patience_ends_after_a_day_or_some_refusals(
    tried_s: float, refusals: int, is_over: bool
) -> None:
    assert RetryPolicy().gives_up(tried_s, refusals) is is_over
