"""Numbers with decimals as exact integers: millionths, never a float."""

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

DECIMALS: Final = 6
DECIMAL_SCALE: Final = 10**DECIMALS
"""Parts of one that a number can tell apart: 1.5 is 1_500_000."""

MAX_DECIMAL: Final = 10**12
"""The largest number, and without its sign the smallest: a million million."""

_STEP: Final = Decimal(1).scaleb(-DECIMALS)
_EXACTLY: Final = Context(prec=40, traps=[Inexact, InvalidOperation])


class InvalidDecimal(ValueError):
    """A number that cannot be held exactly; the message never repeats it."""


def scaled_decimal(value: Decimal) -> int:
    """The number as a whole number of millionths. Raises InvalidDecimal.

    Zeros at the end are harmless, however many there are.
    """
    if not value.is_finite():
        raise InvalidDecimal("not a number")
    if value.copy_abs() > MAX_DECIMAL:
        raise InvalidDecimal("number is larger than the limit")
    try:
        return int(value.quantize(_STEP, context=_EXACTLY).scaleb(DECIMALS, _EXACTLY))
    except Inexact:
        raise InvalidDecimal(f"number has more than {DECIMALS} decimals") from None
