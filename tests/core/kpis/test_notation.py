"""Measures and formulas are written as people would write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Kpi, evaluate
from kpistream.core.kpis.notation import measure_text, written_out
from kpistream.core.located_yaml import load

SHIPPED = Path(__file__).parents[3] / "kpistream" / "catalogue.yml"

MEASURES = {
    "{count: click}": "count(click)",
    "{count: click, where: {kind: ad}}": "count(click where kind = ad)",
    "{count: interaction, where: {kind: [share, like]}}": (
        "count(interaction where kind = like or share)"
    ),
    "{count: cost, where: {platform: {not: [tools, agency]}}}": (
        "count(cost where platform is not agency or tools)"
    ),
    "{count: email, where: {kind: opened, machine_open: false}}": (
        "count(email where kind = opened and machine_open = false)"
    ),
    "{count: survey, where: {score: {at_least: 7, at_most: 8}}}": (
        "count(survey where score >= 7 and score <= 8)"
    ),
    "{count: survey, where: {score: {at_most: 0}}}": "count(survey where score <= 0)",
    "{count: lead, where: {value: {known: true}}}": "count(lead where value is known)",
    "{count: lead, where: {value: {known: false}}}": "count(lead where value is not known)",
    "{squares: order.revenue}": "squares(order.revenue)",
    "{distinct: session.visitor_id}": "distinct(session.visitor_id)",
    "{elapsed: lead.created_at, where: {stage: won}}": (
        "elapsed(lead.created_at where stage = won)"
    ),
    "{level: customer.mrr, plus: {kind: created}, minus: {kind: churned}, at: start}": (
        "level(customer.mrr, plus kind = created, minus kind = churned, at start)"
    ),
}

FORMULAS = {
    "rest - ratio * clicks": (
        "clicks - impressions - (clicks - impressions) / impressions * clicks"
    ),
    "clicks / ratio": "clicks / ((clicks - impressions) / impressions)",
    "clicks - rest": "clicks - (clicks - impressions)",
    "rest + clicks": "clicks - impressions + clicks",
    "clicks + rest": "clicks + clicks - impressions",
    "-rest": "-(clicks - impressions)",
    "-clicks * ratio": "-clicks * (clicks - impressions) / impressions",
    "0.25 * clicks": "0.25 * clicks",
    "clicks * day / year": "clicks * day / year",
}
"""With `rest: clicks - impressions` and `ratio: rest / impressions`."""


def catalogue(measure: str = "{count: click}", formula: str = "clicks") -> Catalogue:
    shape = "name: {en: a, fr: a}, direction: up, sample: clicks"
    text = f"""
measures:
  clicks: {{count: click}}
  impressions: {{count: impression}}
  one: {measure}
kpis:
  rest: {{{shape}, unit: count, formula: clicks - impressions}}
  ratio: {{{shape}, unit: ratio, formula: rest / impressions}}
  shown: {{{shape}, unit: count, formula: {formula}}}
"""
    return Catalogue.load(text, "notation.yml")


@pytest.mark.parametrize(("written", "text"), MEASURES.items())
def test_a_measure_says_what_is_added_up(written: str, text: str) -> None:
    assert measure_text(catalogue(written).measures["one"]) == text


@pytest.mark.parametrize(("formula", "text"), FORMULAS.items())
def test_a_formula_is_written_out_with_the_parentheses_that_it_needs(
    formula: str, text: str
) -> None:
    assert written_out(catalogue(formula=formula).kpis["shown"].expression) == text


def test_what_is_written_out_means_the_same() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    shipped = Catalogue.load(text, "catalogue.yml").kpis
    again = Catalogue.read([load(text, "catalogue.yml"), load(rewritten(shipped), "again.yml")])
    for kpi in shipped.values():
        view = {m.key("EUR"): 7919 + 104_729 * i for i, m in enumerate(kpi.measures)}
        first = evaluate(kpi, view, "EUR")
        second = evaluate(again.kpis[f"{kpi.id}_again"], view, "EUR")
        assert first is not None
        assert second is not None
        assert first.value == pytest.approx(second.value), kpi.id


def rewritten(kpis: Mapping[str, Kpi]) -> str:
    """A catalogue of the same KPIs with their formulas written out."""
    lines = (
        f"  {kpi.id}_again: {{name: {{en: a, fr: a}}, unit: {kpi.unit}, direction: up, "
        f"sample: {kpi.sample}, formula: {written_out(kpi.expression)}}}"
        for kpi in kpis.values()
    )
    return "\n".join(["kpis:", *lines])
