"""The `stake` of a KPI: a formula for the money that its deviation costs.

`stake: (baseline - value) * denominator` says what a low return on ad spend costs over the window.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final

from kpistream.core.catalogue.catalogue_file import CatalogueFile
from kpistream.core.catalogue.drivers import names_are_right
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.catalogue.rests import behind
from kpistream.core.kpis.formulas import Formula, FormulaError, dimension, names, parse
from kpistream.core.kpis.kpi import Kpi, Stake
from kpistream.core.kpis.units import Dimension
from kpistream.core.located_yaml import Path

_MONEY: Final = Dimension(money=1)


def read_stake(
    kpi: Kpi, file: CatalogueFile, kpis: Mapping[str, Kpi], mistakes: Mistakes
) -> Stake | None:
    """The stake that a KPI declares; None if there is none, or it is wrong, which is told.

    One of an earlier file than what makes it wrong no longer speaks of this KPI.
    """
    text = file.kpis[kpi.id].stake
    if text is None:
        return None
    path: Path = ("kpis", kpi.id, "stake")
    own = _own_dimensions(kpi)
    try:
        formula = parse(text)
    except FormulaError as error:
        mistakes.in_formula(path, error, text)
        return None
    if _lacks_a_side(formula, own) and mistakes.is_older(path, behind(kpi.id, kpi.expression)):
        return None
    if not names_are_right(path, formula, text, {*own, *file.kpis}, mistakes):
        return None
    others = {leaf.name for leaf in names(formula)} - own.keys()
    if not others <= kpis.keys():
        return None
    used = [kpi, *(kpis[name] for name in sorted(others))]
    known = {**{one.id: one.expression.dimension for one in used}, **own}
    is_right = _is_money(path, formula, text, known, used, mistakes)
    return Stake(text, formula) if is_right else None


def _own_dimensions(kpi: Kpi) -> dict[str, Dimension]:
    """What the names that only a stake has are counted in."""
    dimension_of_value = kpi.expression.dimension
    own = {"value": dimension_of_value, "baseline": dimension_of_value}
    sides = kpi.expression.sides
    if sides is not None:
        own |= {"numerator": sides[0], "denominator": sides[1]}
    return own


def _lacks_a_side(formula: Formula, own: Container[str]) -> bool:
    """Whether it names a side that the KPI does not have."""
    used = {leaf.name for leaf in names(formula)}
    return any(side not in own for side in used & {"numerator", "denominator"})


def _is_money(
    path: Path,
    formula: Formula,
    text: str,
    known: Mapping[str, Dimension],
    used: Iterable[Kpi],
    mistakes: Mistakes,
) -> bool:
    """Whether it compares and yields money; what is wrong is reported, unless it came later."""
    rests_on = [place for one in used for place in behind(one.id, one.expression)]
    is_told = not mistakes.is_older(path, rests_on)
    try:
        problem = _problem(formula, text, known)
    except FormulaError as error:
        if is_told:
            mistakes.in_formula(path, error, text)
        return False
    if problem and is_told:
        mistakes.report(path, problem)
    return problem is None


def _problem(formula: Formula, text: str, known: Mapping[str, Dimension]) -> str | None:
    lacking = {"value", "baseline"} - {leaf.name for leaf in names(formula)}
    if lacking:
        return f"a stake compares `value` with `baseline`; {min(lacking)!r} is missing"
    found = dimension(formula, known)
    return None if found == _MONEY else f"{text!r} yields {found}, which is no money"
