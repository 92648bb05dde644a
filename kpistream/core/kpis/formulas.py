"""Formulas: a small arithmetic over names, read without `eval` and checked for its units.

A formula is terms joined by `+` and `-`; a term is factors joined by `*` and `/`; a factor is a
number, a name, a formula in parentheses, or a minus sign and a factor. `second`, `minute`, `hour`,
`day` and `year` are no names but lengths of time.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from kpistream.core.kpis.units import PLAIN, TIME, TIME_UNITS, Dimension
from kpistream.core.located_yaml import did_you_mean

MAX_LENGTH: Final = 400
"""The longest formula, in characters."""

MAX_DEPTH: Final = 20
"""The deepest nesting of parentheses and minus signs."""

MAX_DIGITS: Final = 15
"""The most digits a number may have."""

Operator = Literal["+", "-", "*", "/"]

_ARITHMETIC: Final[Mapping[Operator, Callable[[Fraction, Fraction], Fraction]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number, held exactly as a fraction: 0.25 is 25 / 100; a length of time in milliseconds."""

    numerator: int
    denominator: int
    column: int
    dimension: Dimension = PLAIN


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a measure or of another KPI."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus sign before a formula."""

    operand: Formula
    column: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Two formulas and what is done with them; the column is the operator's."""

    operator: Operator
    left: Formula
    right: Formula
    column: int


Formula = Number | Name | Negation | Operation
"""A formula as a tree; columns count from 1."""


class FormulaError(ValueError):
    """A mistake in a formula, at a column (from 1)."""

    def __init__(self, problem: str, column: int, allowed: tuple[str, ...] | None = None) -> None:
        """Say what is wrong, where, and what would be right."""
        super().__init__(f"column {column}: {problem}")
        self.problem = problem
        self.column = column
        self.allowed = allowed

    def pointing(self, text: str) -> str:
        """The formula with a caret under the character that is wrong; nothing for a huge one."""
        if len(text) > MAX_LENGTH:
            return ""
        return f"{_one_line(text)}\n{' ' * (self.column - 1)}^"


def parse(text: str) -> Formula:
    """The tree of a formula; raises FormulaError."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula is longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)
    return _Parser(_one_line(text)).whole()


def leaves(formula: Formula) -> Iterator[Name | Number]:
    """The names and numbers in a formula, from left to right."""
    match formula:
        case Name() | Number():
            yield formula
        case Negation(operand):
            yield from leaves(operand)
        case Operation(_, left, right):
            yield from leaves(left)
            yield from leaves(right)


def names(formula: Formula) -> Iterator[Name]:
    """The names in a formula, from left to right."""
    return (leaf for leaf in leaves(formula) if isinstance(leaf, Name))


def unknown_names(formula: Formula, known: Collection[str]) -> Iterator[FormulaError]:
    """A mistake for every name that nobody declared."""
    for leaf in names(formula):
        if leaf.name not in known:
            hint = did_you_mean(leaf.name, (*known, *TIME_UNITS))
            problem = f"unknown name {leaf.name!r}{hint}"
            yield FormulaError(problem, leaf.column, tuple(sorted(known)))


def constant(formula: Formula) -> Fraction | None:
    """The value of a formula without names; None if it has any."""
    match formula:
        case Number(numerator, denominator):
            return Fraction(numerator, denominator)
        case Negation(operand):
            value = constant(operand)
            return None if value is None else -value
        case Operation(sign, left, right):
            first, second = constant(left), constant(right)
            if first is not None and second is not None:
                return _ARITHMETIC[sign](first, second)
    return None


def dimension(formula: Formula, known: Mapping[str, Dimension]) -> Dimension:
    """What a formula's value is counted in, all its names being known.

    Raises FormulaError where unlike things are added.
    """
    match formula:
        case Number():
            return formula.dimension
        case Name(name):
            return known[name]
        case Negation(operand):
            return dimension(operand, known)
        case Operation(sign, left, right, column):
            return _combined(sign, dimension(left, known), dimension(right, known), column)


def _combined(sign: Operator, left: Dimension, right: Dimension, column: int) -> Dimension:
    if sign == "*":
        return left.times(right)
    if sign == "/":
        return left.per(right)
    if left != right:
        verb = "add" if sign == "+" else "subtract"
        raise FormulaError(f"cannot {verb} unlike things: {left} and {right}", column)
    return left


def _one_line(text: str) -> str:
    return re.sub(r"[\t\r\n]", " ", text).rstrip()


_TOKEN: Final = re.compile(r" *(?:([0-9]+(?:\.[0-9]+)?)|([a-z][a-z0-9_]*)|([-+*/()]))")
_ALPHABET: Final = ("numbers", "lower case names", "+", "-", "*", "/", "(", ")")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["number", "name", "sign", "end"]
    text: str
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while match := _TOKEN.match(text, position):
        number, name, sign = match.groups()
        column = match.start(match.lastindex or 0) + 1
        if number:
            yield _Token("number", number, column)
        elif name:
            yield _Token("name", name, column)
        else:
            yield _Token("sign", sign, column)
        position = match.end()
    rest = text[position:].lstrip(" ")
    column = len(text) - len(rest) + 1
    if rest:
        raise FormulaError(f"unexpected character {rest[0]!r}", column, _ALPHABET)
    yield _Token("end", "", column)


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0
        self._depth = 0

    def whole(self) -> Formula:
        formula = self._sum()
        if self._next.kind != "end":
            raise self._unexpected("an operator")
        return formula

    @property
    def _next(self) -> _Token:
        return self._tokens[self._position]

    def _take(self) -> _Token:
        token = self._next
        self._position += 1
        return token

    def _sum(self) -> Formula:
        left = self._product()
        while self._next.text in ("+", "-"):
            token = self._take()
            sign: Operator = "+" if token.text == "+" else "-"
            left = Operation(sign, left, self._product(), token.column)
        return left

    def _product(self) -> Formula:
        left = self._factor()
        while self._next.text in ("*", "/"):
            token = self._take()
            sign: Operator = "*" if token.text == "*" else "/"
            right = self._factor()
            if sign == "/" and constant(right) == 0:
                raise FormulaError("this divides by zero, always", token.column)
            left = Operation(sign, left, right, token.column)
        return left

    def _factor(self) -> Formula:
        token = self._next
        if token.kind not in ("number", "name") and token.text not in ("(", "-"):
            raise self._unexpected("a number, a name or '('")
        self._take()
        if token.kind == "number":
            return _number(token)
        return _named(token) if token.kind == "name" else self._nested(token)

    def _nested(self, token: _Token) -> Formula:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FormulaError(f"nested deeper than {MAX_DEPTH} levels", token.column)
        if token.text == "-":
            formula: Formula = Negation(self._factor(), token.column)
        else:
            formula = self._sum()
            if self._next.text != ")":
                raise self._unexpected(f"')' for the '(' at column {token.column}")
            self._take()
        self._depth -= 1
        return formula

    def _unexpected(self, wanted: str) -> FormulaError:
        token = self._next
        found = "the end" if token.kind == "end" else repr(token.text)
        return FormulaError(f"expected {wanted}, found {found}", token.column)


def _number(token: _Token) -> Number:
    whole, _, fraction = token.text.partition(".")
    if len(whole) + len(fraction) > MAX_DIGITS:
        raise FormulaError(f"a number has more than {MAX_DIGITS} digits", token.column)
    return Number(int(whole + fraction), 10 ** len(fraction), token.column)


def _named(token: _Token) -> Formula:
    milliseconds = TIME_UNITS.get(token.text)
    if milliseconds is None:
        return Name(token.text, token.column)
    return Number(milliseconds, 1, token.column, TIME)
