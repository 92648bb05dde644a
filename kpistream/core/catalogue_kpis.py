"""From the KPIs as they are written to KPIs whose formulas stand on measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kpistream.core.catalogue_file import CatalogueFile, KpiShape, Mistakes
from kpistream.core.expressions import Expression
from kpistream.core.formulas import Formula, FormulaError, Name, names, parse, unknown_names
from kpistream.core.kpis import Kpi
from kpistream.core.located_yaml import Path
from kpistream.core.measures import Measure
from kpistream.core.units import units_of

MAX_CHAIN: Final = 10
"""How many KPIs may stand on each other."""

MAX_SIZE: Final = 200
"""The most names and numbers in a formula when the KPIs in it are written out."""

_TOO_LONG_A_CHAIN: Final = f"more than {MAX_CHAIN} KPIs stand on each other"

Terms = Mapping[str, Measure | Expression]


def read_kpis(
    file: CatalogueFile, measures: Mapping[str, Measure], mistakes: Mistakes
) -> dict[str, Kpi]:
    """The KPIs that are right; what is wrong is reported."""
    expressions = _Expressions(file, measures, mistakes)
    kpis: dict[str, Kpi] = {}
    for kpi_id, shape in file.kpis.items():
        at: Path = ("kpis", kpi_id)
        _check_limits((*at, "urgent"), shape, mistakes)
        expression = expressions.of(kpi_id)
        if expression is None:
            continue
        _check_unit((*at, "unit"), shape, expression, mistakes)
        sample = _sample((*at, "sample"), shape, expression, measures, mistakes)
        if sample is not None:
            kpis[kpi_id] = _kpi(kpi_id, shape, expression, sample)
    return kpis


def _kpi(kpi_id: str, shape: KpiShape, expression: Expression, sample: str) -> Kpi:
    return Kpi(
        id=kpi_id,
        name=shape.name.by_language(),
        description=(shape.description or shape.name).by_language(),
        unit=shape.unit,
        direction=shape.direction,
        formula=shape.formula,
        sample=sample,
        classes=tuple(shape.classes),
        stage=shape.stage,
        owner=shape.owner,
        action=shape.action,
        source=tuple(shape.source),
        target=shape.target,
        urgent=shape.urgent,
        expression=expression,
    )


def _check_limits(path: Path, shape: KpiShape, mistakes: Mistakes) -> None:
    if shape.target is None or shape.urgent is None or shape.urgent == shape.target:
        return
    if (shape.urgent > shape.target) == (shape.direction == "up"):
        side = "below" if shape.direction == "up" else "above"
        problem = f"where {shape.direction} is good, urgent is {side} the target {shape.target:g}"
        mistakes.report(path, problem)


def _check_unit(path: Path, shape: KpiShape, expression: Expression, mistakes: Mistakes) -> None:
    fitting = units_of(expression.dimension)
    if shape.unit not in fitting:
        problem = f"{shape.formula!r} yields {expression.dimension}, which is no {shape.unit}"
        mistakes.report(path, problem, fitting)


def _sample(
    path: Path,
    shape: KpiShape,
    expression: Expression,
    measures: Mapping[str, Measure],
    mistakes: Mistakes,
) -> str | None:
    """The count measure that is written, or else the first one, looking below the division."""
    counts = [name for name, measure in measures.items() if measure.kind == "count"]
    if shape.sample in counts:
        return shape.sample
    if shape.sample is not None:
        mistakes.unknown(path, "count measure", shape.sample, counts)
        return None
    for measure in (*expression.divisor, *expression.measures):
        if measure.kind == "count":
            return measure.name
    mistakes.report(path, "the formula counts no events, so this key is required", counts)
    return None


class _Expressions:
    """The formulas with resolved names, each made once, after those that it stands on."""

    def __init__(
        self, file: CatalogueFile, measures: Mapping[str, Measure], mistakes: Mistakes
    ) -> None:
        self._file = file
        self._measures = measures
        self._mistakes = mistakes
        self._known = sorted({*file.measures, *file.kpis})
        self._made: dict[str, Expression | None] = {}

    def of(self, kpi_id: str, above: tuple[str, ...] = ()) -> Expression | None:
        """A KPI's expression, or None if it is wrong; `above` are the KPIs that stand on it."""
        if kpi_id in above:
            cycle = " -> ".join((*above[above.index(kpi_id) :], kpi_id))
            self._mistakes.report(_path(kpi_id), f"the KPI is made of itself: {cycle}")
            return None
        if len(above) >= MAX_CHAIN:
            self._mistakes.report(_path(above[0]), _TOO_LONG_A_CHAIN)
            return None
        if kpi_id not in self._made:
            self._made[kpi_id] = self._make(kpi_id, above)
        return self._made[kpi_id]

    def _make(self, kpi_id: str, above: tuple[str, ...]) -> Expression | None:
        text = self._file.kpis[kpi_id].formula
        try:
            formula = parse(text)
            if not self._names_are_right(kpi_id, formula, text):
                return None
            terms = self._terms(formula, (*above, kpi_id))
            expression = Expression(formula, terms) if terms is not None else None
        except FormulaError as error:
            self._mistakes.in_formula(_path(kpi_id), error, text)
            return None
        return expression if expression and self._is_small(kpi_id, expression) else None

    def _names_are_right(self, kpi_id: str, formula: Formula, text: str) -> bool:
        path = _path(kpi_id)
        before = len(self._mistakes.errors)
        for error in unknown_names(formula, self._known):
            self._mistakes.in_formula(path, error, text)
        if next(names(formula), None) is None:
            self._mistakes.report(path, "the formula names no measure", self._known)
        alias = isinstance(formula, Name) and formula.name == kpi_id
        if kpi_id in self._file.measures and not alias:
            problem = f"a measure has this KPI's name, so the formula can only be {kpi_id!r}"
            self._mistakes.report(path, problem)
        return len(self._mistakes.errors) == before

    def _terms(self, formula: Formula, above: tuple[str, ...]) -> Terms | None:
        """What each name stands for, measures first; None if one of them is wrong."""
        terms: dict[str, Measure | Expression] = {}
        for name in dict.fromkeys(leaf.name for leaf in names(formula)):
            term = self._measures.get(name) if name in self._file.measures else self.of(name, above)
            if term is None:
                return None
            terms[name] = term
        return terms

    def _is_small(self, kpi_id: str, expression: Expression) -> bool:
        if expression.chain > MAX_CHAIN:
            self._mistakes.report(_path(kpi_id), _TOO_LONG_A_CHAIN)
            return False
        if expression.size > MAX_SIZE:
            problem = f"written out, the formula has {expression.size} parts; at most {MAX_SIZE}"
            self._mistakes.report(_path(kpi_id), problem)
            return False
        return True


def _path(kpi_id: str) -> Path:
    return ("kpis", kpi_id, "formula")
