"""A user's own file adds to the shipped catalogue, overrides it field by field, and removes."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kpistream.core.catalogue.catalogue import Catalogue, catalogue_part
from kpistream.core.catalogue.layers import SECTIONS
from kpistream.core.events.event_types import SHIPPED as SHIPPED_EVENTS
from kpistream.core.events.events import CoversPeriod
from kpistream.core.kpis.kpi import evaluate
from kpistream.core.located_yaml import ConfigErrors, load
from kpistream.core.slices import DIMENSIONS

BASE = Path(__file__).parent / "catalogue_errors" / "own" / "base" / "shipped.yml"

TEST_DRIVES = """
broker: kafka:9092
windows: [5m, today]
dimensions: [dealer]
events:
  test_drive:
    topic: drives
    description: Somebody drove a car for a while.
    covers_period: true
    fields:
      model: text
      price: {kind: money, required: false}
      minutes: {kind: integer, min: 0, max: 600, required: false}
      grade: {kind: choice, values: [good, bad], required: false, default: good}
      distance: {kind: decimal, min: 0.5, required: false}
measures:
  test_drives: {count: test_drive}
  good_drives: {count: test_drive, where: {grade: good}}
kpis:
  good_drive_rate:
    name: {en: Good drives, fr: Bons essais}
    unit: ratio
    direction: up
    formula: good_drives / test_drives
    slices: [[], [dealer]]
    windows: [24h, this_month]
    minimum_sample: 20
objectives:
  better_drives:
    name: {en: Better drives, fr: De meilleurs essais}
    kpi: good_drive_rate
    target: 0.8
    slice: {dealer: Nord}
    start: 2026-01-01
    deadline: 2026-06-30
    owner: sales
    kpis: [calls, sessions]
dashboards:
  showroom: [good_drive_rate, calls]
funnels:
  showroom: [sessions, calls]
"""


def over(own: str, *more: str) -> Catalogue:
    """The base with one or more files over it."""
    texts = [(BASE.read_text(encoding="utf-8"), BASE.name)]
    texts += [(text, f"own{number or ''}.yml") for number, text in enumerate((own, *more))]
    return Catalogue.read([load(text, name) for text, name in texts])


def mistakes(own: str, *more: str) -> list[str]:
    with pytest.raises(ConfigErrors) as refused:
        over(own, *more)
    return [str(error).splitlines()[0] for error in refused.value]


@pytest.fixture(scope="module")
def drives() -> Catalogue:
    own = catalogue_part(load(TEST_DRIVES, "kpistream.yml"))
    return Catalogue.read([load(BASE.read_text(encoding="utf-8"), BASE.name), own])


def test_settings_beside_the_catalogue_are_no_part_of_it() -> None:
    part = catalogue_part(load(TEST_DRIVES, "kpistream.yml"))
    assert tuple(part.data) == SECTIONS
    assert part.line(("events", "test_drive")) == 6
    assert catalogue_part(load("", "kpistream.yml")).data == {}


def test_an_event_type_of_ones_own_stands_beside_the_shipped_ones(drives: Catalogue) -> None:
    kind = drives.events["test_drive"]
    assert list(drives.events) == [*SHIPPED_EVENTS, "test_drive"]
    assert (kind.topic, kind.description) == ("drives", "Somebody drove a car for a while.")
    assert issubclass(kind.struct, CoversPeriod)
    read = msgspec.json.decode(
        b'{"event_id": "1", "occurred_at": "2026-03-01T10:00:00Z", "model": "X", "minutes": 9}',
        type=kind.struct,
    )
    assert (read.model, read.minutes, read.grade, read.price) == ("X", 9, "good", None)  # type: ignore[attr-defined]


def test_the_bounds_of_a_field_are_those_that_were_written(drives: Catalogue) -> None:
    minutes = drives.events["test_drive"].field("minutes")
    distance = drives.events["test_drive"].field("distance")
    assert minutes is not None
    assert distance is not None
    assert (minutes.minimum, minutes.maximum, minutes.required) == (0, 600, False)
    assert distance.minimum == Decimal("0.5")


def test_an_event_type_without_a_topic_is_read_from_its_plural() -> None:
    assert over("events:\n  visit: {}\n").events["visit"].topic == "visits"


def test_a_dimension_of_ones_own_is_carried_by_every_event_type(drives: Catalogue) -> None:
    assert drives.dimensions == (*DIMENSIONS, "dealer")
    assert all(kind.field("dealer") is not None for kind in drives.events.values())


def test_kpis_objectives_and_dashboards_of_ones_own_are_read(drives: Catalogue) -> None:
    kpi = drives.kpis["good_drive_rate"]
    assert kpi.slices == ((), ("dealer",))
    assert (kpi.windows, kpi.minimum_sample) == (("24h", "this_month"), 20)
    [objective] = drives.objectives
    assert (objective.id, objective.slice) == ("better_drives", (("dealer", "nord"),))
    assert drives.dashboards["showroom"] == ("good_drive_rate", "calls")
    assert drives.dashboards["sales"] == ("calls", "sessions")


def test_a_funnel_goes_with_the_dashboard_of_its_name_or_with_all(drives: Catalogue) -> None:
    assert drives.funnels == {"showroom": ("sessions", "calls")}
    assert drives.funnel_of("showroom") == drives.funnel_of("sales") == "showroom"
    assert over("").funnel_of("sales") is None


def test_a_funnel_loses_the_steps_that_no_event_feeds(drives: Catalogue) -> None:
    assert drives.over({"session"}).funnels == {"showroom": ("sessions",)}


def test_an_objective_leaves_with_its_kpi_and_stays_without_those_that_watch_it(
    drives: Catalogue,
) -> None:
    assert drives.over({"session", "activity"}).objectives == ()
    [left] = drives.over({"test_drive", "session"}).objectives
    assert left.kpis == ("sessions",)


def test_a_field_is_overridden_and_the_others_stay() -> None:
    before = over("kpis: {}").kpis["bounce_rate"]
    after = over("kpis:\n  bounce_rate:\n    target: 0.3\n    name: {en: Bounces}\n")
    kpi = after.kpis["bounce_rate"]
    assert kpi.target == 0.3
    assert kpi.name == {"en": "Bounces", "fr": "Taux de rebond"}
    assert (kpi.formula, kpi.direction) == (before.formula, before.direction)
    assert list(after.kpis) == list(over("kpis: {}").kpis)


def test_a_measure_is_replaced_as_a_whole() -> None:
    catalogue = over("measures:\n  one_page_sessions: {count: session}\n")
    assert catalogue.measures["one_page_sessions"].where == ()


def test_a_list_is_replaced_as_a_whole() -> None:
    catalogue = over("dashboards:\n  sales: [churn_rate]\n")
    assert catalogue.dashboards["sales"] == ("churn_rate",)


def test_null_removes_an_entry_or_a_field() -> None:
    catalogue = over("kpis:\n  ad_cost: null\n  bounce_rate:\n    target: null\n")
    assert "ad_cost" not in catalogue.kpis
    assert catalogue.kpis["bounce_rate"].target is None


def test_a_section_that_is_left_empty_changes_nothing() -> None:
    assert over("kpis:\n").kpis.keys() == over("{}").kpis.keys() == over("").kpis.keys()


def test_what_was_removed_can_be_declared_anew() -> None:
    again = "kpis:\n  bounce_rate:\n    name: {en: a, fr: a}\n    unit: count\n    direction: up\n"
    catalogue = over("kpis:\n  bounce_rate: null\n", again + "    formula: 2 * sessions\n")
    assert catalogue.kpis["bounce_rate"].target is None


def test_an_override_changes_what_stands_on_it() -> None:
    kpi = over("kpis:\n  churn_rate: {formula: 2 * churned_customers / customers_at_start}\n").kpis
    value = evaluate(
        kpi["retention_rate"], {"churned_customers": 1, "customers_at_start": 10}, "EUR"
    )
    assert value is not None
    assert value.value == 0.8


def test_examples_of_a_formula_that_was_overridden_are_forgotten() -> None:
    assert len(over("{}").kpis["bounce_rate"].examples) == 1
    assert (
        over("kpis:\n  bounce_rate: {formula: 1 - sessions / sessions}\n")
        .kpis["bounce_rate"]
        .examples
        == ()
    )
    assert over("measures:\n  sessions: {count: session}\n").kpis["bounce_rate"].examples == ()


def test_mistakes_are_told_in_the_file_that_made_them() -> None:
    first = "kpis:\n  bounce_rate: {target: x}\n"
    second = "kpis:\n  churn_rate: {unit: percent}\n"
    told = {text.partition(": ")[0] for text in mistakes(first, second)}
    assert told == {"own.yml:2", "own1.yml:2"}


def test_a_later_file_over_a_mistake_mends_it() -> None:
    wrong = "kpis:\n  bounce_rate: {target: x}\n"
    assert over(wrong, "kpis:\n  bounce_rate: {target: 0.2}\n").kpis["bounce_rate"].target == 0.2


def test_a_mistake_inside_a_replaced_list_has_the_line_of_the_new_list() -> None:
    text = "dashboards:\n  sales:\n    - calls\n    - sessions\n    - call\n"
    [mistake] = mistakes(text)
    assert mistake.startswith("own.yml:5: dashboards.sales[2]: unknown KPI 'call'")


def test_one_mistake_is_told_once_however_many_stand_on_it() -> None:
    text = "measures:\n  customers_at_start: {count: customers}\n"
    [mistake] = mistakes(text)
    assert mistake.startswith("own.yml:2: measures.customers_at_start.count: unknown event")


JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**17,
    0.5,
    "",
    "a b",
    "x" * 2000,
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"a": 1},
)


def paths(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all parts of some data."""
    yield at
    listed = enumerate(data) if isinstance(data, list) else ()
    for key, value in data.items() if isinstance(data, dict) else listed:
        yield from paths(value, (*at, key))


def put(data: Any, at: tuple[Any, ...], junk: Any) -> Any:
    """The data with junk at one place."""
    if not at:
        return junk
    changed = copy(data)
    changed[at[0]] = put(data[at[0]], at[1:], junk)
    return changed


def test_whatever_stands_anywhere_in_a_file_it_is_read_or_explained() -> None:
    base = load(BASE.read_text(encoding="utf-8"), BASE.name)
    own = catalogue_part(load(TEST_DRIVES, "own.yml"))
    refused = 0
    for at in paths(own.data):
        for junk in JUNK:
            try:
                Catalogue.read([base, replace(own, data=put(own.data, at, junk))])
            except ConfigErrors:
                refused += 1
    assert refused > 500
