"""The words of dashboards: the same ones in each language."""

from __future__ import annotations

import re

import pytest

from kpistream.core.monitoring.progress import Status
from kpistream.edges.grafana.words import ENGLISH, FRENCH, Words


def test_both_languages_have_the_same_words() -> None:
    assert list(FRENCH) == list(ENGLISH)


@pytest.mark.parametrize("key", ENGLISH)
def test_a_word_has_the_same_gaps_in_both_languages(key: str) -> None:
    gaps = [sorted(re.findall(r"\{+\w+\}+", words[key])) for words in (ENGLISH, FRENCH)]
    assert gaps[0] == gaps[1]


@pytest.mark.parametrize("key", [key for key in ENGLISH if key.startswith("about_")])
def test_what_tells_about_something_is_a_sentence(key: str) -> None:
    assert ENGLISH[key].endswith(".")
    assert FRENCH[key].endswith(".")


def test_each_status_of_an_objective_has_a_word() -> None:
    assert {status.value for status in Status} <= ENGLISH.keys()


def test_a_gap_is_filled() -> None:
    assert Words("en")("back", board="Shop") == "Back to Shop"
    assert Words("fr")("back", board="Boutique") == "Retour à Boutique"


def test_a_board_of_ones_own_is_called_as_it_is_written() -> None:
    assert Words("fr").board("shop") == "Boutique"
    assert Words("fr").board("show_room") == "Show room"


def test_a_dimension_is_a_title() -> None:
    assert Words("fr").dimension("channel") == "Canal"
    assert Words("fr").dimension("car_brand") == "Car brand"


def test_a_board_of_ones_own_is_not_called_by_another_word_of_the_dashboards() -> None:
    assert Words("fr").board("history") == "History"
