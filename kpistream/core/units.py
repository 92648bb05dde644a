"""Units: what a sum is counted in, and which arithmetic on it makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

MeasureUnit = Literal["count", "money", "milliseconds"]
"""What a measure's sum is counted in; money in scaled smallest units of a currency."""

KpiUnit = Literal["ratio", "money", "seconds", "count"]
"""What a KPI's value is read in: money in major units, ratios as 0.03 for 3 %."""

MILLISECONDS_PER_SECOND: Final = 1000


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

_MONEY: Final = Dimension(money=1)
_TIME: Final = Dimension(time=1)
_COUNT: Final = Dimension(number=1)

DIMENSIONS: Final[Mapping[MeasureUnit, Dimension]] = MappingProxyType(
    {"count": _COUNT, "money": _MONEY, "milliseconds": _TIME}
)
"""The dimension of each unit of a measure."""

_READABLE: Final[Mapping[KpiUnit, tuple[Dimension, ...]]] = MappingProxyType(
    {
        "ratio": (PLAIN,),
        "money": (_MONEY, _MONEY.per(_COUNT)),
        "seconds": (_TIME, _TIME.per(_COUNT)),
        "count": (_COUNT,),
    }
)


def units_of(dimension: Dimension) -> tuple[KpiUnit, ...]:
    """The units in which such a quantity can be read; money per click is money."""
    return tuple(unit for unit, readable in _READABLE.items() if dimension in readable)
