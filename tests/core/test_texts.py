from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from kpistream.core.alerting.alerts import begun, decode, encode
from kpistream.core.alerting.rules.rule import Rule, Vocabulary
from kpistream.core.alerting.rules.rules_file import load_rules
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.located_yaml import ConfigErrors, load
from kpistream.core.texts import MAX_WORDS, Texts, Wording, in_language, plain, translations
from tests.support import builders as build

SALES = {"en": "sales", "fr": "service commercial"}

CATALOGUE = """\
measures: {clicks: {count: click}}
kpis:
  clicks:
    name: {en: Clicks, fr: Clics}
    unit: count
    direction: up
    formula: clicks
    owner: {en: sales, fr: service commercial}
    action: Regarder les liens.
"""

RULES = """\
rules:
  - name: few_clicks
    kpi: clicks
    window: 1h
    below: 10
    severity: info
    owner: {en: sales, fr: service commercial}
    action: Regarder les liens.
    summary: {en: Few clicks., fr: Peu de clics.}
"""


class Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: Wording


def read(written: object) -> str | Texts:
    return Written.model_validate({"text": written}).text


def rules() -> tuple[Rule, ...]:
    return load_rules(RULES, "rules.yml", Vocabulary(["clicks"], ["1h"], []))


def test_a_text_may_be_plain_or_in_both_languages() -> None:
    assert read(" sales ") == "sales"
    assert read({"en": " sales", "fr": "service commercial"}) == Texts(**SALES)


@pytest.mark.parametrize(
    "written",
    [
        *(7, "", "  ", None, ["a"], "x" * (MAX_WORDS + 1)),
        *({"en": "sales"}, {"en": "sales", "fr": " "}, {**SALES, "de": "Vertrieb"}),
    ],
)
def test_what_is_no_text_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        read(written)


def test_the_english_one_stands_where_there_is_room_for_one() -> None:
    assert plain(Texts(**SALES)) == "sales"
    assert plain("ventes") == "ventes"


def test_a_text_is_told_in_the_language_of_who_reads_it() -> None:
    known = translations(Texts(**SALES), "Regarder les liens.")
    assert in_language("sales", known, "fr") == "service commercial"
    assert in_language("sales", known, "en") == "sales"


def test_a_text_that_nobody_translated_is_told_as_it_is() -> None:
    known = translations(Texts(**SALES), "Regarder les liens.")
    assert in_language("Regarder les liens.", known, "en") == "Regarder les liens."


def test_a_kpi_has_its_texts_in_the_languages_that_they_are_written_in() -> None:
    kpi = Catalogue.load(CATALOGUE, "catalogue.yml").kpis["clicks"]
    assert (kpi.owner, kpi.action) == ("sales", "Regarder les liens.")
    assert kpi.texts == {"sales": SALES}


def test_what_a_kpi_says_unless_it_is_written_is_said_in_both() -> None:
    short = CATALOGUE[: CATALOGUE.index("    owner")]
    kpi = Catalogue.load(short, "catalogue.yml").kpis["clicks"]
    assert in_language(kpi.action, kpi.texts, "fr").startswith("Trouver le segment")


def test_a_later_file_may_say_it_in_other_words_or_plainly() -> None:
    files = [
        load(CATALOGUE, "catalogue.yml"),
        load("kpis: {clicks: {owner: ventes, action: {en: Look., fr: Voir.}}}", "own.yml"),
    ]
    kpi = Catalogue.read(files).kpis["clicks"]
    assert kpi.owner == "ventes"
    assert kpi.texts == {"Look.": {"en": "Look.", "fr": "Voir."}}


def test_a_later_file_leaves_nothing_of_what_was_said_in_either_language() -> None:
    own = load("kpis: {clicks: {owner: {en: growth}}}", "own.yml")
    with pytest.raises(ConfigErrors) as caught:
        Catalogue.read([load(CATALOGUE, "catalogue.yml"), own])
    assert str(caught.value) == "own.yml:1: kpis.clicks.owner.fr: this key is required"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{en: sales}", "catalogue.yml:8: kpis.clicks.owner.fr: this key is required"),
        (
            "{en: sales, fr: ventes, de: V}",
            "catalogue.yml:8: kpis.clicks.owner.de: unknown key; allowed: en, fr",
        ),
        ("7", "catalogue.yml:8: kpis.clicks.owner: must be text, not 7"),
    ],
)
def test_a_mistake_in_a_text_is_told_where_it_is(written: str, problem: str) -> None:
    text = CATALOGUE.replace("{en: sales, fr: service commercial}", written)
    with pytest.raises(ConfigErrors) as caught:
        Catalogue.load(text, "catalogue.yml")
    assert problem in str(caught.value)


def test_a_rule_has_its_texts_in_the_languages_that_they_are_written_in() -> None:
    [rule] = rules()
    assert (rule.owner, rule.summary) == ("sales", "Few clicks.")
    summary = {"en": "Few clicks.", "fr": "Peu de clics."}
    assert rule.texts == {"sales": SALES, "Few clicks.": summary}


def test_an_alert_is_recorded_and_labelled_with_the_plain_texts() -> None:
    [rule] = rules()
    alert = decode(encode(begun(rule, (), None, "count", (), 0.0)))
    assert (alert.owner, alert.action) == ("sales", "Regarder les liens.")
    assert alert.summary == "Few clicks."
    assert alert.all_labels["owner"] == "sales"


def test_a_plan_knows_all_texts_of_its_kpis_and_rules() -> None:
    catalogue = Catalogue.load(CATALOGUE, "catalogue.yml")
    plan = replace(build.plan(), catalogue=catalogue, rules=rules())
    assert plan.texts.keys() == {"sales", "Few clicks."}
