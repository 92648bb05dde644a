from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.catalogue.lint import DASHBOARD_KPIS, IMPACT_SHARE, OBJECTIVE_KPIS, lint

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "objectives.md").read_text(encoding="utf-8")
SHIPPED = HERE.parents[2] / "kpistream" / "catalogue.yml"

KPI = "name: {en: k, fr: k}, unit: count"


def kpis(number: int, classes: str, letter: str, direction: str = "up") -> str:
    """Lines of KPIs called `i1`, `i2`, ... of some classes."""
    return "".join(
        f"  {letter}{n}: {{{KPI}, direction: {direction}, formula: clicks, classes: {classes}}}\n"
        for n in range(1, number + 1)
    )


WORDS = (
    "measures:\n  clicks: {count: click}\n  visits: {count: session}\n"
    "  members: {level: customer, plus: {kind: created}, minus: {kind: churned}}\nkpis:\n"
    f"  star: {{{KPI}, direction: up, formula: clicks, north_star: true}}\n"
    "  per_visit: {name: {en: p, fr: p}, unit: ratio, direction: up, formula: clicks / visits}\n"
    "  members: {name: {en: m, fr: m}, unit: count, direction: up, formula: members,"
    " sample: clicks}\n"
    + kpis(8, "[impact]", "i")
    + kpis(8, "[activity]", "a")
    + kpis(8, "[]", "u")
    + kpis(1, "[impact]", "down", "down")
)


def advice(more: str, words: str = WORDS) -> list[str]:
    return [str(advice) for advice in lint(Catalogue.load(words + more, "kpistream.yml"))]


def objective(
    kpi: str = "i1", kpis: str = "[i2, i3]", owner: str = "owner: sales", rest: str = "target: 100"
) -> str:
    return (
        f"objectives:\n  more:\n    name: {{en: More, fr: Plus}}\n"
        f"    kpi: {kpi}\n    kpis: {kpis}\n"
        f"    start: 2026-01-01\n    deadline: 2026-12-31\n    {owner}\n    {rest}\n"
    )


def dashboard(*names: str) -> str:
    return f"dashboards:\n  shop: [{', '.join(names)}]\n"


def test_there_is_nothing_to_say_about_the_shipped_catalogue() -> None:
    assert lint(Catalogue.load(SHIPPED.read_text(encoding="utf-8"), "catalogue.yml")) == []


def test_a_catalogue_without_objectives_and_dashboards_is_fine() -> None:
    assert advice("") == []


class TestTheNorthStar:
    def test_is_missed(self) -> None:
        assert advice("", WORDS.replace(", north_star: true", "")) == [
            "kpis: no KPI is the North Star; give the one that counts most north_star: true"
        ]

    def test_is_one(self) -> None:
        second = WORDS.replace("classes: [impact]", "north_star: true", 2)
        assert advice("", second) == ["kpis: more than one North Star: star, i1, i2; keep one"]


class TestAnObjective:
    @pytest.mark.parametrize("others", ["[i2, i3]", "[i2, i3, i4, i5]", "[i1, i2, i3, i4, i5]"])
    def test_is_watched_through_three_to_five_kpis_its_own_included(self, others: str) -> None:
        assert advice(objective(kpis=others)) == []

    @pytest.mark.parametrize(
        ("others", "said"),
        [
            ("[]", "1 KPI, fewer than the 3 to 5 of an objective"),
            ("[i2]", "2 KPIs, fewer than the 3 to 5 of an objective"),
            ("[i1, i2]", "2 KPIs, fewer than the 3 to 5 of an objective"),
            ("[i2, i3, i4, i5, i6]", "6 KPIs, more than the 3 to 5 of an objective"),
        ],
    )
    def test_has_not_too_few_kpis_and_not_too_many(self, others: str, said: str) -> None:
        assert advice(objective(kpis=others)) == [f"objectives.more.kpis: {said}"]

    def test_has_an_owner(self) -> None:
        assert advice(objective(owner="")) == [
            "objectives.more.owner: nobody owns it; name who answers for it"
        ]

    @pytest.mark.parametrize(
        ("kpi", "rest", "start"),
        [
            ("i1", "{target: 100, baseline: 100}", 100),
            ("i1", "{grows_by: 0, baseline: 100}", 100),
            ("i1", "{target: 0}", 0),
            ("per_visit", "{target: 0.25, baseline: 0.25}", 0.25),
            ("members", "{target: 5, baseline: 5}", 5),
            ("down1", "{target: 5, baseline: 5}", 5),
        ],
    )
    def test_has_something_to_do(self, kpi: str, rest: str, start: float) -> None:
        said = f"the same as the start, {start}, so there is nothing to do"
        assert advice(objective(kpi=kpi, rest=lines(rest))) == [f"objectives.more.target: {said}"]

    @pytest.mark.parametrize(
        ("kpi", "rest", "said"),
        [
            ("i1", "{target: 90, baseline: 100}", "worse than the start, 100: up is good"),
            ("i1", "{target: -1}", "worse than the start, 0: up is good"),
            ("i1", "{grows_by: -0.1, baseline: 50}", "worse than the start, 50: up is good"),
            ("down1", "{target: 110, baseline: 100}", "worse than the start, 100: down is good"),
        ],
    )
    def test_goes_the_right_way(self, kpi: str, rest: str, said: str) -> None:
        assert advice(objective(kpi=kpi, rest=lines(rest))) == [f"objectives.more.target: {said}"]

    @pytest.mark.parametrize(
        ("kpi", "rest"),
        [
            ("i1", "{target: 110, baseline: 100}"),
            ("down1", "{target: 90, baseline: 100}"),
            ("down1", "{target: 0}"),
            ("per_visit", "{target: 0.05}"),
            ("members", "{target: 10}"),
        ],
    )
    def test_may_set_out_from_anywhere_that_is_worse_or_not_known(
        self, kpi: str, rest: str
    ) -> None:
        assert advice(objective(kpi=kpi, rest=lines(rest))) == []

    def test_is_told_all_that_is_wrong_with_it(self) -> None:
        found = advice(objective(kpis="[]", owner="", rest="target: 0"))
        assert [line.partition(":")[0] for line in found] == [
            "objectives.more.kpis",
            "objectives.more.owner",
            "objectives.more.target",
        ]


class TestADashboard:
    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (1, ["dashboards.shop: 1 KPI, fewer than the 5 to 7 of a dashboard"]),
            (4, ["dashboards.shop: 4 KPIs, fewer than the 5 to 7 of a dashboard"]),
            (5, []),
            (7, []),
            (8, ["dashboards.shop: 8 KPIs, more than the 5 to 7 of a dashboard"]),
        ],
    )
    def test_has_five_to_seven_kpis(self, number: int, said: list[str]) -> None:
        assert advice(dashboard(*(f"i{n}" for n in range(1, number + 1)))) == said

    @pytest.mark.parametrize(
        ("names", "said"),
        [
            ("i1 i2 i3 i4 a1", []),
            ("i1 i2 i3 i4 i5 a1 a2", []),
            ("i1 i2 i3 a1 a2", ["3 of 5 KPIs show impact, below 70 %"]),
            ("i1 i2 i3 i4 a1 a2", ["4 of 6 KPIs show impact, below 70 %"]),
            ("a1 a2 a3 a4 a5", ["0 of 5 KPIs show impact, below 70 %"]),
        ],
    )
    def test_shows_more_impact_than_activity(self, names: str, said: list[str]) -> None:
        assert advice(dashboard(*names.split())) == [f"dashboards.shop: {text}" for text in said]

    def test_is_judged_by_the_kpis_that_are_classed(self) -> None:
        assert advice(dashboard("u1", "u2", "u3", "u4", "u5")) == []
        assert advice(dashboard("u1", "u2", "u3", "i1", "a1")) == [
            "dashboards.shop: 1 of 2 KPIs show impact, below 70 %"
        ]


def lines(keys: str) -> str:
    """A mapping on one line as lines of an objective."""
    return keys.strip("{}").replace(", ", "\n    ")


def test_the_page_names_the_limits() -> None:
    text = re.sub(r"\s+", " ", PAGE)
    for (fewest, most), noun in ((OBJECTIVE_KPIS, "KPIs for"), (DASHBOARD_KPIS, "KPIs on")):
        assert f"fewer than {fewest} or more than {most} {noun}" in text
    assert f"less than {float(IMPACT_SHARE):.0%}".replace("%", " %") in text
