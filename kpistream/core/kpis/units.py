"""Units: what a sum is counted in, and which arithmetic on it makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

MeasureUnit = Literal["count", "money", "milliseconds"]
"""What a measure's sum is counted in; money in scaled smallest units of a currency."""

KpiUnit = Literal["ratio", "money", "seconds", "count", "points"]
"""What a KPI's value is read in: money in major units, ratios as 0.03 for 3 %.

Points are plain numbers that are no share of anything, such as a score from -100 to 100.
"""

MILLISECONDS_PER_SECOND: Final = 1000

TIME_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "second": 1_000,
        "minute": 60_000,
        "hour": 3_600_000,
        "day": 86_400_000,
        "year": 31_557_600_000,
    }
)
"""The milliseconds in the units of time that formulas name; a year is one of 365.25 days."""


class Dimension(NamedTuple):
    """The powers of money, time and number in a quantity: euros per click are (1, 0, -1)."""

    money: int = 0
    time: int = 0
    number: int = 0

    def times(self, other: Dimension) -> Dimension:
        """The dimension of a product."""
        return Dimension(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def per(self, other: Dimension) -> Dimension:
        """The dimension of a quotient."""
        return Dimension(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    def scale(self, units_per_major: int) -> tuple[int, int]:
        """What to multiply and what to divide by, from raw sums to major units and seconds."""
        up = units_per_major ** max(-self.money, 0) * MILLISECONDS_PER_SECOND ** max(-self.time, 0)
        down = units_per_major ** max(self.money, 0) * MILLISECONDS_PER_SECOND ** max(self.time, 0)
        return up, down

    def __str__(self) -> str:
        powers = zip(("money", "time", "count"), self, strict=True)
        above: list[str] = []
        below: list[str] = []
        for name, power in powers:
            (above if power > 0 else below).extend([name] * abs(power))
        if not below:
            return " x ".join(above) or "a plain number"
        return f"{' x '.join(above) or '1'} per {' x '.join(below)}"


PLAIN: Final = Dimension()
"""The dimension of a plain number, and of a ratio."""

TIME: Final = Dimension(time=1)
"""The dimension of a span of time."""

_MONEY: Final = Dimension(money=1)
_COUNT: Final = Dimension(number=1)

DIMENSIONS: Final[Mapping[MeasureUnit, Dimension]] = MappingProxyType(
    {"count": _COUNT, "money": _MONEY, "milliseconds": TIME}
)
"""The dimension of each unit of a measure."""


def units_of(dimension: Dimension) -> tuple[KpiUnit, ...]:
    """The units in which such a quantity can be read.

    Money is money whatever it is counted per: a click's cost, or what an account brings in.
    """
    match (dimension.money, dimension.time, dimension.number):
        case (1, 0, _):
            return ("money",)
        case (0, 1, _):
            return ("seconds",)
        case (0, 0, 0):
            return ("ratio", "points")
        case (0, 0, 1):
            return ("count",)
    return ()
