"""Files of exchange rates, as the European Central Bank publishes them and in a simple long form.

The bank's form has a column for each currency, and says what one euro was in it:

    Date,USD,JPY,
    2026-01-06,1.1707,183.05,
    2026-01-05,1.1664,N/A,

The long form has a line for each rate, and says what one unit of the currency was in the reporting
currency:

    date,currency,rate
    2026-01-06,USD,0.8542
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple, Protocol

from kpistream.core.located_yaml import ConfigError, ConfigErrors
from kpistream.core.money.currencies import EXPONENTS
from kpistream.core.money.money import exponent

MAX_CHARACTERS: Final = 16_000_000
"""The largest file that is read: seven times all the bank's rates since 1999."""

MAX_MISTAKES: Final = 20
"""After so many mistakes no more are looked for: a file of another form has one in each line."""

MOST_PER_UNIT: Final = 10**7
"""How many smallest units may make one of the other currency: a factor keeps six digits."""

FORMS: Final = ("Date,USD,JPY,...", "date,currency,rate")
DATES: Final = ("2026-01-31", "31 January 2026")

_LONG: Final = ("date", "currency", "rate")
_BASE: Final = "EUR"
_NO_RATE: Final = frozenset({"", "N/A"})
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_CODE: Final = re.compile(r"[A-Z]{3}")
_NUMBER: Final = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,15}))?")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONG_DATE: Final = re.compile(r"([0-9]{1,2}) ([A-Za-z]+) ([0-9]{4})")

Cells = Sequence[str]


class Worth(NamedTuple):
    """What one smallest unit of a currency was in smallest units of another, as a fraction."""

    on: date
    currency: str
    numerator: int
    denominator: int

    def times(self, scale: int) -> int:
        """The worth times ``scale`` as an integer, rounded half to even."""
        whole, rest = divmod(self.numerator * scale, self.denominator)
        half = 2 * rest - self.denominator
        return whole + (half > 0 or (half == 0 and whole % 2 == 1))


class _Mistake(Exception):
    """What is wrong in a line: the column, the problem, and what is allowed."""

    def __init__(self, column: str, problem: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(problem)
        self.column = column
        self.allowed = tuple(allowed)


def read_rates(text: str, filename: str, reporting: str) -> list[Worth]:
    """What currencies were worth in the reporting one, in the order of the file.

    Raises ConfigErrors with the first mistakes of the file, at most one a line, and
    UnknownCurrency for ``reporting``.
    """
    exponent(reporting)
    found = _Found(filename)
    if len(text) > MAX_CHARACTERS:
        found.refuse(1, _Mistake("", f"the file is larger than {MAX_CHARACTERS} characters"))
    else:
        found.read(text.removeprefix("\ufeff"), reporting)
    if found.mistakes:
        raise ConfigErrors(found.mistakes)
    return found.worths


class _Found:
    """The worths and the mistakes of a file."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._line_of: dict[tuple[date, str], int] = {}
        self.worths: list[Worth] = []
        self.mistakes: list[ConfigError] = []

    def refuse(self, line: int, mistake: _Mistake) -> None:
        error = ConfigError(self._filename, line, mistake.column, str(mistake), mistake.allowed)
        self.mistakes.append(error)

    def read(self, text: str, reporting: str) -> None:
        form: _Form | None = None
        for line, row in enumerate(text.split("\n"), start=1):
            try:
                form = self._read_line(line, row, form, reporting)
            except _Mistake as mistake:
                self.refuse(line, mistake)
                if form is None or len(self.mistakes) == MAX_MISTAKES:
                    return
        if form is None:
            self.refuse(1, _Mistake("", "the file is empty", FORMS))
        elif not self.worths and not self.mistakes:
            self.refuse(1, _Mistake("", f"there is no rate for {reporting} in the file"))

    def _read_line(self, line: int, row: str, form: _Form | None, reporting: str) -> _Form | None:
        """Take a line in; the form that the lines after it have."""
        cells = _cells(row)
        if not any(cells):
            return form
        if form is None:
            return _form(cells, reporting)
        for worth in form.worths(cells):
            self._keep(line, worth)
        return form

    def _keep(self, line: int, worth: Worth) -> None:
        first = self._line_of.setdefault((worth.on, worth.currency), line)
        if first != line:
            problem = f"the rate of {worth.on} is already in line {first}"
            raise _Mistake(worth.currency, problem)
        self.worths.append(worth)


class _Form(Protocol):
    """How the lines below a header are read."""

    def worths(self, cells: Cells) -> Iterator[Worth]:
        """What a line says. Raises _Mistake."""


class _BankForm:
    """A line for each date, a column for each currency: what one euro was in it.

    Columns of currencies that are no more, of which the bank's file has a dozen, are left out.
    """

    def __init__(self, header: Cells, reporting: str) -> None:
        header = header if header[-1] else header[:-1]
        self._width = len(header)
        self._columns = [(i, code) for i, code in enumerate(header) if code in EXPONENTS]
        self._reporting = reporting
        for place, code in enumerate(header[1:], start=1):
            if not _CODE.fullmatch(code):
                raise _Mistake("", f"the header has {code[:20]!r} where a currency belongs", FORMS)
            if code == _BASE:
                raise _Mistake(code, "rates of this form are for one EUR, which has no column")
            if code in header[:place]:
                raise _Mistake(code, "the currency has two columns")
        if reporting not in {_BASE, *header}:
            raise _Mistake("", f"there is no column for {reporting}, the reporting currency")

    def worths(self, cells: Cells) -> Iterator[Worth]:
        _expect_width(cells, self._width)
        on = _date(cells[0])
        per_euro = {
            code: _number(cells[place], code)
            for place, code in self._columns
            if cells[place] not in _NO_RATE
        }
        per_euro[_BASE] = 1, 1
        reporting = per_euro.get(self._reporting)
        if reporting is None:
            return
        for code, (number, parts) in per_euro.items():
            if code != self._reporting:
                value = reporting[0] * parts, reporting[1] * number
                yield _worth(on, code, value, self._reporting)


class _LongForm:
    """A line for each date and currency: what one unit of it was in the reporting currency."""

    def __init__(self, reporting: str) -> None:
        self._reporting = reporting

    def worths(self, cells: Cells) -> Iterator[Worth]:
        _expect_width(cells, len(_LONG))
        on, code, value = _date(cells[0]), cells[1], _number(cells[2], "rate")
        if code not in EXPONENTS:
            raise _Mistake("currency", f"unknown currency {code[:20]!r}", sorted(EXPONENTS))
        if code != self._reporting:
            yield _worth(on, code, value, self._reporting)
        elif value[0] != value[1]:
            raise _Mistake("rate", f"{code} is the reporting currency, of which one is worth 1")


def _form(header: Cells, reporting: str) -> _Form:
    names = tuple(name.lower() for name in header)
    if names == _LONG:
        return _LongForm(reporting)
    if names[0] == "date" and len(names) > 1:
        return _BankForm(header, reporting)
    if ";" in header[0]:
        raise _Mistake("", "values are separated by `;`, which must be commas", FORMS)
    raise _Mistake("", "the first line is no header of a file of rates", FORMS)


def _cells(row: str) -> list[str]:
    """The values of a line, trimmed. Raises _Mistake: a quoted value ends in its line."""
    try:
        return [cell.strip() for cell in next(csv.reader([row], strict=True), [])]
    except csv.Error as error:
        raise _Mistake("", f"not CSV: {error}") from None


def _expect_width(cells: Cells, width: int) -> None:
    """The bank's lines end in a comma, after which there is no value. Raises _Mistake."""
    given = len(cells) - (len(cells) > width and not cells[-1])
    if given != width:
        raise _Mistake("", f"{given} values stand below a header of {width}")


def _date(text: str) -> date:
    """A date as in the bank's history, or as in its file of one day. Raises _Mistake."""
    try:
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text)
        if (parts := _LONG_DATE.fullmatch(text)) and parts[2].lower() in _MONTHS:
            return date(int(parts[3]), _MONTHS.index(parts[2].lower()) + 1, int(parts[1]))
    except ValueError:
        pass
    raise _Mistake("date", f"{text[:20]!r} is no date", DATES)


def _number(text: str, column: str) -> tuple[int, int]:
    """A positive decimal number as numerator and denominator. Raises _Mistake."""
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise _Mistake(column, f"{text[:20]!r} is not a plain positive number such as 1.1664")
    fraction = number[2] or ""
    digits = int(number[1] + fraction)
    if not digits:
        raise _Mistake(column, "a rate is more than 0")
    return digits, 10 ** len(fraction)


def _worth(on: date, code: str, value: tuple[int, int], reporting: str) -> Worth:
    """The worth of a smallest unit, of a unit's value. Raises _Mistake if it is too small."""
    numerator = value[0] * 10 ** exponent(reporting)
    denominator = value[1] * 10 ** exponent(code)
    if numerator * MOST_PER_UNIT < denominator:
        problem = f"one {code} is too little {reporting} to be converted exactly"
        raise _Mistake(code, problem)
    return Worth(on, code, numerator, denominator)
