"""Objectives: the value that a KPI shall reach by a deadline.

In the catalogue file they stand under `objectives:` (`docs/objectives.md`). The kind of an
objective follows from its KPI:

- cumulative: what has been added up since the start, such as revenue or orders;
- level: how much there is now, such as active customers;
- ratio: a quotient of what has been added up since the start, such as a conversion rate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from kpistream.core.kpis.kpi import Direction, Kpi, Language
from kpistream.core.kpis.units import KpiUnit
from kpistream.core.located_yaml import Path
from kpistream.core.slices import Slice, normalise_member

if TYPE_CHECKING:
    from kpistream.core.catalogue.mistakes import Mistakes

MAX_DAYS: Final = 2 * 366
"""The most days from start to deadline: panes of the whole time are kept."""

MAX_NUMBER: Final = 1e15
"""The largest target or baseline: up to here a float holds every cent that was written."""

ObjectiveKind = Literal["cumulative", "level", "ratio"]


@dataclass(frozen=True, slots=True)
class Objective:
    """A KPI's value that shall be reached; ``target`` and ``baseline`` are exact, in its unit.

    ``slice`` is the part of the traffic that counts, ``()`` the total. Start and deadline are
    local dates, both inclusive. ``kpis`` are others that tell early whether it will be reached.
    ``baseline`` is the value that it sets out from; ``owner`` is empty when nobody is named.
    """

    id: str
    name: Mapping[Language, str]
    kpi: str
    kind: ObjectiveKind
    unit: KpiUnit
    direction: Direction
    target: Fraction
    slice: Slice
    start: date
    deadline: date
    owner: str
    kpis: tuple[str, ...]
    baseline: Fraction | None

    @property
    def end(self) -> date:
        """The day after the deadline, at whose first instant it is decided."""
        return self.deadline + timedelta(days=1)

    @property
    def days(self) -> int:
        """How many local days there are for it."""
        return (self.end - self.start).days

    @property
    def watched(self) -> tuple[str, ...]:
        """All KPIs to look at: its own, then the others."""
        return tuple(dict.fromkeys((self.kpi, *self.kpis)))

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.direction == "up" else -1

    @property
    def is_a_limit(self) -> bool:
        """Whether it is a sum that shall stay small: a budget, of which each day uses a part."""
        return self.kind == "cumulative" and self.direction == "down"


def exact(number: float) -> Fraction:
    """The decimal number that a finite float is written as: 0.1 is a tenth."""
    return Fraction(repr(number))


# --- an objective as a person writes it -----------------------------------------------------

_DATE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


def _date(written: object) -> object:
    if isinstance(written, str) and _DATE.fullmatch(written):
        try:
            return date.fromisoformat(written)
        except ValueError:
            pass
    raise ValueError(f"{written!r} is no date of 2000 to 2099; write it as 2026-12-31")


_Date = Annotated[date, BeforeValidator(_date)]
_Number = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False)]
_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Names(_Shape):
    en: _Text
    fr: _Text


class ObjectiveShape(_Shape):
    """An objective as it is written; either ``target``, or ``grows_by`` with ``baseline``."""

    name: _Names
    kpi: str
    target: _Number | None = None
    grows_by: _Number | None = None
    baseline: _Number | None = None
    slice: dict[str, _Text] = {}
    start: _Date
    deadline: _Date
    owner: _Text | None = None
    kpis: list[str] = []


def read_objectives(
    shapes: Mapping[str, ObjectiveShape],
    kpis: Mapping[str, Kpi],
    dimensions: Sequence[str],
    mistakes: Mistakes,
) -> tuple[Objective, ...]:
    """The objectives that are right; what is wrong is reported.

    ``dimensions`` are all that there are, in the order that slices have them.
    """
    read = (_read(name, shape, kpis, dimensions, mistakes) for name, shape in shapes.items())
    return tuple(objective for objective in read if objective is not None)


def _read(
    name: str,
    shape: ObjectiveShape,
    kpis: Mapping[str, Kpi],
    dimensions: Sequence[str],
    mistakes: Mistakes,
) -> Objective | None:
    at: Path = ("objectives", name)
    before = len(mistakes.errors)
    _check_kpis(at, shape, kpis, mistakes)
    for dimension in shape.slice:
        if dimension not in dimensions:
            mistakes.unknown((*at, "slice", dimension), "dimension", dimension, dimensions)
    _check_target(at, shape, mistakes)
    _check_dates(at, shape, mistakes)
    if len(mistakes.errors) > before:
        return None
    return _objective(name, shape, kpis[shape.kpi], dimensions)


def _check_kpis(
    at: Path, shape: ObjectiveShape, kpis: Mapping[str, Kpi], mistakes: Mistakes
) -> None:
    if shape.kpi not in kpis:
        mistakes.unknown((*at, "kpi"), "KPI", shape.kpi, kpis)
    for index, kpi in enumerate(shape.kpis):
        if kpi not in kpis:
            mistakes.unknown((*at, "kpis", index), "KPI", kpi, kpis)
        if kpi in shape.kpis[:index]:
            mistakes.report((*at, "kpis", index), f"{kpi!r} is written twice")


def _check_target(at: Path, shape: ObjectiveShape, mistakes: Mistakes) -> None:
    if shape.target is None and shape.grows_by is None:
        mistakes.report(at, "either target or grows_by is required", ("target", "grows_by"))
    elif shape.target is not None and shape.grows_by is not None:
        mistakes.report((*at, "grows_by"), "either target or grows_by, not both")
    elif shape.grows_by is not None and shape.baseline is None:
        mistakes.report((*at, "grows_by"), "needs a baseline, the value that grows")


def _check_dates(at: Path, shape: ObjectiveShape, mistakes: Mistakes) -> None:
    days = (shape.deadline - shape.start).days + 1
    if days < 1:
        mistakes.report((*at, "deadline"), f"before the start, {shape.start}")
    elif days > MAX_DAYS:
        problem = f"an objective of {days} days; at most {MAX_DAYS}, two years, are kept"
        mistakes.report((*at, "deadline"), problem)


def _objective(name: str, shape: ObjectiveShape, kpi: Kpi, dimensions: Sequence[str]) -> Objective:
    written = {dimension: normalise_member(member) for dimension, member in shape.slice.items()}
    return Objective(
        id=name,
        name={"en": shape.name.en, "fr": shape.name.fr},
        kpi=kpi.id,
        kind=kind_of(kpi),
        unit=kpi.unit,
        direction=kpi.direction,
        target=_target(shape),
        slice=tuple((d, written[d]) for d in dimensions if d in written),
        start=shape.start,
        deadline=shape.deadline,
        owner=shape.owner or "",
        kpis=tuple(shape.kpis),
        baseline=None if shape.baseline is None else exact(shape.baseline),
    )


def _target(shape: ObjectiveShape) -> Fraction:
    if shape.target is not None:
        return exact(shape.target)
    return exact(shape.baseline or 0) * (1 + exact(shape.grows_by or 0))


def kind_of(kpi: Kpi) -> ObjectiveKind:
    """What an objective on this KPI counts, by the KPI's formula and measures."""
    if kpi.expression.divides:
        return "ratio"
    is_level = any(measure.kind == "level" for measure in kpi.measures)
    return "level" if is_level else "cumulative"
