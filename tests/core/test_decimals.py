"""Decimals are kept as whole millionths, exactly or not at all."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.decimals import DECIMAL_SCALE, MAX_DECIMAL, InvalidDecimal, scaled_decimal

PERSONAL = "4915112345678.1234567"


@given(st.integers(-MAX_DECIMAL * DECIMAL_SCALE, MAX_DECIMAL * DECIMAL_SCALE))
def test_every_millionth_within_the_limit_is_kept(millionths: int) -> None:
    assert scaled_decimal(Decimal(millionths).scaleb(-6)) == millionths


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_any_decimal_is_exact_or_invalid(value: Decimal) -> None:
    try:
        scaled = scaled_decimal(value)
    except InvalidDecimal:
        return
    assert Decimal(scaled).scaleb(-6) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("NaN", "not a number"),
        ("sNaN", "not a number"),
        ("-Infinity", "not a number"),
        ("1000000000000.000001", "larger than the limit"),
        ("-1E+99999999", "larger than the limit"),
        ("1E-99999999", "more than 6 decimals"),
        ("0.0000001", "more than 6 decimals"),
        (f"0.{'0' * 10_000}1", "more than 6 decimals"),
    ],
)
def test_what_cannot_be_kept_is_told_apart(text: str, problem: str) -> None:
    with pytest.raises(InvalidDecimal, match=problem):
        scaled_decimal(Decimal(text))


def test_the_message_never_repeats_the_number() -> None:
    with pytest.raises(InvalidDecimal) as caught:
        scaled_decimal(Decimal(PERSONAL))
    assert PERSONAL[:5] not in str(caught.value)


def test_the_precision_of_whoever_calls_makes_no_difference() -> None:
    with localcontext(prec=2):
        assert scaled_decimal(Decimal("123456789012.123456")) == 123_456_789_012_123_456
