"""Numbers as people read them: by unit, and chances as one in so many."""

from __future__ import annotations

from math import isfinite
from typing import Final

from kpistream.core.alerting.why import sentence

DIGITS: Final = 3

NO_VALUE: Final = "no value"

RAREST: Final = 1_000_000_000
"""Nothing is called rarer than one in so many: no model is that good."""

_TIMES: Final = ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min"))
"""From so many seconds on a time is told in this unit, of so many seconds."""


def value_text(value: float | None, unit: str, currency: str | None, digits: int = DIGITS) -> str:
    """A KPI's value: `1.23 %`, `41.2 EUR`, `12 min`, `1,667`.

    A ratio with a currency is one of money to money, and told as it is: a ROAS is 0.8, and no 80 %.
    """
    if value is None:
        return NO_VALUE
    match unit:
        case "ratio" if not currency:
            return f"{number_text(value * 100, digits)} %"
        case "money":
            return f"{number_text(value, digits)} {currency or ''}".rstrip()
        case "seconds":
            return duration_text(value, digits)
    return number_text(value, digits)


def money_text(amount: float, currency: str | None) -> str:
    """Money to the cent where that matters: `41.20 EUR`, `1,234 EUR`."""
    text = f"{amount:,.0f}" if abs(amount) >= 1_000 else f"{amount:,.2f}"
    return f"{text} {currency or ''}".rstrip()


def duration_text(seconds: float, digits: int = DIGITS) -> str:
    """A time in the unit that suits its length: `45 s`, `12 min`, `3.5 h`, `4 days`."""
    for least, length, unit in _TIMES:
        if abs(seconds) >= least:
            return f"{number_text(seconds / length, digits)} {unit}"
    return f"{number_text(seconds, digits)} s"


def chance_text(p: float) -> str:
    """A weekly probability in words: `less than 1 in 10,000 by chance in a week`."""
    if p >= 0.1:
        return f"{p * 100:.0f} % by chance in a week"
    return f"less than 1 in {_one_in(p):,} by chance in a week"


def plain_text(value: float | None) -> str:
    """A number for programs and people alike, to six significant digits; `no value` for none."""
    if value is None:
        return NO_VALUE
    return f"{value:.0f}" if abs(value) >= 100_000 else f"{value:.6g}"


def number_text(value: float, digits: int = DIGITS) -> str:
    """A number to so many digits, but never less than its whole part: `1,667`, `0.0123`."""
    return sentence.number_text(value, digits) if isfinite(value) else str(value)


def _one_in(p: float) -> int:
    """The largest of 5, 10, 20, 50, 100, ... of which ``p`` is less than one part."""
    found, power = 5, 10
    while power <= RAREST:
        for times in (1, 2, 5):
            if times * power > RAREST or p * times * power >= 1:
                return found
            found = times * power
        power *= 10
    return found
