"""Special days of an installation: public holidays of a country, and events of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from kpistream.cli.wiring.special_days import MOST_YEARS, NamedEvent, special_days
from kpistream.core.alerting.past.calendar import SpecialDays

SALES = NamedEvent("soldes", date(2026, 1, 7), date(2026, 1, 9))


def _special(
    country: str | None = None, part: str | None = None, events: Iterable[NamedEvent] = ()
) -> SpecialDays:
    return special_days(country, part, events, 2026, 2027)


@pytest.mark.parametrize(
    ("on", "name"),
    [
        ("2026-05-14", "Ascension"),
        ("2026-07-14", "Fête nationale"),
        ("2027-03-29", "Lundi de Pâques"),
        ("2026-07-13", None),
        ("2025-07-14", None),
        ("2028-07-14", None),
    ],
)
def test_the_holidays_of_a_country_have_names_in_its_language(on: str, name: str | None) -> None:
    assert _special("FR").name(date.fromisoformat(on)) == name


def test_the_names_do_not_follow_the_language_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGUAGE", "en_US")
    assert _special("FR").name(date(2026, 5, 1)) == "Fête du Travail"


@pytest.mark.parametrize("part", ["BY", "Bayern"])
def test_a_part_of_a_country_has_holidays_of_its_own(part: str) -> None:
    epiphany = date(2026, 1, 6)
    assert epiphany not in _special("DE")
    assert epiphany in _special("DE", part)


def test_an_event_makes_all_days_from_its_first_to_its_last_special() -> None:
    special = _special(events=[SALES])

    names = [special.name(date(2026, 1, day)) for day in (6, 7, 8, 9, 10)]
    assert names == [None, "soldes", "soldes", "soldes", None]
    assert len(special) == 3


def test_an_event_of_another_year_is_kept() -> None:
    launch = NamedEvent("launch", date(2031, 1, 1), date(2031, 1, 1))
    assert _special(events=[launch]).name(date(2031, 1, 1)) == "launch"


def test_a_day_that_is_special_for_two_reasons_has_both_names_once() -> None:
    eve = NamedEvent("Grand Bal", date(2026, 7, 14), date(2026, 7, 14))
    special = _special("FR", events=[eve, eve])
    assert special.name(date(2026, 7, 14)) == "Fête nationale; Grand Bal"


def test_without_a_country_and_events_no_day_is_special() -> None:
    assert len(_special()) == 0


@pytest.mark.parametrize(
    ("country", "part", "problem"),
    [
        ("France", None, "no public holidays are known of 'France'; did you mean 'FR'?"),
        ("fr", None, "no public holidays are known of 'fr'; did you mean 'FR'?"),
        ("FRA", None, "no public holidays are known of 'FRA'; did you mean 'FR'?"),
        ("UK", None, "no public holidays are known of 'UK'; did you mean 'GB'?"),
        ("germny", None, "no public holidays are known of 'germny'; did you mean 'DE'?"),
        ("Atlantis", None, "no public holidays are known of 'Atlantis'; use a code such as 'FR'"),
        ("", None, "no public holidays are known of ''; use a code such as 'FR'"),
        (None, "BY", "the holidays of 'BY' need the country that it is in"),
        (
            "DE",
            "Bayren",
            "DE has no part 'Bayren' with holidays of its own; did you mean 'Bayern'?; allowed: ",
        ),
        ("JP", "Kyoto", "JP has no part 'Kyoto' with holidays of its own; it has none"),
    ],
)
def test_a_place_without_known_holidays_is_refused_with_what_there_is(
    country: str | None, part: str | None, problem: str
) -> None:
    with pytest.raises(ValueError, match="holidays") as refusal:
        _special(country, part)
    assert str(refusal.value).startswith(problem)


def test_an_event_that_ends_before_it_starts_is_refused() -> None:
    backwards = NamedEvent("soldes", date(2026, 1, 9), date(2026, 1, 7))
    with pytest.raises(ValueError, match="'soldes' ends on 2026-01-07, but starts on 2026-01-09"):
        _special(events=[backwards])


@pytest.mark.parametrize("last", [2025, 2026 + MOST_YEARS])
def test_years_that_are_none_or_very_many_are_refused(last: int) -> None:
    with pytest.raises(ValueError, match=f"from 2026 to {last}"):
        special_days("FR", None, (), 2026, last)
