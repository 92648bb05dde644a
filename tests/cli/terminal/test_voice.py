from __future__ import annotations

import pytest

from kpistream.cli.terminal.details import alert_details, tile_details
from kpistream.cli.terminal.frame import Frame
from kpistream.cli.terminal.phrases import HELP, PHRASES
from kpistream.cli.terminal.vocabulary import Vocabulary
from kpistream.cli.terminal.voice import Change, Voice
from tests.cli.terminal.live_worker import VOCABULARY, alert, overview

ENGLISH = Voice(Vocabulary.of(VOCABULARY))
FRENCH = Voice(Vocabulary.of(VOCABULARY), "fr")


@pytest.mark.parametrize(
    ("kpi", "value", "english", "french"),
    [
        ("conversion_rate", 0.0312, "3.12 %", "3,12 %"),
        ("return_on_ad_spend", 4.5, "4.5", "4,5"),
        ("revenue", 1_284_310.5, "1,284,310 EUR", "1 284 310 EUR"),
        ("average_order_value", 61.5, "61.50 EUR", "61,50 EUR"),
        ("revenue", -41.2, "-41.20 EUR", "-41,20 EUR"),
        ("sales_cycle_length", 345_600.0, "4 days", "4 jours"),
        ("sales_cycle_length", 5_400.0, "90 min", "90 min"),
        ("visitors", 20_412.0, "20,412", "20 412"),
        ("net_promoter_score", -12.5, "-12.5", "-12,5"),
        ("visitors", None, "no value", "aucune valeur"),
        ("visitors", float("inf"), "inf", "inf"),
        ("one_of_tomorrow", 3.0, "3", "3"),
    ],
)
def test_a_value_is_told_in_its_unit(
    kpi: str, value: float | None, english: str, french: str
) -> None:
    assert ENGLISH.value(kpi, value) == english
    assert FRENCH.value(kpi, value).replace("\u00a0", " ") == french


def test_money_is_told_in_its_own_currency() -> None:
    assert ENGLISH.value("revenue", 5.0, "JPY") == "5.00 JPY"


@pytest.mark.parametrize(
    ("kpi", "value", "before", "change"),
    [
        ("revenue", 112.0, 100.0, Change("▲", "12 %", "better")),
        ("customer_acquisition_cost", 112.0, 100.0, Change("▲", "12 %", "worse")),
        ("customer_acquisition_cost", 88.0, 100.0, Change("▼", "12 %", "better")),
        ("conversion_rate", 0.027, 0.03, Change("▼", "0.3 pp", "worse")),
        ("return_on_ad_spend", 4.5, 3.0, Change("▲", "50 %", "better")),
        ("net_promoter_score", 30.0, 32.0, Change("▼", "2 pts", "worse")),
        ("net_promoter_score", 5.0, -5.0, Change("▲", "10 pts", "better")),
        ("revenue", 5.0, -5.0, Change("▲", "200 %", "better")),
        ("visitors", 5.0, 0.0, Change("▲", "5", "better")),
        ("visitors", 5.0, 5.0, Change("=", "", "unchanged")),
        ("revenue", 1_000_000.0, 1_000_001.0, Change("=", "", "unchanged")),
        ("visitors", None, 5.0, None),
        ("visitors", 5.0, None, None),
        ("visitors", float("inf"), 1.0, None),
    ],
)
def test_a_change_is_better_or_worse_by_the_direction_of_its_kpi(
    kpi: str, value: float | None, before: float | None, change: Change | None
) -> None:
    assert ENGLISH.change(kpi, value, before) == change


@pytest.mark.parametrize(
    ("width", "name"),
    [
        (None, "Customer acquisition cost (CAC)"),
        (31, "Customer acquisition cost (CAC)"),
        (30, "Customer acquisition cost"),
        (20, "CAC"),
        (2, "Customer acquisition cost (CAC)"),
    ],
)
def test_a_name_without_room_is_told_by_its_short_form(width: int | None, name: str) -> None:
    assert ENGLISH.name("customer_acquisition_cost", width) == name


def test_a_kpi_that_nobody_has_named_is_called_by_its_id() -> None:
    assert ENGLISH.name("one_of_tomorrow") == "one_of_tomorrow"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "2026-03-01 10:00:00 UTC"),
        ("Europe/Paris", "2026-03-01 11:00:00 CET"),
        ("No/Where", "2026-03-01 10:00:00 UTC"),
        ("../etc", "2026-03-01 10:00:00 UTC"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_the_worker(zone: str, text: str) -> None:
    voice = Voice(Vocabulary.of({**VOCABULARY, "zone": zone}))
    assert voice.moment("2026-03-01T10:00:00Z") == text


def test_what_is_no_moment_is_told_as_it_is() -> None:
    assert ENGLISH.moment("soon") == "soon"
    assert ENGLISH.moment(None) == "no events yet"


def test_each_phrase_is_there_in_both_languages_with_the_same_blanks() -> None:
    for name, texts in PHRASES.items():
        assert set(texts) == {"en", "fr"}, name
        assert texts["en"].count("{}") == texts["fr"].count("{}"), name
    assert [len(rows) for rows in HELP.values()] == [12, 12]


def test_what_a_rule_says_is_told_in_the_language_of_who_reads_it() -> None:
    assert ENGLISH.told("Pause the campaign.") == "Pause the campaign."
    assert FRENCH.told("Pause the campaign.") == "Suspendre la campagne."


def test_what_nobody_has_translated_is_told_as_it_is() -> None:
    assert FRENCH.told("Call Ann.") == "Call Ann."
    older = Voice(Vocabulary.of({**VOCABULARY, "texts": {}}), "fr")
    assert older.told("Pause the campaign.") == "Pause the campaign."


def test_dimensions_and_boards_have_names() -> None:
    assert (ENGLISH.dimension("channel"), FRENCH.dimension("channel")) == ("channel", "canal")
    assert (ENGLISH.board("shop"), FRENCH.board("shop")) == ("Shop", "Boutique")


def test_the_details_of_an_alert_and_of_a_tile_are_in_one_language() -> None:
    line = Frame.of(overview(alerts=[alert()])).alerts[0]
    told = dict(alert_details(FRENCH, line))
    assert told["responsable"] == "marketing à la performance"
    assert told["découpage"] == "canal=ads, campagne=autumn"
    assert told["pourquoi"] == "A baissé de 2,1 à 0,8."
    tile = Frame.of(overview()).tiles["revenue"]
    assert dict(tile_details(FRENCH, tile))["action"] == "À examiner."
