"""The words, numbers and dates of a report's page, in each language."""

from __future__ import annotations

from datetime import date
from string import Formatter
from typing import get_args

import pytest

from kpistream.cli.reporting.speech import DASH, Speech
from kpistream.cli.reporting.words import WORDS
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.kpis.kpi import Language
from kpistream.core.monitoring.progress import Status
from kpistream.core.reporting.report import Trend, Verdict

LANGUAGES: tuple[Language, ...] = get_args(Language)


def test_both_languages_have_all_words_with_the_same_places() -> None:
    for name, words in WORDS.items():
        assert set(words) == set(LANGUAGES), name
        places = [sorted(part[1] or "" for part in _places(text)) for text in words.values()]
        assert places[0] == places[1], name


def _places(text: str) -> list[tuple[str, str]]:
    return [(before, field) for before, field, _, _ in Formatter().parse(text) if field is not None]


def test_all_that_can_be_said_has_words() -> None:
    names = {
        *(f"trend_{one}" for one in get_args(Trend)),
        *(f"verdict_{one}" for one in get_args(Verdict) if one != "none"),
        *(f"status_{one}" for one in Status),
        *(f"severity_{one}" for one in Severity),
    }

    assert names <= set(WORDS)


def test_french_numbers_and_dates_are_french() -> None:
    say = Speech("fr")

    assert say.value(1234.5, "money", "EUR") == "1\N{NARROW NO-BREAK SPACE}234 EUR"
    assert say.value(0.0345, "ratio", None) == "3,45 %"
    assert say.value(3.5, "ratio", "EUR") == "3,5"
    assert say.days(date(2026, 3, 1), date(2026, 3, 31)) == "1er\N{EN DASH}31 mars 2026"
    assert say.difference(-0.021, "ratio", None) == "\N{MINUS SIGN}2,1 pt"
    assert say.change(12.5, 8, "points", None) == "4,5 points"


@pytest.mark.parametrize(
    ("value", "before", "unit", "currency", "said"),
    [
        (0.172, 0.207, "ratio", None, "3.5 pp"),
        (0.0525, 0.05, "ratio", None, "0.25 pp"),
        (0.25, 0.0, "ratio", None, "25 pp"),
        (0.05, 0.05 + 1e-7, "ratio", None, "0.00001 pp"),
        (45.5, 38.2, "points", None, "7.3 points"),
        (-10.0, 10.0, "points", None, "20 points"),
        (4.32, 5.22, "ratio", "EUR", "17.2 %"),
        (150.0, 100.0, "count", None, "50.0 %"),
        (300.0, 0.0, "money", "EUR", "300.00 EUR"),
        (30.0, 60.0, "seconds", None, "50.0 %"),
    ],
)
def test_a_change_is_told_as_on_the_live_page(
    value: float, before: float, unit: str, currency: str | None, said: str
) -> None:
    assert Speech("en").change(value, before, unit, currency) == said


def test_a_difference_of_points_is_in_points() -> None:
    say = Speech("en")

    assert say.difference(-4.25, "points", None) == "\N{MINUS SIGN}4.2 points"
    assert say.difference(0.0144, "ratio", None) == "+1.4 pp"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-09", "2026-03-09", "9 March 2026"),
        ("2026-02-23", "2026-03-01", f"23 February {DASH} 1 March 2026"),
        (
            "2025-12-29",
            "2026-01-04",
            f"29 December 2025 {DASH} 4 January 2026",
        ),
    ],
)
def test_days_are_said_as_shortly_as_they_can_be(first: str, last: str, said: str) -> None:
    assert Speech("en").days(date.fromisoformat(first), date.fromisoformat(last)) == said


def test_what_is_no_member_is_told_in_words() -> None:
    assert Speech("fr").where({"channel": "(not set)"}) == "canal=non renseigné"
    assert Speech("en").where({"campaign": "__other__"}) == "campaign=all others"
