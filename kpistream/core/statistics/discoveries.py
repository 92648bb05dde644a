"""Discoveries: which of many small p-values stand out, though some would be small by chance."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def adjusted(ps: Mapping[Key, float], tests: int | None = None) -> dict[Key, float]:
    """The smallest false discovery rate at which each p-value is a discovery, in their order.

    min over j >= i of p_(j) tests / j, at most 1, where p_(j) is the j-th smallest. ``tests`` is
    how many were made in all, by default as many as are given. Those left out must be larger than
    those given; what is accepted at a rate is exact if they are larger than that rate. Benjamini
    and Hochberg (1995), "Controlling the false discovery rate". Raises ValueError if one is no
    probability, or if more are given than were made.
    """
    made = len(ps) if tests is None else tests
    _check(ps, made)
    found: dict[Key, float] = {}
    least = 1.0
    ranked = sorted(ps.items(), key=lambda item: item[1])
    for rank in range(len(ranked), 0, -1):
        key, p = ranked[rank - 1]
        least = min(least, p * made / rank)
        found[key] = least
    return {key: found[key] for key in ps}


def benjamini_hochberg(
    ps: Mapping[Key, float], rate: float, tests: int | None = None
) -> frozenset[Key]:
    """Those of which at most a share of ``rate`` is expected to be there by chance.

    Holds for independent tests and for those that depend positively, such as KPIs of one campaign
    that fall together (Benjamini and Yekutieli 2001). Raises ValueError as :func:`adjusted` does.
    """
    return frozenset(key for key, least in adjusted(ps, tests).items() if least <= rate)


def _check(ps: Mapping[Key, float], made: int) -> None:
    if len(ps) > made:
        raise ValueError(f"{len(ps)} p-values cannot come from {made} tests")
    for key, p in ps.items():
        if not 0 <= p <= 1:
            raise ValueError(f"{p!r} of {key!r} is no probability")
