"""The `drivers` of a KPI: a product of others that is the KPI itself, which is proved on reading.

`drivers: average_order_value * orders_per_click / cost_per_click` claims that this is the return on
ad spend. Both are worked out exactly over sums that are different prime numbers, twice: what is no
identity does not come to the same (as in the lemma of Schwartz and Zippel, 1980).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import count, islice
from math import isqrt
from typing import Final

from kpistream.core.catalogue.catalogue_file import CatalogueFile
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.catalogue.rests import behind
from kpistream.core.kpis.expressions import View
from kpistream.core.kpis.formulas import (
    Formula,
    FormulaError,
    Name,
    Number,
    Operation,
    names,
    parse,
    unknown_names,
)
from kpistream.core.kpis.kpi import Drivers, Kpi
from kpistream.core.located_yaml import Path

_CURRENCY: Final = "EUR"
"""What the money in the sums is in; no identity depends on which it is."""

_LEAST_PRIME: Final = 10_007
"""Small ones could come to the same by chance."""

_ROUNDS: Final = 2


def read_drivers(
    kpi: Kpi, file: CatalogueFile, kpis: Mapping[str, Kpi], mistakes: Mistakes
) -> Drivers | None:
    """The drivers that a KPI declares; None if there are none, or they are wrong, which is told.

    Those of an earlier file than what makes them wrong no longer speak of this KPI.
    """
    text = file.kpis[kpi.id].drivers
    if text is None:
        return None
    path: Path = ("kpis", kpi.id, "drivers")
    try:
        formula = parse(text)
        factor, powers = _product(formula)
        _check_not_itself(kpi, formula)
    except FormulaError as error:
        mistakes.in_formula(path, error, text)
        return None
    known = file.kpis.keys() - {kpi.id}
    if not names_are_right(path, formula, text, known, mistakes) or powers.keys() - kpis.keys():
        return None
    return _proved(path, kpi, Drivers(text, powers), factor, kpis, mistakes)


def names_are_right(
    path: Path, formula: Formula, text: str, known: Collection[str], mistakes: Mistakes
) -> bool:
    """Whether each name is known; what is wrong is reported.

    That a later file has removed a KPI is no mistake of either file.
    """
    used = {leaf.name for leaf in names(formula)}
    gone = {name for name in used.difference(known) if mistakes.is_removed(("kpis", name))}
    for error in unknown_names(formula, {*known, *gone}):
        mistakes.in_formula(path, error, text)
    for name in sorted(gone):
        if not mistakes.is_older(path, [("kpis", name)]):
            mistakes.removed(("kpis", name), path)
    return not gone and next(unknown_names(formula, known), None) is None


def _check_not_itself(kpi: Kpi, formula: Formula) -> None:
    for leaf in names(formula):
        if leaf.name == kpi.id:
            raise FormulaError(f"{kpi.id!r} does not drive itself", leaf.column)


def _product(formula: Formula) -> tuple[Fraction, dict[str, int]]:
    """A product as the number and the powers of the names in it; raises FormulaError."""
    match formula:
        case Name(name):
            return Fraction(1), {name: 1}
        case Number(numerator, denominator):
            up, down = formula.dimension.scale(1)
            return Fraction(numerator * up, denominator * down), {}
        case Operation("*" | "/" as sign, left, right):
            factor, powers = _product(left)
            other, more = _product(right)
            turn = 1 if sign == "*" else -1
            both = {name: powers.get(name, 0) + turn * more.get(name, 0) for name in powers | more}
            return factor * other**turn, {name: power for name, power in both.items() if power}
    raise FormulaError("drivers are multiplied and divided, nothing else", formula.column)


def _proved(
    path: Path,
    kpi: Kpi,
    drivers: Drivers,
    factor: Fraction,
    kpis: Mapping[str, Kpi],
    mistakes: Mistakes,
) -> Drivers | None:
    others = [kpis[name] for name in drivers.powers]
    for sums in _sums([kpi, *others]):
        value = kpi.expression.exact(sums, _CURRENCY)
        product = _worked_out(drivers, factor, kpis, sums)
        if value is None or value != product:
            rests_on = [place for one in (kpi, *others) for place in behind(one.id, one.expression)]
            if not mistakes.is_older(path, rests_on):
                mistakes.report(path, _told(kpi, value, product))
            return None
    return drivers


def _told(kpi: Kpi, value: Fraction | None, product: Fraction | None) -> str:
    found, wanted = ("nothing" if x is None else f"{float(x):.6g}" for x in (product, value))
    return f"this is not {kpi.id}: where each sum is another prime number, {found} is not {wanted}"


def _worked_out(
    drivers: Drivers, factor: Fraction, kpis: Mapping[str, Kpi], sums: View
) -> Fraction | None:
    product = factor
    for name, power in drivers.powers.items():
        value = kpis[name].expression.exact(sums, _CURRENCY)
        if not value:
            return None
        product *= value**power
    return product


def _sums(kpis: Iterable[Kpi]) -> Iterator[View]:
    """Sums that are different primes, for each round others."""
    keys = list(dict.fromkeys(m.key(_CURRENCY) for kpi in kpis for m in kpi.measures))
    primes = _primes()
    for _ in range(_ROUNDS):
        yield dict(zip(keys, islice(primes, len(keys)), strict=True))


def _primes() -> Iterator[int]:
    odd = count(_LEAST_PRIME, 2)
    return (n for n in odd if all(n % divisor for divisor in range(3, isqrt(n) + 1, 2)))
