"""From the KPIs as they are written to KPIs whose formulas stand on measures."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import replace
from typing import Final

from kpistream.core.catalogue.catalogue_file import CatalogueFile, KpiShape
from kpistream.core.catalogue.drivers import read_drivers
from kpistream.core.catalogue.examples import read_examples
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.catalogue.rests import behind
from kpistream.core.catalogue.stakes import read_stake
from kpistream.core.kpis.expressions import Expression
from kpistream.core.kpis.formulas import Formula, FormulaError, Name, names, parse, unknown_names
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.kpis.measures import Measure
from kpistream.core.kpis.units import TIME_UNITS, units_of
from kpistream.core.located_yaml import Path
from kpistream.core.texts import plain, translations
from kpistream.core.windows.windows import parse_window

MAX_CHAIN: Final = 10
"""How many KPIs may stand on each other."""

MAX_SIZE: Final = 200
"""The most names and numbers in a formula when the KPIs in it are written out."""

_TOO_LONG_A_CHAIN: Final = f"more than {MAX_CHAIN} KPIs stand on each other"

_NO_SAMPLE: Final = (
    "the formula counts no events, so this key is required: "
    "the measure that says on how many events a value rests"
)

Terms = Mapping[str, Measure | Expression]


def read_kpis(
    file: CatalogueFile,
    measures: Mapping[str, Measure],
    dimensions: Sequence[str],
    mistakes: Mistakes,
) -> dict[str, Kpi]:
    """The KPIs that are right; what is wrong is reported."""
    expressions = _Expressions(file, measures, mistakes)
    kpis: dict[str, Kpi] = {}
    for kpi_id, shape in file.kpis.items():
        at: Path = ("kpis", kpi_id)
        if kpi_id in TIME_UNITS:
            mistakes.report(at, f"in formulas, {kpi_id!r} is a length of time")
        _check_limits(at, shape, mistakes)
        _check_windows((*at, "windows"), shape, mistakes)
        _check_slices((*at, "slices"), shape, dimensions, mistakes)
        expression = expressions.of(kpi_id)
        if expression is None:
            continue
        _check_unit(at, shape, expression, mistakes)
        sample = _sample(at, shape, expression, file.measures, measures, mistakes)
        if sample is not None:
            kpi = _kpi(kpi_id, shape, expression, sample, dimensions)
            examples = read_examples(kpi, shape.examples, behind(kpi_id, expression), mistakes)
            kpis[kpi_id] = replace(kpi, examples=examples)
    return {kpi_id: _reasoned(kpi, file, kpis, mistakes) for kpi_id, kpi in kpis.items()}


def _reasoned(kpi: Kpi, file: CatalogueFile, kpis: Mapping[str, Kpi], mistakes: Mistakes) -> Kpi:
    """A KPI with what explains it: other KPIs, which are all read by now."""
    return replace(
        kpi,
        drivers=read_drivers(kpi, file, kpis, mistakes),
        stake=read_stake(kpi, file, kpis, mistakes),
    )


def _kpi(
    kpi_id: str,
    shape: KpiShape,
    expression: Expression,
    sample: str,
    dimensions: Sequence[str],
) -> Kpi:
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
        owner=plain(shape.owner),
        action=plain(shape.action),
        source=tuple(shape.source),
        target=shape.target,
        urgent=shape.urgent,
        expression=expression,
        windows=tuple(dict.fromkeys(shape.windows)),
        slices=_slices(shape, dimensions),
        minimum_sample=shape.minimum_sample,
        north_star=shape.north_star,
        texts=translations(shape.owner, shape.action),
    )


def _slices(shape: KpiShape, dimensions: Sequence[str]) -> tuple[tuple[str, ...], ...] | None:
    """The sets of dimensions, each in the order that slices have."""
    if shape.slices is None:
        return None
    return tuple(tuple(d for d in dimensions if d in names) for names in shape.slices)


def _check_limits(at: Path, shape: KpiShape, mistakes: Mistakes) -> None:
    if shape.target is None or shape.urgent is None or shape.urgent == shape.target:
        return
    if (shape.urgent > shape.target) == (shape.direction == "up"):
        side = "below" if shape.direction == "up" else "above"
        problem = f"where {shape.direction} is good, urgent is {side} the target {shape.target:g}"
        mistakes.misfit((*at, "urgent"), problem, [(*at, "target"), (*at, "direction")])


def _check_windows(path: Path, shape: KpiShape, mistakes: Mistakes) -> None:
    for index, name in enumerate(shape.windows):
        try:
            parse_window(name)
        except ValueError as error:
            mistakes.report((*path, index), str(error))


def _check_slices(
    path: Path, shape: KpiShape, dimensions: Collection[str], mistakes: Mistakes
) -> None:
    for index, names_ in enumerate(shape.slices or ()):
        for place, name in enumerate(names_):
            at = (*path, index, place)
            if name not in dimensions:
                mistakes.unknown(at, "dimension", name, dimensions)
            elif name in names_[:place]:
                mistakes.report(at, f"{name!r} is twice in this set")


def _check_unit(at: Path, shape: KpiShape, expression: Expression, mistakes: Mistakes) -> None:
    fitting = units_of(expression.dimension)
    if shape.unit not in fitting:
        problem = f"{shape.formula!r} yields {expression.dimension}, which is no {shape.unit}"
        rests_on = behind(str(at[1]), expression)
        mistakes.misfit((*at, "unit"), problem, rests_on, allowed=fitting)


def _sample(
    at: Path,
    shape: KpiShape,
    expression: Expression,
    declared: Container[str],
    measures: Mapping[str, Measure],
    mistakes: Mistakes,
) -> str | None:
    """The measure that is written, or else the first that counts, looking below the division."""
    path = (*at, "sample")
    if shape.sample is not None:
        written = measures.get(shape.sample)
        if written is not None and _counts(written):
            return shape.sample
        if written is not None or shape.sample not in declared:
            fitting = _samples(expression, measures, mistakes)
            mistakes.unknown(path, "count measure", shape.sample, fitting)
        return None
    for measure in (*expression.divisor, *expression.measures):
        if _counts(measure):
            return measure.name
    fitting = _samples(expression, measures, mistakes)
    mistakes.misfit(path, _NO_SAMPLE, behind(str(at[1]), expression), allowed=fitting)
    return None


def _samples(
    expression: Expression, measures: Mapping[str, Measure], mistakes: Mistakes
) -> list[str]:
    """What a KPI can have as its sample; first what is of its events, or a user's own, or both."""
    events = {measure.event for measure in expression.measures}

    def rank(name: str) -> tuple[int, bool]:
        own = mistakes.is_own(("measures", name))
        return -(own + (measures[name].event in events)), not own

    return sorted((name for name, measure in measures.items() if _counts(measure)), key=rank)


def _counts(measure: Measure) -> bool:
    """Whether it says how many events, or how many people."""
    return measure.kind in ("count", "distinct") or (
        measure.kind == "level" and measure.field is None
    )


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
            cycle = (*above[above.index(kpi_id) :], kpi_id)
            problem = f"the KPI is made of itself: {' -> '.join(cycle)}"
            self._mistakes.latest(list(map(_path, cycle)), problem)
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
        gone = {leaf.name for leaf in names(formula) if self._is_removed(leaf.name, path)}
        for error in unknown_names(formula, {*self._known, *gone}):
            self._mistakes.in_formula(path, error, text)
        if next(names(formula), None) is None:
            self._mistakes.report(path, "the formula names no measure", self._known)
        alias = isinstance(formula, Name) and formula.name == kpi_id
        if kpi_id in self._file.measures and not alias:
            problem = f"a measure has this KPI's name, so the formula can only be {kpi_id!r}"
            self._mistakes.misfit(path, problem, [("measures", kpi_id)])
        return len(self._mistakes.errors) == before

    def _is_removed(self, name: str, user: Path) -> bool:
        """Whether a name stands for nothing any more because a later file removed it."""
        if name in self._file.measures or name in self._file.kpis:
            return False
        sections = ("measures", "kpis")
        return any(self._mistakes.removed((section, name), user) for section in sections)

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
