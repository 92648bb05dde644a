"""The rules that ship: each is proved by made-up events, and all that was asked for is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from kpistream.cli.wiring.wiring import read_plan
from kpistream.core.alerting.proof.rule_tests import Expectation, RuleTest, run
from kpistream.core.alerting.proof.rule_tests_file import read_rule_tests
from kpistream.core.alerting.rules.conditions import Change, Line
from kpistream.core.alerting.rules.rule import DEPENDENTS, Rule
from kpistream.core.plan import Plan
from kpistream.settings import SHIPPED, settings_of
from tests.repo.files import ROOT, text_of, yaml_of

FOLDER: Final = ROOT / "alerts"
NAMES: Final = tuple(sorted(path.stem for path in FOLDER.glob("*.yml") if path.stem != "demo"))
PLAN: Final = read_plan(settings_of())[0]
RULES: Final = {rule.name: rule for rule in PLAN.rules}
CATALOGUE: Final = yaml_of("kpistream/catalogue.yml")["kpis"]

TWINS: Final = {
    ("return_on_marketing_investment", 0.0): "investment_not_earned_back",
}
"""Lines without a rule of their own: the rule over the same sums and the same line."""

RISING: Final = {"unsubscribe_rate": "unsubscribe_rate_rising", "churn_rate": "churn_rising"}
"""KPIs that somebody has to hear of when they rise, and the rules that tell."""

DIAGNOSES: Final = {
    "leads_dear_and_poor": {"cost_per_lead", "customer_rate"},
    "contacts_up_conversions_flat": {"leads", "lead_to_mql_rate"},
    "customers_cost_more_than_their_worth": {
        "customer_acquisition_cost",
        "customer_lifetime_value",
    },
    "orders_cost_more_than_customers_are_worth": {
        "cost_per_acquisition",
        "customer_lifetime_value",
    },
}
"""Rules that join KPIs, and which."""

FEEDS: Final = {"impression", "click", "session", "order", "cost", "email", "lead"}
"""The event types whose silence is a rule."""


def read_tests(name: str) -> tuple[Plan, tuple[RuleTest, ...]]:
    path = FOLDER / "tests" / f"{name}.yml"
    written = read_rule_tests(path.read_text(encoding="utf-8"), str(path))
    files = [path.parent / file for file in written.rules]
    plan, _ = read_plan(settings_of(rules=files, **written.settings))
    return plan, written.tests(plan)


TESTED: Final = {name: read_tests(name) for name in NAMES}
LONG_S: Final = 30 * 86_400
"""Tests over more event time than this take half a minute and more, so they are marked slow."""


def marks_of(test: RuleTest) -> list[pytest.MarkDecorator]:
    lasts_s = max(one.at_s for one in test.expectations)
    return [pytest.mark.slow, pytest.mark.timeout(900)] if lasts_s > LONG_S else []


CASES: Final = [
    pytest.param(test, plan, id=f"{name}: {test.name}", marks=marks_of(test))
    for name, (plan, tests) in TESTED.items()
    for test in tests
]
EXPECTED: Final = [one for _, tests in TESTED.values() for t in tests for one in t.expectations]


def fires(one: Expectation) -> bool:
    return bool(one.firing) or one.state == "firing"


def keeps_quiet(one: Expectation) -> bool:
    return one.firing == () or one.state == "inactive"


@pytest.mark.parametrize(("test", "plan"), CASES)
def test_a_rule_does_what_its_tests_say(test: RuleTest, plan: Plan) -> None:
    assert run(test, plan) == []


def test_what_is_in_force_unless_set_is_every_file_but_the_demo() -> None:
    files = [Path(path).relative_to(SHIPPED) for path in settings_of().rules]
    assert sorted(files) == [Path("alerts", f"{name}.yml") for name in NAMES]


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(name: str) -> None:
    about = [one for one in EXPECTED if one.rule == name]
    assert any(map(fires, about))
    assert any(map(keeps_quiet, about))


@pytest.mark.parametrize(
    "kpi", sorted(k for k, v in CATALOGUE.items() if {"urgent", "target"} & {*v})
)
def test_a_line_of_the_catalogue_has_a_rule_or_one_that_draws_the_same(kpi: str) -> None:
    for key in {"urgent", "target"} & set(CATALOGUE[kpi]):
        line = float(CATALOGUE[kpi][key])
        drawn = [
            rule.name
            for rule in RULES.values()
            for leaf in rule.leaves
            if isinstance(leaf, Line) and (leaf.kpi, leaf.at, leaf.other) == (kpi, line, "")
        ]
        assert drawn or TWINS[kpi, line] in RULES


@pytest.mark.parametrize(("kpi", "name"), RISING.items())
def test_a_rise_that_matters_has_a_rule(kpi: str, name: str) -> None:
    (leaf,) = RULES[name].leaves
    assert isinstance(leaf, Change)
    assert (leaf.kpi, leaf.way) == (kpi, "up")


@pytest.mark.parametrize(("name", "kpis"), DIAGNOSES.items())
def test_a_diagnosis_joins_the_kpis_that_it_is_made_of(name: str, kpis: set[str]) -> None:
    assert {kpi for kpi, _ in RULES[name].pairs} == kpis


def test_the_silence_of_each_feed_has_a_rule_that_mutes_what_follows_from_it() -> None:
    rules = [rule for rule in RULES.values() if rule.labels.get("topic") == "tracking"]
    assert all(DEPENDENTS in rule.inhibits for rule in rules)
    heard = [PLAN.catalogue.events_of(rule.kpi) for rule in rules]
    assert {event for events in heard for event in events} == FEEDS


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_rule_is_as_sure_as_rules_are_unless_set(rule: Rule) -> None:
    assert rule.confidence == 0.95


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_rule_goes_to_the_owner_of_its_kpi_and_says_what_has_happened(rule: Rule) -> None:
    owners = {CATALOGUE[kpi]["owner"]["en"] for kpi, _ in rule.pairs}
    assert rule.owner in owners
    for words in (rule.summary, rule.action):
        assert words[0].isupper()
        assert words.endswith(".")
    assert 30 <= len(rule.summary) <= 120
    assert rule.labels.keys() == {"topic"}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_rule_says_all_in_both_languages(rule: Rule) -> None:
    assert {rule.owner, rule.action, rule.summary} == rule.texts.keys()
    for words in (rule.action, rule.summary):
        french = rule.texts[words]["fr"]
        assert french != words
        assert french[0].isupper()
        assert french.endswith((".", "?"))


def test_a_text_is_translated_in_one_way_only() -> None:
    parts = [kpi.texts for kpi in PLAN.catalogue.kpis.values()]
    parts += [rule.texts for rule in RULES.values()]
    for part in parts:
        assert part == {text: PLAN.texts[text] for text in part}


def test_only_what_costs_money_by_the_hour_is_critical() -> None:
    critical = {rule.name for rule in RULES.values() if rule.severity == "critical"}
    assert critical == {"roas_below_one", "checkout_failing", "no_orders"}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_what_rests_on_costs_waits_for_them(rule: Rule) -> None:
    events = {event for kpi, _ in rule.pairs for event in PLAN.catalogue.events_of(kpi)}
    assert (rule.settle_s is None) == ("cost" in events)


def test_the_page_about_the_rules_lists_them_all() -> None:
    page = text_of("alerts/README.md")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    listed = {row[1].strip(" `"): row[2].strip() for row in rows}
    assert listed == {rule.name: rule.severity.value for rule in RULES.values()}
