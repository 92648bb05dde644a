"""How a report's page says words, numbers and dates in one language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from kpistream.cli.reporting.words import WORDS
from kpistream.core.alerting.why.sentence import number_text
from kpistream.core.kpis.kpi import Language
from kpistream.core.names import board_name, dimension_name, member_name, slice_name

_MONTHS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
_WEEKDAYS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
}
_KINDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "day": {"en": "day", "fr": "jour"},
    "week": {"en": "week", "fr": "semaine"},
    "month": {"en": "month", "fr": "mois"},
    "quarter": {"en": "quarter", "fr": "trimestre"},
    "span": {"en": "period", "fr": "période"},
}
_TIMES: Final[Mapping[Language, tuple[tuple[int, int, str], ...]]] = {
    "en": ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min"), (0, 1, "s")),
    "fr": ((172_800, 86_400, "jours"), (7_200, 3_600, "h"), (120, 60, "min"), (0, 1, "s")),
}

_DIGITS: Final = 3

MINUS: Final = "\N{MINUS SIGN}"
DASH: Final = "\N{EN DASH}"


class Speech:
    """Says things in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, name: str, *texts: object, **facts: object) -> str:
        """The words of this name, with texts in their places."""
        return WORDS[name][self.language].format(*texts, **facts)

    def kind(self, kind: str) -> str:
        """What a kind of period is called."""
        return _KINDS[kind][self.language]

    def of(self, names: Mapping[Language, str], otherwise: str = "") -> str:
        """A name in the language, or in the other one."""
        return names.get(self.language) or next(iter(names.values()), otherwise)

    def dimension(self, dimension: str) -> str:
        """What a dimension is called inside a sentence."""
        return dimension_name(dimension, self.language)

    def where(self, part: Mapping[str, str]) -> str:
        """A slice by its dimensions and members; nothing for the total."""
        return slice_name(part, self.language)

    def member(self, member: str) -> str:
        """A member of a dimension; what is none is told in words."""
        return member_name(member, self.language)

    def board(self, board: str) -> str:
        """What a dashboard, or a funnel, is called as a title."""
        return board_name(board, self.language)

    # -- numbers ---------------------------------------------------------------------------------

    def number(self, value: float, digits: int = _DIGITS) -> str:
        """A number to so many digits, but never less than its whole part: `1,667`, `0.0123`."""
        return self._written(number_text(value, digits))

    def whole(self, value: float) -> str:
        """A count: `1,204`."""
        return self._written(f"{value:,.0f}" if value == int(value) else number_text(value, 3))

    def percent(self, part: float, digits: int = _DIGITS) -> str:
        """A part of a whole: `12.3 %`."""
        return f"{self.number(part * 100, digits)} %"

    def moved(self, part: float) -> str:
        """How much something went up or down, as a part of what it was: `12.3 %`, `140 %`."""
        percent = abs(part) * 100
        if 0 < percent < 0.05:
            return f"< {self._written('0.1')} %"
        return self._written(f"{percent:,.{0 if percent >= 100 else 1}f} %")

    def change(self, value: float, before: float, unit: str, currency: str | None) -> str:
        """How much a value changed, without a sign: as a part of what it was, if it was anything.

        That of a percentage is in percentage points, and that of points is in points.
        """
        size = abs(value - before)
        if unit == "points" or (unit == "ratio" and currency is None):
            return self._points(size, unit)
        return self.moved(size / abs(before)) if before else self.value(size, unit, currency)

    def difference(self, value: float, unit: str, currency: str | None) -> str:
        """A difference of two values with its sign; that of two percentages is in points."""
        size = abs(value)
        if unit == "points" or (unit == "ratio" and currency is None):
            return self.signed(self._points(size, unit), value)
        if unit == "money":
            return self.signed(f"{self.number(size)} {currency or ''}".rstrip(), value)
        return self.signed(self.value(size, unit, currency), value)

    def short(self, value: float, unit: str, currency: str | None) -> str:
        """A value beside an axis: `6k`, `20 %`."""
        if unit == "ratio" and currency is None:
            return self.percent(value)
        if unit == "seconds":
            return self.time(value)
        size = abs(value)
        for least, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if size >= least:
                return f"{self.number(value / least)}{letter}"
        return self.number(value)

    def signed(self, text: str, value: float) -> str:
        """A text of a size with the sign of its value."""
        return f"{MINUS if value < 0 else '+'}{text}"

    def value(self, value: float | None, unit: str, currency: str | None) -> str:
        """A KPI's value in its unit; a ratio of money, with a currency, is told as it is."""
        if value is None:
            return self("no_value")
        match unit:
            case "ratio" if currency is None:
                return self.percent(value)
            case "money":
                return f"{self._money(value)} {currency or ''}".rstrip()
            case "seconds":
                return self.time(value)
            case "count":
                return self.whole(value)
        return self.number(value)

    def time(self, seconds: float) -> str:
        """A length of time in the unit that suits it: `45 s`, `12 min`, `4 days`."""
        times = _TIMES[self.language]
        length, unit = next((n, u) for least, n, u in times if abs(seconds) >= least)
        return f"{self.number(seconds / length)} {unit}"

    def _points(self, size: float, unit: str) -> str:
        """Points, or of a ratio percentage points: `12.3 points`, `0.25 pp`."""
        name, points = ("pp", size * 100) if unit == "ratio" else ("points", size)
        if points < 0.005:
            return self(name, self.number(points))
        text = f"{points:,.{2 if points < 1 else 1}f}".rstrip("0").rstrip(".")
        return self(name, self._written(text))

    def _money(self, amount: float) -> str:
        return self._written(f"{amount:,.0f}" if abs(amount) >= 1000 else f"{amount:,.2f}")

    def _written(self, text: str) -> str:
        if self.language == "en":
            return text.replace("-", MINUS)
        mapped = text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")
        return mapped.replace("-", MINUS)

    # -- dates -----------------------------------------------------------------------------------

    def day(self, on: date, with_year: bool = True) -> str:
        """A date: `2 March 2026`."""
        first = "1er" if self.language == "fr" and on.day == 1 else str(on.day)
        return f"{first} {_MONTHS[self.language][on.month - 1]}{f' {on.year}' if with_year else ''}"

    def weekday(self, on: date) -> str:
        """A day of the week, short: `Mon 2`."""
        return f"{_WEEKDAYS[self.language][on.weekday()]} {on.day}"

    def short_day(self, on: date) -> str:
        """A date beside an axis: `2 Mar`."""
        if self.language == "fr":
            return f"{on.day}/{on.month}"
        return f"{on.day} {_MONTHS[self.language][on.month - 1][:3]}"

    def days(self, first: date, last: date) -> str:
        """The days of a period: `8 March 2026` with what is before it."""
        if first == last:
            return self.day(first)
        if (first.year, first.month) == (last.year, last.month):
            begin = "1er" if self.language == "fr" and first.day == 1 else str(first.day)
            return f"{begin}{DASH}{self.day(last)}"
        return f"{self.day(first, first.year != last.year)} {DASH} {self.day(last)}"

    def moment(self, wall: datetime) -> str:
        """What the clocks show: `Mon 2 March, 10:05`."""
        weekday = _WEEKDAYS[self.language][wall.weekday()]
        return f"{weekday} {self.day(wall.date(), with_year=False)}, {wall:%H:%M}"
