"""Areas: the integral of a tail that falls off smoothly, at a cost that does not grow with size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

DEPTH: Final = 34.0
"""A tail is cut where it has fallen to exp(-34) of where it begins: 2e-15."""

_NODES, _WEIGHTS = (
    (column / 2).tolist() for column in np.polynomial.legendre.leggauss(24) + np.array([[1], [0]])
)
_RULE: Final = tuple(zip(_NODES, _WEIGHTS, strict=True))
"""Gauss and Legendre's rule of 24 points on [0, 1]: exact to 1e-13 for such tails."""


def tail_area(
    log_ratio: Callable[[float], float], fall: float, bend: float, room: float = math.inf
) -> float:
    """The integral of exp(log_ratio(d)) over distances d from 0 to ``room``.

    ``log_ratio`` is concave and 0 at 0, where its first derivative is -``fall`` and its second
    one -``bend``, so the integrand falls at least as fast as an exponential or a normal density.
    """
    reach = _reach(log_ratio, fall, bend, room)
    return reach * math.fsum(weight * math.exp(log_ratio(reach * node)) for node, weight in _RULE)


def reach_of(fall: float, bend: float) -> float:
    """How far a tail reaches until it is cut, if its logarithm is quadratic."""
    return 2 * DEPTH / (fall + math.sqrt(fall * fall + 2 * bend * DEPTH))


def _reach(log_ratio: Callable[[float], float], fall: float, bend: float, room: float) -> float:
    """A distance beyond which there is nothing that counts.

    Where the quadratic falls short, on along the chord from 0: a concave function stays below it.
    """
    reach = reach_of(fall, bend)
    if reach >= room:
        return room
    depth = -log_ratio(reach)
    return reach if depth >= DEPTH else min(room, reach * DEPTH / depth)
