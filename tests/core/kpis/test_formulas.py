from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpistream.core.kpis.formulas import (
    MAX_LENGTH,
    FormulaError,
    Name,
    Negation,
    Number,
    Operation,
    constant,
    dimension,
    names,
    parse,
    unknown_names,
)
from kpistream.core.kpis.units import DIMENSIONS, Dimension, units_of

KNOWN = {
    "clicks": DIMENSIONS["count"],
    "impressions": DIMENSIONS["count"],
    "cost": DIMENSIONS["money"],
    "time": DIMENSIONS["milliseconds"],
}


def column_of_mistake(text: str) -> int:
    """The column that is wrong, 0 if none is."""
    try:
        parse(text)
    except FormulaError as error:
        return error.column
    return 0


def mistake(text: str) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        dimension(parse(text), KNOWN)
    return caught.value


def test_products_bind_closer_than_sums() -> None:
    assert parse("a + b * c") == Operation(
        "+", Name("a", 1), Operation("*", Name("b", 5), Name("c", 9), 7), 3
    )


def test_operators_of_one_rank_go_from_left_to_right() -> None:
    assert parse("a / b / c") == Operation(
        "/", Operation("/", Name("a", 1), Name("b", 5), 3), Name("c", 9), 7
    )
    assert constant(parse("10 - 4 - 3")) == 3


def test_parentheses_and_minus_signs_group() -> None:
    assert constant(parse("-(2 + 3) * --4")) == -20
    assert parse("-a") == Negation(Name("a", 2), 1)


def test_a_decimal_number_is_exact() -> None:
    assert parse("0.10") == Number(10, 100, 1)
    assert constant(parse("0.1 + 0.2")) == Fraction(3, 10)


@pytest.mark.parametrize(
    ("name", "milliseconds"),
    [
        ("second", 1_000),
        ("minute", 60_000),
        ("hour", 3_600_000),
        ("day", 86_400_000),
        ("year", 31_557_600_000),
    ],
)
def test_a_length_of_time_is_a_number_with_a_unit(name: str, milliseconds: int) -> None:
    assert parse(name) == Number(milliseconds, 1, 1, Dimension(time=1))
    assert list(names(parse(f"{name} + a"))) == [Name("a", len(name) + 4)]


def test_lengths_of_time_are_compared_with_each_other_only() -> None:
    assert constant(parse("365.25 * day - year")) == 0
    assert mistake("1 / (24 * hour - day)").problem == "this divides by zero, always"
    assert mistake("day + 1").problem == "cannot add unlike things: time and a plain number"
    (unknown,) = unknown_names(parse("time / yaer"), KNOWN)
    assert unknown.problem == "unknown name 'yaer'; did you mean 'year'?"


def test_a_formula_may_run_over_several_lines() -> None:
    assert [leaf.name for leaf in names(parse("a\n+ b\t- a\n"))] == ["a", "b", "a"]


def test_a_formula_with_names_is_no_constant() -> None:
    assert constant(parse("-a + 1")) is None


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("", 1, "expected a number, a name or '(', found the end"),
        ("clicks /", 9, "expected a number, a name or '(', found the end"),
        ("clicks impressions", 8, "expected an operator, found 'impressions'"),
        ("clicks / * 2", 10, "expected a number, a name or '(', found '*'"),
        ("(clicks", 8, "expected ')' for the '(' at column 1, found the end"),
        ("clicks)", 7, "expected an operator, found ')'"),
        ("()", 2, "expected a number, a name or '(', found ')'"),
        ("1.2.3", 4, "unexpected character '.'"),
        ("1e5", 2, "expected an operator, found 'e5'"),
        ("Clicks", 1, "unexpected character 'C'"),
        ("clicks ** 2", 9, "expected a number, a name or '(', found '*'"),
        ("clicks.__class__", 7, "unexpected character '.'"),
        ("٣", 1, "unexpected character '٣'"),
        ("1 + 1234567890123456", 5, "a number has more than 15 digits"),
        ("(" * 21 + "1" + ")" * 21, 21, "nested deeper than 20 levels"),
        ("-" * 21 + "1", 21, "nested deeper than 20 levels"),
        ("clicks / 0", 8, "this divides by zero, always"),
        ("clicks / (0.5 - 1 / 2)", 8, "this divides by zero, always"),
        ("clicks + cost", 8, "cannot add unlike things: count and money"),
        ("cost - time", 6, "cannot subtract unlike things: money and time"),
        ("clicks + 1", 8, "cannot add unlike things: count and a plain number"),
        (
            "cost / clicks + cost * clicks",
            15,
            "cannot add unlike things: money per count and money x count",
        ),
        ("1 / time - 1", 10, "cannot subtract unlike things: 1 per time and a plain number"),
    ],
)
def test_a_mistake_has_a_column(text: str, column: int, problem: str) -> None:
    error = mistake(text)
    assert (error.column, error.problem) == (column, problem)
    assert str(error) == f"column {column}: {problem}"


def test_a_formula_has_a_longest_length() -> None:
    parse("1" + " " * (MAX_LENGTH - 1))
    assert mistake("1" + " " * MAX_LENGTH).column == MAX_LENGTH + 1


def test_a_mistake_is_pointed_at_with_a_caret() -> None:
    text = "clicks\n+ cost"
    assert mistake(text).pointing(text) == "clicks + cost\n       ^"


def test_unknown_names_come_with_a_suggestion_and_with_what_is_known() -> None:
    first, second = unknown_names(parse("clics / nothing_like_it"), KNOWN)
    assert str(first) == "column 1: unknown name 'clics'; did you mean 'clicks'?"
    assert str(second) == "column 9: unknown name 'nothing_like_it'"
    assert first.allowed == ("clicks", "cost", "impressions", "time")


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("clicks", ("count",)),
        ("clicks / impressions", ("ratio", "points")),
        ("1 - clicks / impressions", ("ratio", "points")),
        ("cost", ("money",)),
        ("1000 * cost / impressions", ("money",)),
        ("cost / cost", ("ratio", "points")),
        ("time / clicks", ("seconds",)),
        ("-time", ("seconds",)),
        ("3 * day", ("seconds",)),
        ("time / day", ("ratio", "points")),
        ("cost / clicks * 12 * (time / clicks) / year", ("money",)),
        ("clicks * (clicks / impressions) * (cost / clicks) / (time / clicks) * day", ("money",)),
        ("cost / impressions / clicks", ("money",)),
        ("time * clicks", ("seconds",)),
        ("clicks / impressions / clicks", ()),
        ("cost * cost / cost", ("money",)),
        ("cost * cost", ()),
        ("cost / time", ()),
        ("clicks / cost", ()),
    ],
)
def test_a_formula_can_be_read_in_the_units_that_its_measures_make(
    text: str, units: tuple[str, ...]
) -> None:
    assert units_of(dimension(parse(text), KNOWN)) == units


def test_raw_sums_are_scaled_to_major_units_and_seconds() -> None:
    assert Dimension(money=1, number=-1).scale(1_000_000) == (1, 1_000_000)
    assert Dimension(time=1).scale(1_000_000) == (1, 1000)
    assert Dimension(money=-1, time=2).scale(10) == (10, 1_000_000)


@settings(deadline=None)
@given(st.text(alphabet="a1.+-*/() \n", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_formula_or_a_mistake_within_the_text(text: str) -> None:
    assert 0 <= column_of_mistake(text) <= len(text) + 1
