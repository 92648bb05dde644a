"""Money as exact integers: a currency's smallest unit times a fixed scale, never a float."""

import re
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta, Struct

from kpistream.core.money.currencies import EXPONENTS

SCALE_DIGITS: Final = 4
SCALE: Final = 10**SCALE_DIGITS
"""Parts of a smallest unit that an amount can tell apart: 12.34 EUR is 1234 * SCALE."""

MAX_AMOUNT: Final = 10**17
"""The largest single amount, scaled: 100 billion EUR. 92 of them still fit 64 bits."""

MAX_TEXT: Final = 40
"""The longest decimal text that is read, in characters."""

_DECIMAL: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?")


class InvalidMoney(ValueError):
    """An amount that cannot be held exactly; the message never repeats the amount."""


class UnknownCurrency(InvalidMoney):
    """A code that is not an active ISO 4217 currency in capitals."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"unknown currency {currency[:3]!a}")


def exponent(currency: str) -> int:
    """The decimals of the currency's smallest unit (ISO 4217): EUR 2, JPY 0, KWD 3.

    Raises UnknownCurrency.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def units_per_major(currency: str) -> int:
    """What one euro, yen or dinar is as an amount. Raises UnknownCurrency."""
    units: int = 10 ** _decimals(currency)
    return units


def parse_amount(text: str, currency: str) -> int:
    """The exact amount that an unsigned decimal text such as `12.34` stands for.

    Raises InvalidMoney on a sign, an exponent or any other syntax, on digits finer
    than SCALE can hold, above MAX_AMOUNT, and (as UnknownCurrency) on the currency.
    """
    decimals = _decimals(currency)
    number = _DECIMAL.fullmatch(text) if len(text) <= MAX_TEXT else None
    if number is None:
        raise InvalidMoney("amount is not a plain unsigned decimal number such as 12.34")
    fraction = (number[2] or "").rstrip("0")
    if len(fraction) > decimals:
        raise InvalidMoney(f"amount has more than {decimals} decimals, too fine for {currency}")
    return _within_limit(int(number[1] + fraction), decimals - len(fraction))


def format_amount(amount: int, currency: str) -> str:
    """The shortest decimal text of an amount with at least the currency's usual decimals.

    Sums may be negative (more refunds than sales), so a minus sign can appear here.
    Raises UnknownCurrency.
    """
    usual, decimals = exponent(currency), _decimals(currency)
    whole, rest = divmod(abs(amount), 10**decimals)
    digits = f"{rest:0{decimals}d}"
    fraction = digits[:usual] + digits[usual:].rstrip("0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


class Money(Struct, frozen=True, gc=False, omit_defaults=True):
    """An amount as it travels: a decimal text, or minor units with their exponent.

    Minor units always name their exponent, because senders disagree on it for the
    same currency; a guess would be wrong by a factor of 100 without anybody noticing.
    """

    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    amount: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)] | None = None
    minor: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)] | None = None
    exponent: Annotated[int, Meta(ge=0, le=8)] | None = None

    def scaled(self) -> int:
        """The exact amount (smallest units times SCALE). Raises InvalidMoney."""
        return _scaled(self.currency, self.amount, self.minor, self.exponent)


@lru_cache(maxsize=16_384)
def _scaled(
    currency: str, amount: str | None, minor: int | None, minor_exponent: int | None
) -> int:
    # Cached because prices repeat, and because each amount is asked for twice:
    # when the event is validated and when it is added up.
    if amount is not None and minor is None and minor_exponent is None:
        return parse_amount(amount, currency)
    if amount is None and minor is not None and minor_exponent is not None:
        return _from_minor(minor, minor_exponent, currency)
    raise InvalidMoney("money needs either `amount`, or `minor` with `exponent`")


def _from_minor(minor: int, minor_exponent: int, currency: str) -> int:
    decimals = _decimals(currency)
    if minor_exponent > decimals:
        raise InvalidMoney(f"exponent is more than {decimals}, too fine for {currency}")
    return _within_limit(minor, decimals - minor_exponent)


def _decimals(currency: str) -> int:
    return exponent(currency) + SCALE_DIGITS


def _within_limit(digits: int, zeros: int) -> int:
    """The amount written as these digits followed by that many zeros."""
    amount: int = digits * 10**zeros
    if amount > MAX_AMOUNT:
        raise InvalidMoney("amount is larger than the limit")
    return amount
