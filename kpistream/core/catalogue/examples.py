"""Worked examples: each is worked out again when the catalogue is read, so none can be wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from kpistream.core.catalogue.catalogue_file import ExampleShape
from kpistream.core.catalogue.mistakes import Mistakes
from kpistream.core.kpis.kpi import Example, Kpi, evaluate
from kpistream.core.kpis.measures import Measure
from kpistream.core.located_yaml import Path
from kpistream.core.money.money import units_per_major

CURRENCY: Final = "EUR"
"""What money in an example is in; none of the values depends on which it is."""

_TOLERANCE: Final = 5e-4
"""How far the value of an example may be rounded, as a share of it."""


def read_examples(
    kpi: Kpi, shapes: Sequence[ExampleShape], behind: Iterable[Path], mistakes: Mistakes
) -> tuple[Example, ...]:
    """The examples of a KPI that hold; what is wrong is reported.

    Those of an earlier file than what they are `behind` no longer speak of this KPI.
    """
    path: Path = ("kpis", kpi.id, "examples")
    if mistakes.is_older(path, behind):
        return ()
    examples = []
    for index, shape in enumerate(shapes):
        _check((*path, index), kpi, shape, mistakes)
        examples.append(Example(shape.by_language(), shape.given, shape.value))
    return tuple(examples)


def _check(path: Path, kpi: Kpi, shape: ExampleShape, mistakes: Mistakes) -> None:
    measures = {measure.name: measure for measure in kpi.measures}
    unknown = [name for name in shape.given if name not in measures]
    for name in unknown:
        mistakes.unknown((*path, "given", name), f"measure of {kpi.id}", name, measures)
    if unknown:
        return
    worked_out = evaluate(kpi, example_sums(measures, shape.given), CURRENCY)
    if worked_out is None:
        mistakes.report((*path, "given"), "these sums give no value: a denominator is 0")
    elif not math.isclose(worked_out.value, shape.value, rel_tol=_TOLERANCE, abs_tol=1e-9):
        mistakes.report(
            (*path, "value"), f"these sums give {worked_out.value:.6g}, not {shape.value:g}"
        )


def example_sums(measures: Mapping[str, Measure], given: Mapping[str, float]) -> dict[str, int]:
    """The sums that an example speaks of, as the core holds them."""
    return {
        measures[name].key(CURRENCY): round(Decimal(repr(amount)) * raw_units(measures[name]))
        for name, amount in given.items()
    }


def raw_units(measure: Measure) -> int:
    """How many raw units one is: of a number, a major unit of money, or a second."""
    if measure.is_money:
        one = units_per_major(CURRENCY)
    else:
        one = 1000 if measure.unit == "milliseconds" else 1
    return int(one**measure.power) * measure.units_per_one
