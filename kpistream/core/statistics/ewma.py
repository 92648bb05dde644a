"""Moving averages: a mean and a spread in which a value counts for less the older it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

_LEAST_CLIP: Final = 2.0
"""Below two sigmas a spread that has become too small might never grow again."""


@dataclass(frozen=True, slots=True)
class Ewma:
    """What has been learned of a series: an exponentially weighted mean and variance.

    A value counts half as much after ``half_life`` steps. For ``grace`` values there is no score.
    After these, what lies further than ``clip`` sigmas from the mean is taken as lying just there
    before it is learned: one wild value moves the mean by little, yet a new level is learned in
    time. Within the grace a wild value counts in full.

    ``weight`` and ``weight_squares`` are the sums of the weights and of their squares, ``squares``
    the weighted sum of squared deviations. Raises ValueError for a half-life that is not positive,
    a grace below 2, or a clip below 2.
    """

    half_life: float
    grace: int
    clip: float
    seen: int = 0
    mean: float = 0.0
    squares: float = 0.0
    weight: float = 0.0
    weight_squares: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.half_life < math.inf:
            raise ValueError(f"a half-life of {self.half_life!r} steps is none")
        if self.grace < 2:
            raise ValueError(f"a grace of {self.grace!r} values: a spread takes at least 2")
        if not self.clip >= _LEAST_CLIP:
            raise ValueError(f"a clip of {self.clip!r} sigmas: at least {_LEAST_CLIP}")

    @property
    def variance(self) -> float:
        """The variance without bias, 0 before there are two values.

        squares / (W - W2 / W) with the sums W of the weights and W2 of their squares: of equal
        weights, that is the division by n - 1.
        """
        if self.seen < 2:
            return 0.0
        return self.squares / (self.weight - self.weight_squares / self.weight)

    def score(self, value: float) -> float | None:
        """How many sigmas a value lies above the mean of those learned before.

        None within the grace, and while all values have been the same.
        """
        sigma = math.sqrt(self.variance)
        if self.seen < self.grace or sigma == 0:
            return None
        return (value - self.mean) / sigma

    def learned(self, value: float) -> Self:
        """What is known with one more value.

        West (1979), "Updating mean and variance estimates: an improved method", with weights that
        shrink by 2^(-1 / half_life) a step. Raises ValueError if the value is not finite.
        """
        if not math.isfinite(value):
            raise ValueError(f"{value!r} is no finite number")
        decay = 0.5 ** (1 / self.half_life)
        weight = self.weight * decay + 1
        distance = self._clipped(value) - self.mean
        return type(self)(
            half_life=self.half_life,
            grace=self.grace,
            clip=self.clip,
            seen=self.seen + 1,
            mean=self.mean + distance / weight,
            squares=decay * self.squares + distance * distance * (1 - 1 / weight),
            weight=weight,
            weight_squares=self.weight_squares * decay * decay + 1,
        )

    def _clipped(self, value: float) -> float:
        sigma = math.sqrt(self.variance)
        if self.seen < self.grace or sigma == 0:
            return value
        bound = self.clip * sigma
        return min(max(value, self.mean - bound), self.mean + bound)
