"""Shapes: what kind of quantity a KPI's formula is, as far as chance is concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from kpistream.core.alerting.chance.quotients import Monomial, Polynomial, Quotient

IsRandom = Callable[[str], bool]
"""Whether chance moves the measure of this name."""


@dataclass(frozen=True, slots=True)
class Share:
    """``offset + factor * part / whole``, part and whole each being one measure."""

    offset: float
    factor: float
    part: str
    whole: str


@dataclass(frozen=True, slots=True)
class Linear:
    """``(fixed + sum of factor * measure) / exposure``: only the measures are left to chance.

    ``terms`` maps them to their factors; factors, what is fixed and the exposure are made of known
    measures. If ``inverse``, it is one over that: what was spent, per click.
    """

    terms: Mapping[str, Polynomial]
    fixed: Polynomial
    exposure: Polynomial
    inverse: bool = False


def share_of(quotient: Quotient) -> Share | None:
    """The formula as a share of one measure in another; None if it is none."""
    whole = _single(quotient.below)
    if whole is None:
        return None
    parts = [one for one in quotient.above if one != ((whole, 1),)]
    if len(parts) != 1 or _name(parts[0]) is None:
        return None
    offset = quotient.above.get(((whole, 1),), Fraction(0))
    factor = quotient.above[parts[0]]
    return Share(float(offset), float(factor), parts[0][0][0], whole)


def linear_of(quotient: Quotient, is_random: IsRandom) -> Linear | None:
    """The formula as a sum over what is known, or what is known over a sum; None if neither."""
    upright = _linear(quotient.above, quotient.below, is_random)
    if upright is not None:
        return upright
    turned = _linear(quotient.below, quotient.above, is_random)
    if turned is None or len(turned.terms) != 1 or turned.fixed:
        return None
    (factors,) = turned.terms.values()
    if min(*factors.values(), *turned.exposure.values()) <= 0:
        return None
    return Linear(turned.terms, turned.fixed, turned.exposure, inverse=True)


def amount_in(polynomial: Polynomial, amounts: Mapping[str, float]) -> float:
    """What a polynomial comes to where the measures have these amounts."""
    total = 0.0
    for monomial, factor in polynomial.items():
        product = float(factor)
        for name, power in monomial:
            product *= amounts[name] ** power
        total += product
    return total


def _linear(above: Polynomial, below: Polynomial, is_random: IsRandom) -> Linear | None:
    if not below or any(is_random(name) for monomial in below for name, _ in monomial):
        return None
    terms: dict[str, dict[Monomial, Fraction]] = {}
    fixed: dict[Monomial, Fraction] = {}
    for monomial, factor in above.items():
        random = [(name, power) for name, power in monomial if is_random(name)]
        if not random:
            fixed[monomial] = factor
        elif len(random) == 1 and random[0][1] == 1:
            rest = tuple(one for one in monomial if one != random[0])
            terms.setdefault(random[0][0], {})[rest] = factor
        else:
            return None
    return Linear(terms, fixed, below) if terms else None


def _single(polynomial: Polynomial) -> str | None:
    """The measure that the polynomial is, times nothing."""
    if len(polynomial) != 1:
        return None
    ((monomial, factor),) = polynomial.items()
    return _name(monomial) if factor == 1 else None


def _name(monomial: Monomial) -> str | None:
    return monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
