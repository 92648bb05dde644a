"""Money that has no rate: what a worker holds of it, apart from all readings."""

from __future__ import annotations

from typing import NamedTuple


class Unpriced(NamedTuple):
    """Amounts in a currency that could not be converted to the reporting currency.

    ``amount`` is their total in major units, ``events`` how many there are; both are of all
    traffic together, over the longest window.
    """

    currency: str
    amount: float
    events: int
