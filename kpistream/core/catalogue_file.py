"""The shape of a catalogue file, and a collector for the mistakes found in one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from kpistream.core.formulas import FormulaError
from kpistream.core.kpis import Direction, KpiClass, Language, Stage
from kpistream.core.located_yaml import ConfigError, Located, Path, did_you_mean
from kpistream.core.measures import Scalar
from kpistream.core.units import KpiUnit

MAX_ENTRIES: Final = 500
"""The most measures, and the most KPIs, that a catalogue may have."""

DEFAULT_OWNER: Final = "marketing"
DEFAULT_ACTION: Final = "Find the slice that changed, and ask its owner why."

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MeasureShape(_Shape):
    """`{count: click}` or `{total: order.revenue, where: {kind: purchase}}`."""

    count: str | None = None
    total: str | None = None
    where: dict[str, Scalar | list[Scalar]] = {}


class Texts(_Shape):
    """A text in both languages."""

    en: Text
    fr: Text

    def by_language(self) -> Mapping[Language, str]:
        """The text by language."""
        return {"en": self.en, "fr": self.fr}


class KpiShape(_Shape):
    """A KPI as it is written; name, unit, direction and formula are required."""

    name: Texts
    description: Texts | None = None
    unit: KpiUnit
    direction: Direction
    formula: Text
    sample: str | None = None
    classes: list[KpiClass] = []
    stage: Stage | None = None
    owner: Text = DEFAULT_OWNER
    action: Text = DEFAULT_ACTION
    source: list[Text] = []
    target: Finite | None = None
    urgent: Finite | None = None


class CatalogueFile(_Shape):
    """The whole file."""

    measures: Annotated[dict[Id, MeasureShape], Field(min_length=1, max_length=MAX_ENTRIES)]
    kpis: Annotated[dict[Id, KpiShape], Field(min_length=1, max_length=MAX_ENTRIES)]


class Mistakes:
    """The mistakes found so far in a file."""

    def __init__(self, located: Located) -> None:
        self.errors: list[ConfigError] = []
        self._located = located

    def report(self, path: Path, problem: str, allowed: Iterable[str] | None = None) -> None:
        """Something at `path` is wrong."""
        self.errors.append(self._located.error(path, problem, allowed))

    def unknown(self, path: Path, noun: str, name: str, known: Collection[str]) -> None:
        """The name at `path` is none of those known."""
        self.report(path, f"unknown {noun} {name!r}{did_you_mean(name, known)}", known)

    def in_formula(self, path: Path, error: FormulaError, text: str) -> None:
        """The formula at `path` is wrong at one of its columns."""
        excerpt = error.pointing(text)
        self.errors.append(self._located.error(path, str(error), error.allowed, excerpt))
