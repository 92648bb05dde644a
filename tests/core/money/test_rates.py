"""Rates: exact factors with dates, from the bank's files and from simple ones."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.located_yaml import ConfigErrors
from kpistream.core.money.currencies import EXPONENTS
from kpistream.core.money.money import UnknownCurrency, parse_amount, units_per_major
from kpistream.core.money.rates import RATE_SCALE, Rates
from kpistream.core.money.rates_file import MAX_CHARACTERS, MAX_MISTAKES

BAD_FILES = Path(__file__).parent / "rates_errors"

BANKS = """\
Date,USD,JPY,GBP,CYP,
2026-01-09,1.1642,183.65,0.86720,N/A,
2026-01-08,1.1675,N/A,0.86870,N/A,
2026-01-07,1.1684,182.78,,N/A,
"""

LONG = """\
date,currency,rate
2026-01-09,KWD,2.7931
2026-01-09,JPY,0.0054451
2026-01-07,KWD,2.7902
"""

FRIDAY = date(2026, 1, 9)


def bank(reporting: str = "EUR") -> Rates:
    return Rates.load(BANKS, "rates.csv", reporting)


def long(reporting: str = "EUR", text: str = LONG) -> Rates:
    return Rates.load(text, "rates.csv", reporting)


def sentences_about(text: str) -> list[str]:
    """What is wrong in a file."""
    try:
        Rates.load(text, "rates.csv", "EUR")
    except ConfigErrors as refused:
        return [str(error) for error in refused]
    return []


def converted(rates: Rates, amount: str, currency: str, on: date = FRIDAY) -> Fraction:
    """What an amount is in the reporting currency, in euros, yen or dinars."""
    factor = rates.factor(currency, on)
    assert factor is not None
    scaled = Fraction(parse_amount(amount, currency) * factor, RATE_SCALE)
    return scaled / units_per_major(rates.reporting)


def test_the_reporting_currency_converts_to_itself_on_any_day() -> None:
    for rates in (bank(), long(), Rates.none("EUR")):
        assert rates.factor("EUR", date(1999, 1, 1)) == RATE_SCALE
        assert rates.reporting == "EUR"


def test_without_a_file_no_other_currency_has_a_rate() -> None:
    assert [Rates.none("EUR").factor(code, FRIDAY) for code in ("USD", "JPY", "?")] == [None] * 3


@pytest.mark.parametrize(
    ("currency", "reporting", "factor"),
    [
        # One cent of a dollar is 1 / 1.1642 cents: both have two decimals.
        ("USD", "EUR", round(Fraction(10**12) / Fraction("1.1642"))),
        # One yen is 100 / 183.65 cents.
        ("JPY", "EUR", round(Fraction(10**14) / Fraction("183.65"))),
        # One cent is 183.65 / 100 yen.
        ("EUR", "JPY", 1_836_500_000_000),
        # One cent is 1.1642 cents of a dollar.
        ("EUR", "USD", 1_164_200_000_000),
        ("GBP", "USD", round(10**12 * Fraction("1.1642") / Fraction("0.8672"))),
        ("JPY", "USD", round(10**14 * Fraction("1.1642") / Fraction("183.65"))),
        ("USD", "JPY", round(10**10 * Fraction("183.65") / Fraction("1.1642"))),
    ],
)
def test_the_banks_rates_say_what_one_euro_is(currency: str, reporting: str, factor: int) -> None:
    assert bank(reporting).factor(currency, FRIDAY) == factor


@pytest.mark.parametrize(
    ("currency", "factor"),
    [
        # A thousandth of a dinar, 2.7931 EUR each, is 0.27931 cents.
        ("KWD", 279_310_000_000),
        # One yen is 0.54451 cents.
        ("JPY", 544_510_000_000),
    ],
)
def test_long_rates_say_what_one_unit_is_in_the_reporting_currency(
    currency: str, factor: int
) -> None:
    assert long().factor(currency, FRIDAY) == factor


def test_amounts_are_converted_with_the_decimals_of_both_currencies() -> None:
    assert converted(long(), "10", "KWD") == Fraction("27.931")
    assert converted(long(), "0.001", "KWD") == Fraction("0.0027931")
    assert converted(long(), "10000", "JPY") == Fraction("54.451")
    assert converted(bank("JPY"), "2.50", "EUR") == Fraction("459.125")


class TestTheDay:
    def test_on_a_weekend_is_the_friday_before(self) -> None:
        rates = bank()
        friday = rates.factor("USD", FRIDAY)
        assert friday is not None
        for days in (1, 2):
            assert rates.factor("USD", FRIDAY + timedelta(days)) == friday

    def test_decides_the_rate_and_never_a_later_one(self) -> None:
        thursday = bank().factor("USD", date(2026, 1, 8))
        assert thursday == round(Fraction(10**12) / Fraction("1.1675"))

    def test_without_a_rate_of_that_currency_falls_back_to_the_day_before(self) -> None:
        rates = bank()
        assert rates.factor("JPY", date(2026, 1, 8)) == rates.factor("JPY", date(2026, 1, 7))
        assert rates.factor("GBP", date(2026, 1, 7)) is None

    def test_of_a_cross_rate_is_one_on_which_both_have_a_rate(self) -> None:
        rates = bank("GBP")
        for code in ("USD", "JPY", "EUR"):
            assert rates.factor(code, date(2026, 1, 7)) is None
        assert rates.factor("JPY", date(2026, 1, 8)) is None
        assert rates.factor("USD", date(2026, 1, 8)) is not None

    def test_may_be_seven_days_after_the_rate_and_no_more(self) -> None:
        rates = bank()
        assert rates.factor("USD", FRIDAY + timedelta(7)) is not None
        assert rates.factor("USD", FRIDAY + timedelta(8)) is None

    def test_may_be_as_long_after_the_rate_as_is_allowed(self) -> None:
        rates = Rates.load(BANKS, "rates.csv", "EUR", max_age_days=0)
        assert rates.factor("USD", FRIDAY) is not None
        assert rates.factor("USD", FRIDAY + timedelta(1)) is None

    def test_before_the_first_rate_has_none(self) -> None:
        assert bank().factor("USD", date(2026, 1, 6)) is None

    def test_is_found_in_a_file_of_any_order(self) -> None:
        header, *lines = LONG.splitlines()
        days = [date(2026, 1, day) for day in range(5, 20)]
        answers = {
            tuple(long(text="\n".join([header, *order])).factor("KWD", day) for day in days)
            for order in itertools.permutations(lines)
        }
        assert len(answers) == 1

    def test_is_answered_alike_when_asked_again(self) -> None:
        rates = bank()
        asked = [(code, FRIDAY + timedelta(d)) for code in ("USD", "CHF") for d in range(-4, 12)]
        assert [rates.factor(*ask) for ask in asked] == [rates.factor(*ask) for ask in asked]


def test_a_currency_without_a_rate_has_no_factor() -> None:
    for rates in (bank(), long()):
        assert rates.factor("CHF", FRIDAY) is None
        assert rates.factor("ZZZ", FRIDAY) is None


def test_columns_of_currencies_that_are_no_more_are_left_out() -> None:
    assert bank().factor("CYP", FRIDAY) is None


def test_the_reporting_currency_must_be_one() -> None:
    with pytest.raises(UnknownCurrency):
        Rates.load(BANKS, "rates.csv", "EURO")


def test_the_banks_file_of_one_day_is_read() -> None:
    text = "Date, USD, JPY, \n09 January 2026, 1.1642, 183.65, \n"
    rates = Rates.load(text, "eurofxref.csv", "EUR")
    for code in ("USD", "JPY"):
        assert rates.factor(code, FRIDAY) == bank().factor(code, FRIDAY) is not None


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + BANKS,
        BANKS.replace("\n", "\r\n"),
        BANKS.replace("\n", "\n\n"),
        BANKS.replace(",\n", "\n"),
        BANKS.rstrip("\n"),
        BANKS.replace("1.1642", '"1.1642"'),
        BANKS.replace(",", " , "),
    ],
    ids=["mark", "windows", "blank", "no_last_comma", "no_last_newline", "quoted", "spaces"],
)
def test_files_are_read_however_they_were_written(text: str) -> None:
    assert Rates.load(text, "rates.csv", "EUR").factor("USD", FRIDAY) == bank().factor(
        "USD", FRIDAY
    )


def test_a_date_without_the_last_currency_needs_no_comma_after_it() -> None:
    rates = Rates.load("Date,USD,JPY\n2026-01-09,1.1642,\n", "rates.csv", "EUR")
    assert rates.factor("USD", FRIDAY) is not None
    assert rates.factor("JPY", FRIDAY) is None


codes = st.sampled_from(sorted(EXPONENTS))
numbers = st.decimals("0.001", "9999", places=4).map(str)


@given(currency=codes, reporting=codes, number=numbers)
def test_a_factor_is_within_half_of_its_last_digit_of_the_rate(
    currency: str, reporting: str, number: str
) -> None:
    if currency == reporting:
        return
    text = f"date,currency,rate\n2026-01-09,{currency},{number}\n"
    factor = Rates.load(text, "rates.csv", reporting).factor(currency, FRIDAY)
    exact = Fraction(number) * units_per_major(reporting) / units_per_major(currency)
    assert factor == round(exact * RATE_SCALE)


@given(
    base=st.sampled_from(["USD", "JPY", "KWD"]),
    numbers=st.fixed_dictionaries(
        dict.fromkeys(("USD", "JPY", "KWD"), st.decimals("1", "9999", places=4).map(str))
    ),
)
def test_a_cross_rate_is_rounded_once(base: str, numbers: dict[str, str]) -> None:
    text = f"Date,{','.join(numbers)}\n2026-01-09,{','.join(numbers.values())}\n"
    rates = Rates.load(text, "rates.csv", base)
    worth = {code: Fraction(number) for code, number in numbers.items()} | {"EUR": Fraction(1)}
    for code in worth:
        exact = worth[base] / worth[code] * units_per_major(base) / units_per_major(code)
        assert rates.factor(code, FRIDAY) == round(exact * RATE_SCALE)


@pytest.mark.parametrize(
    ("number", "factor"), [("0.0000010000005", 1000000), ("0.0000010000015", 1000002)]
)
def test_a_factor_halfway_between_two_is_the_even_one(number: str, factor: int) -> None:
    text = f"date,currency,rate\n2026-01-09,USD,{number}\n"
    assert long(text=text).factor("USD", FRIDAY) == factor


def test_the_smallest_worth_that_is_taken_keeps_six_digits() -> None:
    text = "date,currency,rate\n2026-01-09,USD,0.0000001\n"
    assert long(text=text).factor("USD", FRIDAY) == 100_000


def test_answers_are_forgotten_beyond_a_limit_and_found_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kpistream.core.money.rates._CACHE_LIMIT", 3)
    rates = bank()
    days = [FRIDAY + timedelta(offset) for offset in range(8)]

    assert len({rates.factor("USD", day) for day in days + days}) == 1
    assert len(rates._found) <= 3


ERRORS = {
    "empty": ":1: the file is empty; allowed: Date,USD,JPY,..., date,currency,rate",
    "no_header": ":1: the first line is no header of a file of rates; allowed: Date,USD,JPY,...",
    "semicolons": ":1: values are separated by `;`, which must be commas",
    "header_only": ":1: there is no rate for EUR in the file",
    "only_old_currencies": ":1: there is no rate for EUR in the file",
    "header_names_no_currency": ":1: the header has 'dollars' where a currency belongs; allowed: ",
    "column_for_the_euro": ":1: EUR: rates of this form are for one EUR, which has no column",
    "column_twice": ":1: USD: the currency has two columns",
    "line_too_short": ":3: 2 values stand below a header of 3",
    "line_too_long": ":2: 4 values stand below a header of 3",
    "long_line_too_short": ":2: 2 values stand below a header of 3",
    "american_date": ":2: date: '01/09/2026' is no date; allowed: 2026-01-31, 31 January 2026",
    "no_such_day": ":2: date: '2026-02-29' is no date; allowed: 2026-01-31, 31 January 2026",
    "no_such_month": ":2: date: '09 Janvier 2026' is no date; allowed: ",
    "week_date": ":2: date: '2026-W02-5' is no date; allowed: ",
    "decimal_comma": ":2: USD: '1,1642' is not a plain positive number such as 1.1664",
    "negative_rate": ":2: USD: '-1.1642' is not a plain positive number such as 1.1664",
    "scientific_rate": ":2: USD: '1.1e0' is not a plain positive number such as 1.1664",
    "not_a_number": ":2: rate: 'NaN' is not a plain positive number such as 1.1664",
    "blank_long_rate": ":2: rate: '' is not a plain positive number such as 1.1664",
    "zero_rate": ":2: USD: a rate is more than 0",
    "unknown_currency": ":2: currency: unknown currency 'UDS'; allowed: AED, AFN, ",
    "currency_in_small_letters": ":2: currency: unknown currency 'usd'; allowed: AED, AFN, ",
    "reporting_currency_is_not_one": ":2: rate: EUR is the reporting currency, of which one is",
    "date_twice": ":4: USD: the rate of 2026-01-09 is already in line 2",
    "long_date_twice": ":3: USD: the rate of 2026-01-09 is already in line 2",
    "too_little_worth": ":2: IRR: one IRR is too little EUR to be converted exactly",
    "unclosed_quote": ":3: not CSV: unexpected end of data",
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_bad_file_is_refused_with_its_line_and_what_is_allowed(name: str) -> None:
    text = (BAD_FILES / f"{name}.csv").read_text(encoding="utf-8")
    with pytest.raises(ConfigErrors) as refused:
        Rates.load(text, f"{name}.csv", "EUR")
    assert len(refused.value) == 1
    assert str(refused.value).startswith(f"{name}.csv{ERRORS[name]}")


def test_every_bad_file_is_tried() -> None:
    assert {path.stem for path in BAD_FILES.iterdir()} == set(ERRORS)


def test_the_mistakes_of_all_lines_are_told_at_once() -> None:
    text = "date,currency,rate\n2026-01-09,UDS,1\n2026-01-09,USD,1\n9.1.26,USD,1\n"
    with pytest.raises(ConfigErrors) as refused:
        long(text=text)
    assert [(error.line, error.key) for error in refused.value] == [(2, "currency"), (4, "date")]


def test_of_very_many_mistakes_the_first_are_told() -> None:
    with pytest.raises(ConfigErrors) as refused:
        long(text="date,currency,rate\n" + "2026-01-09,USD,x\n" * 1000)
    assert len(refused.value) == MAX_MISTAKES


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(ConfigErrors, match="the file is larger than 16000000 characters"):
        long(text=LONG + "\n" * MAX_CHARACTERS)


@given(text=st.text(st.sampled_from("Date,cuRrny\n\r\"'-0129.;USD \x00\ufeff"), max_size=80))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    for header in ("", "Date,USD,JPY\n", "date,currency,rate\n"):
        assert all(line.startswith("rates.csv:") for line in sentences_about(header + text))
