"""Money is exact: whatever can be written comes back, and nothing else gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.money.currencies import EXPONENTS
from kpistream.core.money.money import (
    MAX_AMOUNT,
    SCALE,
    InvalidMoney,
    Money,
    UnknownCurrency,
    exponent,
    format_amount,
    parse_amount,
    units_per_major,
)

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.integers(min_value=0, max_value=MAX_AMOUNT)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.34", "EUR", 1234 * SCALE),
        ("12", "EUR", 1200 * SCALE),
        ("0", "EUR", 0),
        ("007", "JPY", 7 * SCALE),
        ("7", "JPY", 7 * SCALE),
        ("1.234", "KWD", 1234 * SCALE),
        ("0.000001", "EUR", 1),
        ("0.0001", "JPY", 1),
        ("0.0000001", "KWD", 1),
        ("12.340000000000", "EUR", 1234 * SCALE),
        ("100000000000", "EUR", MAX_AMOUNT),
        ("10000000000000", "JPY", MAX_AMOUNT),
    ],
)
def test_a_decimal_text_is_read_exactly(text: str, currency: str, amount: int) -> None:
    assert parse_amount(text, currency) == amount


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-1", "+1", "1e5", "1E5", "1.", ".5", "1.2.3", "1,5", "1 000", "1_000", " 1",
        "1\n", "0x10", "NaN", "Infinity", "\u0661\u0662", "\uff11", "1\x00", "0.0000001",
        "100000000000.000001", "9" * 40, "9" * 41, "9" * 100_000, "0" * 41,
    ],
)  # fmt: skip
def test_anything_but_a_plain_unsigned_decimal_within_the_limits_is_refused(text: str) -> None:
    with pytest.raises(InvalidMoney) as refusal:
        parse_amount(text, "EUR")
    assert len(str(refusal.value)) <= 200


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "XAU", "BTC", "ZZZ", "E\x00R"])
def test_an_unknown_currency_is_refused_everywhere_and_never_guessed(currency: str) -> None:
    for act in (
        lambda: exponent(currency),
        lambda: units_per_major(currency),
        lambda: parse_amount("1", currency),
        lambda: format_amount(1, currency),
        lambda: Money(currency=currency, amount="1").scaled(),
        lambda: Money(currency=currency, minor=1, exponent=0).scaled(),
    ):
        with pytest.raises(UnknownCurrency):
            act()


def test_the_currencies_have_their_iso_4217_exponents() -> None:
    assert len(EXPONENTS) == 165
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
    assert [exponent(code) for code in ("JPY", "EUR", "KWD", "CLF")] == [0, 2, 3, 4]


def test_one_unit_of_a_currency_is_known() -> None:
    assert units_per_major("EUR") == 1_000_000
    assert units_per_major("JPY") == 10_000
    assert units_per_major("KWD") == 10_000_000


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1234 * SCALE, "EUR", "12.34"),
        (1200 * SCALE, "EUR", "12.00"),
        (1, "EUR", "0.000001"),
        (0, "EUR", "0.00"),
        (-1, "EUR", "-0.000001"),
        (-1_500_000, "EUR", "-1.50"),
        (7 * SCALE, "JPY", "7"),
        (75_000, "JPY", "7.5"),
        (10**30, "EUR", "1" + "0" * 24 + ".00"),
    ],
)
def test_an_amount_is_written_with_the_decimals_people_expect(
    amount: int, currency: str, text: str
) -> None:
    assert format_amount(amount, currency) == text


@given(amount=amounts, currency=currencies)
def test_every_amount_survives_being_written_and_read(amount: int, currency: str) -> None:
    assert parse_amount(format_amount(amount, currency), currency) == amount


@given(amount=amounts, currency=currencies)
def test_a_negative_sum_is_written_as_the_positive_one_with_a_minus(
    amount: int, currency: str
) -> None:
    positive = format_amount(amount, currency)
    assert format_amount(-amount, currency) == (f"-{positive}" if amount else positive)


@given(amount=amounts, currency=currencies)
def test_text_and_minor_units_of_one_amount_are_equal(amount: int, currency: str) -> None:
    finest = exponent(currency) + 4
    text = Money(currency=currency, amount=format_amount(amount, currency))
    minor = Money(currency=currency, minor=amount, exponent=finest)
    assert text.scaled() == minor.scaled() == amount


@given(text=st.text(max_size=60), currency=st.one_of(currencies, st.text(max_size=4)))
def test_any_text_is_either_an_amount_within_the_limit_or_invalid_money(
    text: str, currency: str
) -> None:
    try:
        amount = parse_amount(text, currency)
    except InvalidMoney:
        return
    assert 0 <= amount <= MAX_AMOUNT


@pytest.mark.parametrize(
    ("minor", "minor_exponent", "currency", "amount"),
    [
        (1234, 2, "EUR", 1234 * SCALE),
        (1234, 3, "EUR", 1_234_000),
        (1234, 0, "EUR", 1234 * 1_000_000),
        (7, 0, "JPY", 7 * SCALE),
        (1, 7, "KWD", 1),
    ],
)
def test_minor_units_mean_what_their_exponent_says(
    minor: int, minor_exponent: int, currency: str, amount: int
) -> None:
    assert Money(currency=currency, minor=minor, exponent=minor_exponent).scaled() == amount


@pytest.mark.parametrize(
    "money",
    [
        Money(currency="EUR"),
        Money(currency="EUR", minor=1234),
        Money(currency="EUR", exponent=2),
        Money(currency="EUR", amount="12.34", minor=1234, exponent=2),
        Money(currency="EUR", amount="12.34", exponent=2),
        Money(currency="EUR", minor=1234, exponent=7),
        Money(currency="EUR", minor=MAX_AMOUNT, exponent=2),
    ],
)
def test_money_said_by_halves_or_twice_or_too_finely_is_refused(money: Money) -> None:
    with pytest.raises(InvalidMoney):
        money.scaled()
