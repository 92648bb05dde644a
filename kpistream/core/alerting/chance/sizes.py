"""Sizes: how large the amounts of a total are, told with care from those that were seen.

Sums of amounts are compound Poisson: the variance of one is its sum times the size-biased mean
of its amounts, sum(x^2) / sum(x). A few amounts tell that mean badly, and mostly too low, since
what is rare and large was not seen yet. So a sample is taken together with amounts that were not
seen but might be, spread as widely as orders are, and its spread is raised by its own error.
"""

from __future__ import annotations

from math import expm1, sqrt
from typing import Final, NamedTuple

PRIOR_SPREAD: Final = expm1(1.2**2)
"""The squared coefficient of variation before anything was seen: lognormal, with a sigma of 1.2."""

PRIOR_NUMBER: Final = 10
"""How many amounts of that spread stand beside those seen."""

AGAINST: Final = 8.0
"""How many of its own errors the spread is raised by, where too small a spread means an alarm.

Found by simulation, for amounts up to a lognormal's sigma of 1.2 and from 5 to 500 of them.
"""

ALONG: Final = 1.0
"""The same where a sample that looks narrow is likely to lie on the other side of the line."""


class Sizes(NamedTuple):
    """Amounts: how many (None if nobody counts them), their sum, the sum of their squares."""

    number: float | None
    total: float
    squares: float

    @property
    def known(self) -> float:
        """For how many amounts of one size the sample stands: (sum x)^2 / sum x^2 (Kish 1965)."""
        return self.total * self.total / self.squares if self.squares > 0 else 0.0

    @property
    def weight(self) -> float | None:
        """The size-biased mean amount as it was seen; None before there is any."""
        return self.squares / self.total if min(self.total, self.squares) > 0 else None

    def careful_weight(self, caution: float) -> float | None:
        """The size-biased mean amount, with the spread raised by so many of its errors."""
        if min(self.total, self.squares) <= 0:
            return None
        if self.number is None or self.number < 1:
            return self._uncounted(caution)
        seen = max(self.number * self.squares / self.total**2 - 1.0, 0.0)
        spread = _shrunk(seen, self.number)
        mean = self.total / self.number
        return mean * (1.0 + spread * (1.0 + caution * spread / sqrt(self.number)))

    def _uncounted(self, caution: float) -> float:
        """The same where nobody counts them: they may be spread as widely as those not seen."""
        error = caution * PRIOR_SPREAD / sqrt(self.known)
        widened = (1.0 + PRIOR_SPREAD * (1.0 + error)) / (1.0 + PRIOR_SPREAD)
        return self.squares / self.total * widened


def _shrunk(spread: float, number: float) -> float:
    return (number * spread + PRIOR_NUMBER * PRIOR_SPREAD) / (number + PRIOR_NUMBER)
