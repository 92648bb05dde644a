from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.catalogue.objectives import MAX_DAYS, Objective, ObjectiveShape
from kpistream.core.located_yaml import ConfigErrors, load
from kpistream.core.windows.days import Days
from kpistream.core.windows.windows import objective_window

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "objectives.md").read_text(encoding="utf-8")
SHIPPED = HERE.parents[2] / "kpistream" / "catalogue.yml"
BAD_FILES = sorted((HERE / "objective_errors").glob("*.yml"))
"""Each begins with a comment that is the error it deserves."""

WORDS = """\
dimensions: [brand]
measures:
  visits: {count: session}
  orders: {count: order}
  revenue: {total: order.revenue}
  ad_cost: {total: cost.amount}
  members: {level: customer, plus: {kind: created}, minus: {kind: churned}}
kpis:
  visits: {name: {en: v, fr: v}, unit: count, direction: up, formula: visits}
  revenue: {name: {en: r, fr: r}, unit: money, direction: up, formula: revenue, sample: orders}
  half: {name: {en: h, fr: h}, unit: money, direction: up, formula: revenue / 2, sample: orders}
  ad_cost: {name: {en: c, fr: c}, unit: money, direction: down, formula: ad_cost, sample: orders}
  members: {name: {en: m, fr: m}, unit: count, direction: up, formula: members, sample: visits}
  conversion: {name: {en: c, fr: c}, unit: ratio, direction: up, formula: orders / visits}
  percent: {name: {en: p, fr: p}, unit: ratio, direction: up, formula: conversion * 100}
  lost: {name: {en: l, fr: l}, unit: ratio, direction: down, formula: 1 - orders / visits}
  per_member: {name: {en: p, fr: p}, unit: ratio, direction: up, formula: orders / members}
"""

ONE = """\
objectives:
  sales:
    name: {en: Sales, fr: Ventes}
    kpi: revenue
    target: 1150000
    start: 2026-01-01
    deadline: 2026-12-31
"""


def read(objectives: str) -> tuple[Objective, ...]:
    return Catalogue.load(WORDS + objectives, "kpistream.yml").objectives


def one(objective: str = ONE, **changes: str) -> Objective:
    """The objective with other values of its keys."""
    for key, value in changes.items():
        objective = re.sub(rf"    {key}: .*\n", "", objective) + f"    {key}: {value}\n"
    (found,) = read(objective)
    return found


def refusal(text: str) -> str:
    with pytest.raises(ConfigErrors) as refused:
        read(text)
    assert len(refused.value) == 1
    return str(refused.value).splitlines()[0]


def test_an_objective_may_be_as_short_as_kpi_target_and_dates() -> None:
    assert one() == Objective(
        id="sales",
        name={"en": "Sales", "fr": "Ventes"},
        kpi="revenue",
        kind="cumulative",
        unit="money",
        direction="up",
        target=Fraction(1_150_000),
        slice=(),
        start=date(2026, 1, 1),
        deadline=date(2026, 12, 31),
        owner="",
        kpis=(),
        baseline=None,
    )


def test_both_the_start_and_the_deadline_belong_to_it() -> None:
    assert one().days == 365
    assert one().end == date(2027, 1, 1)
    assert one(deadline="2026-01-01").days == 1


@pytest.mark.parametrize(
    ("written", "target"),
    [("0.1", Fraction(1, 10)), ("1149999.99", Fraction(114_999_999, 100)), ("-3", Fraction(-3))],
)
def test_a_target_is_the_decimal_number_that_is_written(written: str, target: Fraction) -> None:
    assert one(target=written).target == target


@pytest.mark.parametrize(
    ("baseline", "growth", "target"),
    [
        ("1000000", "0.15", Fraction(1_150_000)),
        ("0.3", "0.1", Fraction(33, 100)),
        ("50", "-0.1", Fraction(45)),
        ("50", "0", Fraction(50)),
    ],
)
def test_a_target_may_be_growth_of_the_baseline(
    baseline: str, growth: str, target: Fraction
) -> None:
    grown = ONE.replace("target: 1150000", f"grows_by: {growth}")
    assert one(grown, baseline=baseline).target == target


def test_a_slice_has_its_dimensions_in_their_order_and_its_members_as_slices_spell_them() -> None:
    objective = one(slice="{brand: Acme, campaign: ' Autumn ', channel: Email}")
    assert objective.slice == (("channel", "email"), ("campaign", "autumn"), ("brand", "acme"))


def test_all_kpis_to_look_at_are_its_own_and_the_others_each_once() -> None:
    assert one(kpis="[conversion, revenue]").watched == ("revenue", "conversion")


@pytest.mark.parametrize(
    ("kpi", "kind"),
    [
        ("revenue", "cumulative"),
        ("half", "cumulative"),
        ("members", "level"),
        ("conversion", "ratio"),
        ("percent", "ratio"),
        ("lost", "ratio"),
        ("per_member", "ratio"),
    ],
)
def test_the_kind_follows_from_the_formula_and_the_measures_of_the_kpi(kpi: str, kind: str) -> None:
    assert one(kpi=kpi).kind == kind


def test_a_sum_that_shall_stay_small_is_a_limit() -> None:
    assert one(kpi="ad_cost").is_a_limit
    assert not one(kpi="lost").is_a_limit
    assert not one(kpi="revenue").is_a_limit


@pytest.mark.parametrize("path", BAD_FILES, ids=lambda path: path.stem)
def test_a_bad_objective_is_refused_with_its_line_its_key_and_what_is_allowed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    line = WORDS.count("\n")
    expected = re.sub(r"\d+", lambda n: str(int(n[0]) + line), text.splitlines()[0], count=1)
    assert refusal(text) == f"kpistream.yml:{expected.removeprefix('# ')}"


def test_there_are_bad_files() -> None:
    assert len(BAD_FILES) >= 18


def test_the_mistakes_of_all_objectives_are_told_at_once() -> None:
    second = ONE.removeprefix("objectives:\n").replace("sales", "more_sales")
    text = (ONE + second).replace("kpi: revenue", "kpi: revenues").replace("2026-12", "2025-12")
    with pytest.raises(ConfigErrors) as refused:
        read(text)
    assert [error.key for error in refused.value] == [
        "objectives.sales.kpi",
        "objectives.sales.deadline",
        "objectives.more_sales.kpi",
        "objectives.more_sales.deadline",
    ]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/Sao_Paulo"])
def test_the_longest_objective_has_a_window(zone: str) -> None:
    longest = one(start="2026-06-30", deadline="2028-06-30")
    assert longest.days == MAX_DAYS
    days = Days(zone)
    window = objective_window("sales", longest.start, longest.end, days)
    assert window.bounds(days.midnight(longest.end) - 1) == (
        days.midnight(date(2026, 6, 30)),
        days.midnight(date(2028, 7, 1)),
    )


class TestThePage:
    @pytest.fixture
    def example(self) -> tuple[Objective, ...]:
        [yaml] = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
        shipped = load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")
        return Catalogue.read([shipped, load(yaml, "kpistream.yml")]).objectives

    def test_has_an_example_that_is_read(self, example: tuple[Objective, ...]) -> None:
        sales, opens = example[-2:]
        assert (sales.id, sales.kind, sales.target) == (
            "online_sales",
            "cumulative",
            Fraction(1_150_000),
        )
        assert (opens.kind, opens.slice) == ("ratio", (("channel", "email"),))

    def test_has_every_key_of_an_objective(self) -> None:
        [table] = re.findall(r"\| key \|.*?\n\n", PAGE, re.S)
        named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|(.*?)\|", table, re.M))))
        assert named == set(ObjectiveShape.model_fields)

    def test_names_the_limits_of_the_length(self) -> None:
        assert f"at most {MAX_DAYS} days" in PAGE
