"""Numbers as people read them."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.edges.messages.numbers import (
    RAREST,
    chance_text,
    duration_text,
    money_text,
    plain_text,
    value_text,
)


@pytest.mark.parametrize(
    ("value", "unit", "currency", "text"),
    [
        (0.0123456, "ratio", None, "1.23 %"),
        (0.5, "ratio", None, "50 %"),
        (0.0000123, "ratio", None, "0.00123 %"),
        (0.8, "ratio", "EUR", "0.8"),
        (41.23456, "money", "EUR", "41.2 EUR"),
        (1_234_567.8, "money", "JPY", "1,234,568 JPY"),
        (41.0, "money", None, "41"),
        (45.0, "seconds", None, "45 s"),
        (750.0, "seconds", None, "12.5 min"),
        (1_666.6, "count", None, "1,667"),
        (-32.0, "points", None, "-32"),
        (0.0, "ratio", None, "0 %"),
        (inf, "count", None, "inf"),
        (None, "money", "EUR", "no value"),
    ],
)
def test_a_value_is_told_in_its_unit(
    value: float | None, unit: str, currency: str | None, text: str
) -> None:
    assert value_text(value, unit, currency) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.25 s"), (119, "119 s"), (300, "5 min"), (12_600, "3.5 h"), (345_600, "4 days")],
)
def test_a_time_is_told_in_the_unit_that_suits_its_length(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(41.2, "41.20 EUR"), (999.999, "1,000.00 EUR"), (1_234.5, "1,234 EUR")]
)
def test_money_is_told_to_the_cent_where_that_matters(amount: float, text: str) -> None:
    assert money_text(amount, "EUR") == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "100 % by chance in a week"),
        (0.1, "10 % by chance in a week"),
        (0.05, "less than 1 in 10 by chance in a week"),
        (0.03, "less than 1 in 20 by chance in a week"),
        (8e-5, "less than 1 in 10,000 by chance in a week"),
        (1e-300, "less than 1 in 1,000,000,000 by chance in a week"),
        (0.0, "less than 1 in 1,000,000,000 by chance in a week"),
    ],
)
def test_a_chance_is_told_in_words(p: float, text: str) -> None:
    assert chance_text(p) == text


@given(st.floats(1e-9, 0.0999))
def test_a_chance_in_words_is_true_and_not_far_off(p: float) -> None:
    one_in = int(chance_text(p).split()[4].replace(",", ""))
    assert p * one_in < 1
    assert p * one_in * 2.5 >= 0.999999 or one_in == RAREST


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "no value"),
        (0.8, "0.8"),
        (1 / 3, "0.333333"),
        (12345.678, "12345.7"),
        (1234567.8, "1234568"),
    ],
)
def test_a_plain_number_has_few_digits(value: float | None, text: str) -> None:
    assert plain_text(value) == text
