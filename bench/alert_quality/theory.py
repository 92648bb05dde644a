"""What the data can show at best: how often the tests reject, if all that is in a window is bad."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

import numpy as np
from numpy.random import Generator, default_rng

from kpistream.core.statistics.looks import single_look
from kpistream.core.statistics.sums import poisson_tail_above, sum_tail_below

LEVEL: Final = 0.05
"""Of a false alert in a week, by the default confidence."""

_SAMPLES: Final = 1_000
_FEWEST: Final = 5.0
_STEP: Final = 1.03
"""Sample sizes are told apart that differ by so much."""

_MOST_STEPS: Final = 300
_MOST_EVENTS: Final = 1_000


def power_of_a_rise(expected: float, times: float, window_s: float) -> float:
    """How often a count that comes ``times`` as often as expected is found in one full window.

    Exact Poisson, at the level that looking all week asks of each look; the expectation is known.
    """
    level = single_look(LEVEL, window_s)
    least = int(expected)
    while poisson_tail_above(least, expected) > level:
        least += 1
    return poisson_tail_above(least, expected * times)


def events_needed(times: float, window_s: float, power: float) -> int:
    """The least expected count of a window of which a rise is found so often, or more."""
    return (
        bisect_left(
            range(1, _MOST_EVENTS), power, key=lambda n: power_of_a_rise(n, times, window_s)
        )
        + 1
    )


def orders_needed(
    roas: float, sigma: float, orders_an_hour: float, power: float, seed: int = 0
) -> tuple[float, float]:
    """The least number of orders at which a return on ad spend below 1 is found, and the hours.

    By the gamma test of Fay and Feuer, whose weight is the true size-biased mean of an order, in a
    window that is just as long as so many orders take; ``power`` is how often it must be found.
    """

    def is_enough(steps: int) -> bool:
        orders = _FEWEST * _STEP**steps
        level = single_look(LEVEL, orders / orders_an_hour * 3_600)
        return _found(orders, roas, sigma, level, default_rng(seed)) >= power

    orders = _FEWEST * _STEP ** bisect_left(range(_MOST_STEPS), True, key=is_enough)
    return orders, orders / orders_an_hour


def _found(orders: float, roas: float, sigma: float, level: float, random: Generator) -> float:
    """How often the test rejects; an order is worth 1 on average."""
    found = 0
    weight = float(np.exp(sigma**2))
    for number in random.poisson(orders, _SAMPLES):
        values = np.exp(random.normal(-(sigma**2) / 2, sigma, number))
        total, squares = float(values.sum()), float((values**2).sum())
        found += sum_tail_below(total, squares, orders / roas, weight) <= level
    return found / _SAMPLES
