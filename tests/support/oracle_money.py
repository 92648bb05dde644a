"""The oracle's money: amounts in ten-thousandths of the smallest unit, and what they are worth.

A rate is read from a text such as the ECB publishes (`Date,USD,JPY`: what one euro buys) or from
one rate a line (`date,currency,rate`: what one unit of the currency is worth).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

DECIMALS: Final = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "JPY": 0, "KWD": 3}
"""The currencies the oracle knows; tests stick to them."""

RATE_SCALE: Final = 10**12
MAX_RATE_AGE_DAYS: Final = 7

_AMOUNT: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


class NotMoney(Exception):
    """It has the wrong shape, or cannot be held exactly."""


def scaled(money: Any) -> tuple[str, int]:
    """Currency, and amount in ten-thousandths of its smallest unit. Raises NotMoney."""
    if not isinstance(money, dict) or money.get("currency") not in DECIMALS:
        raise NotMoney
    text, minor, exponent = (money.get(name) for name in ("amount", "minor", "exponent"))
    if isinstance(text, str) and minor is None and exponent is None and _AMOUNT.fullmatch(text):
        exact = Decimal(text)
    elif text is None and isinstance(minor, int) and isinstance(exponent, int) and minor >= 0:
        exact = Decimal(minor).scaleb(-exponent)
    else:
        raise NotMoney
    whole = exact.scaleb(DECIMALS[money["currency"]] + 4)
    if whole != whole.to_integral_value() or whole > 10**17:
        raise NotMoney
    return money["currency"], int(whole)


def in_major(amount: int | Fraction, currency: str, power: int = 1) -> Fraction:
    """A scaled amount (or a sum of squares of them) in euros, yen or dinars."""
    return Fraction(amount) / Fraction(10) ** (power * (DECIMALS[currency] + 4))


class Exchange:
    """What amounts are worth in the reporting currency, by the newest rate of a week."""

    def __init__(self, rates: str = "", reporting: str = "EUR") -> None:
        self.reporting = reporting
        self._worth = _worth(rates, reporting)

    def factor(self, currency: str, on: date) -> int | None:
        """What a scaled amount is multiplied by to be a reported one times RATE_SCALE."""
        if currency == self.reporting:
            return RATE_SCALE
        days = self._worth.get(currency, {})
        for age in range(MAX_RATE_AGE_DAYS + 1):
            worth = days.get(on - timedelta(days=age))
            if worth is not None:
                decimals = DECIMALS[self.reporting] - DECIMALS[currency]
                return round(worth * Fraction(10) ** decimals * RATE_SCALE)
        return None


def _worth(rates: str, reporting: str) -> Mapping[str, Mapping[date, Fraction]]:
    """Currency and date to what one unit of it is worth in the reporting currency."""
    found: dict[str, dict[date, Fraction]] = {}
    for row in csv.DictReader(rates.splitlines()):
        if "rate" in row:
            on = date.fromisoformat(row["date"])
            found.setdefault(row["currency"], {})[on] = Fraction(row["rate"])
            continue
        on = date.fromisoformat(row.pop("Date"))
        bought = {"EUR": Fraction(1)}
        bought |= {c: Fraction(n) for c, n in row.items() if c and n not in ("", "N/A", None)}
        if reporting in bought:
            for currency, units in bought.items():
                found.setdefault(currency, {})[on] = bought[reporting] / units
    return found
