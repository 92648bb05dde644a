"""The shape of a catalogue, as its files write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from kpistream.core.catalogue.layers import Layers
from kpistream.core.catalogue.objectives import ObjectiveShape
from kpistream.core.events.event_types import FieldKind
from kpistream.core.kpis.kpi import Direction, KpiClass, Stage
from kpistream.core.kpis.measures import Edge, MeasureKind, Scalar
from kpistream.core.kpis.units import KpiUnit
from kpistream.core.located_yaml import (
    ConfigError,
    ConfigErrors,
    did_you_mean,
    validate,
)
from kpistream.core.texts import Texts, Wording

MAX_ENTRIES: Final = 500
"""The most measures, and the most KPIs, that a catalogue may have."""

MAX_DIMENSIONS: Final = 12
"""The most dimensions of their own that a user may declare."""

MAX_EVENTS: Final = 50
"""The most event types of their own that a user may declare."""

MAX_WINDOWS: Final = 10
"""The most windows that a KPI is read for by default."""

MAX_SLICES: Final = 10
"""The most sets of dimensions that a KPI is read for by default."""

DEFAULT_OWNER: Final = Texts(en="marketing", fr="marketing")
DEFAULT_ACTION: Final = Texts(
    en="Find the slice that changed, and ask its owner why.",
    fr="Trouver le segment qui a changé, et demander pourquoi à son responsable.",
)

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Number = int | Finite
Scalars = Scalar | Finite | list[Scalar | Finite]
"""What a field may be compared with: a value, or any of several."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ConditionShape(_Shape):
    """What is asked of a field beside having a value: `{at_least: 9}`, `{known: true}`."""

    at_least: Number | None = None
    at_most: Number | None = None
    known: bool | None = None
    excluded: Annotated[Scalars | None, Field(alias="not")] = None

    @property
    def asked(self) -> set[str]:
        """What is asked, by the names of the attributes."""
        return {name for name in type(self).model_fields if getattr(self, name) is not None}


Written = Annotated[
    Annotated[ConditionShape, Tag("mapping")] | Annotated[Scalars, Tag("value")],
    Discriminator(lambda written: "mapping" if isinstance(written, dict) else "value"),
]
"""A condition: the value that a field must have, one of several, or a mapping."""

Balance = Number | str
"""An opening balance: a number, or an amount with its currency such as `50000.00 EUR`."""


class OpeningShape(_Shape):
    """A level's opening balance in one slice; without a slice, in total."""

    slice: dict[Id, str] = {}
    value: Balance


Openings = Annotated[
    Annotated[list[OpeningShape], Tag("list")] | Annotated[Balance, Tag("value")],
    Discriminator(lambda written: "list" if isinstance(written, list) else "value"),
]


class MeasureShape(_Shape):
    """`{count: click}` or `{total: order.revenue, where: {kind: purchase}}`."""

    count: str | None = None
    total: str | None = None
    squares: str | None = None
    distinct: str | None = None
    elapsed: str | None = None
    level: str | None = None
    where: dict[str, Written] = {}
    plus: dict[str, Written] = {}
    minus: dict[str, Written] = {}
    at: Edge | None = None
    opening: Openings | None = None


MEASURE_KINDS: Final[tuple[MeasureKind, ...]] = get_args(MeasureKind)
"""The keys of which a measure has exactly one."""


class ExampleShape(Texts):
    """A worked example: what happened, in both languages and as sums, and the KPI's value."""

    given: Annotated[dict[Id, Finite], Field(min_length=1, max_length=20)]
    value: Finite


class KpiShape(_Shape):
    """A KPI as it is written; name, unit, direction and formula are required."""

    name: Texts
    description: Texts | None = None
    unit: KpiUnit
    direction: Direction
    formula: Text
    sample: str | None = None
    minimum_sample: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    windows: Annotated[list[str], Field(max_length=MAX_WINDOWS)] = []
    slices: Annotated[list[list[str]], Field(max_length=MAX_SLICES)] | None = None
    classes: list[KpiClass] = []
    stage: Stage | None = None
    north_star: bool = False
    owner: Wording = DEFAULT_OWNER
    action: Wording = DEFAULT_ACTION
    source: list[Text] = []
    target: Finite | None = None
    urgent: Finite | None = None
    drivers: Text | None = None
    stake: Text | None = None
    examples: Annotated[list[ExampleShape], Field(max_length=20)] = []

    @field_validator("slices")
    @classmethod
    def _some_slices(cls, sets: list[list[str]] | None) -> list[list[str]] | None:
        if sets == []:
            raise ValueError("no slice at all; [[]] is the total, and without this key it has all")
        return sets


class FieldShape(_Shape):
    """A field of a user's event type; `model: text` is short for `model: {kind: text}`."""

    kind: FieldKind
    required: bool = True
    values: list[str] = []
    min: int | Finite | None = None
    max: int | Finite | None = None
    default: str | bool | None = None
    description: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, written: Any) -> Any:
        return {"kind": written} if isinstance(written, str) else written


class EventShape(_Shape):
    """A user's event type; what every event carries need not be declared."""

    topic: str | None = None
    description: Annotated[str, Field(max_length=500)] = ""
    fields: dict[str, FieldShape] = {}
    covers_period: bool = False


def _some(kpis: list[str]) -> list[str]:
    if not kpis:
        raise ValueError("a dashboard without a KPI; null removes one")
    return kpis


def _a_way(kpis: list[str]) -> list[str]:
    if len(kpis) < 2:
        raise ValueError("a funnel has two steps or more; null removes one")
    return kpis


Shown = Annotated[list[str], AfterValidator(_some)]
Way = Annotated[list[str], AfterValidator(_a_way)]
Entries = Field(max_length=MAX_ENTRIES)
SomeEntries = Field(min_length=1, max_length=MAX_ENTRIES)


class CatalogueFile(_Shape):
    """The whole file, or the whole of several files."""

    dimensions: Annotated[list[str], Field(max_length=MAX_DIMENSIONS)] = []
    events: Annotated[dict[str, EventShape], Field(max_length=MAX_EVENTS)] = {}
    measures: Annotated[dict[Id, MeasureShape], SomeEntries]
    kpis: Annotated[dict[Id, KpiShape], SomeEntries]
    objectives: Annotated[dict[Id, ObjectiveShape], Entries] = {}
    dashboards: Annotated[dict[Id, Shown], Entries] = {}
    funnels: Annotated[dict[Id, Way], Entries] = {}


_STAND_IN: Final[Mapping[str, Any]] = {
    "name": {"en": "-", "fr": "-"},
    "unit": "count",
    "direction": "up",
    "formula": "0",
}
"""The keys that every KPI has, with values that are no mistake."""

_EMPTY: Final = "unknown value empty"
"""How the problem begins where a choice is to be made, and nothing is written."""


def read_file(layers: Layers) -> CatalogueFile:
    """The shape of some layers; raises ConfigErrors for all that does not fit."""
    filled, errors = _misnamed(layers)
    try:
        file = validate(filled, CatalogueFile)
    except ConfigErrors as found:
        raise ConfigErrors([*errors, *map(_needing_a_value, found)]) from None
    if errors:
        raise ConfigErrors(errors)
    return file


def _misnamed(layers: Layers) -> tuple[Layers, list[ConfigError]]:
    """A mistake for each KPI that has a typo in its id, and the layers without further ones of it.

    Such a KPI lacks all the required keys, as if it overrode another, of which it has nearly the
    id; the others are judged as they are.
    """
    kpis = layers.data.get("kpis") if isinstance(layers.data, dict) else None
    if not isinstance(kpis, dict):
        return layers, []
    there = [name for name, kpi in kpis.items() if isinstance(kpi, dict) and "formula" in kpi]
    filled = dict(kpis)
    errors: list[ConfigError] = []
    for name, kpi in kpis.items():
        lacking = isinstance(kpi, dict) and kpi.keys().isdisjoint(_STAND_IN)
        if lacking and (hint := did_you_mean(name, there)):
            problem = f"there is no KPI {name!r} to change{hint}; a new one needs "
            errors.append(layers.error(("kpis", name), problem + ", ".join(_STAND_IN)))
            filled[name] = {**_STAND_IN, **kpi}
    return replace(layers, data={**layers.data, "kpis": filled}), errors


def _needing_a_value(error: ConfigError) -> ConfigError:
    """The same mistake; nothing is no value that somebody mistook for another."""
    return replace(error, problem="needs a value") if error.problem.startswith(_EMPTY) else error
