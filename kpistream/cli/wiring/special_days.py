"""The special days of an installation: a country's public holidays, and events of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Final

import holidays
from holidays.registry import COUNTRIES

from kpistream.core.alerting.past.calendar import SpecialDays
from kpistream.core.located_yaml import did_you_mean

MOST_YEARS: Final = 100
"""How many years special days may be worked out for."""


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """Something that makes days special, from its first day to its last, both included."""

    name: str
    first: date
    last: date


def special_days(
    country: str | None,
    subdivision: str | None,
    events: Iterable[NamedEvent],
    first_year: int,
    last_year: int,
) -> SpecialDays:
    """The public holidays of these years, named in the country's language, and all the events.

    ``country`` is an ISO 3166 code such as `FR`, ``subdivision`` a code or name of a part of it as
    the `holidays` library knows it. Raises ValueError for one that it does not know, for a
    subdivision without a country, for an event that ends before it starts, and for no years or
    more than :data:`MOST_YEARS`.
    """
    names: dict[date, list[str]] = {}
    for on, name in _holidays(country, subdivision, _years(first_year, last_year)):
        names.setdefault(on, []).append(name)
    for event in events:
        for on in _dates(event):
            names.setdefault(on, []).append(event.name)
    return SpecialDays({on: "; ".join(dict.fromkeys(found)) for on, found in names.items()})


def _years(first: int, last: int) -> range:
    if not 0 <= last - first < MOST_YEARS:
        raise ValueError(f"from {first} to {last} are no years, or more than {MOST_YEARS}")
    return range(first, last + 1)


def _dates(event: NamedEvent) -> Iterator[date]:
    length = (event.last - event.first).days
    if not 0 <= length <= 366 * MOST_YEARS:
        raise ValueError(f"{event.name!r} ends on {event.last}, but starts on {event.first}")
    return (event.first + timedelta(days=n) for n in range(length + 1))


def _holidays(
    country: str | None, subdivision: str | None, years: range
) -> Iterable[tuple[date, str]]:
    if country is None:
        if subdivision is not None:
            raise ValueError(f"the holidays of {subdivision!r} need the country that it is in")
        return ()
    code = _known_country(country)
    part = None if subdivision is None else _known_part(code, subdivision)
    language: str | None = getattr(holidays, code).default_language
    return holidays.country_holidays(code, subdiv=part, years=years, language=language).items()


def _known_country(country: str) -> str:
    """The code, if holidays of that country are known."""
    codes = _codes()
    if country in codes.values():
        return country
    near = get_close_matches(country.casefold(), codes, n=1, cutoff=0.75)
    hint = f"did you mean {codes[near[0]]!r}?" if near else "use a code such as 'FR'"
    raise ValueError(f"no public holidays are known of {country!r}; {hint}")


def _codes() -> dict[str, str]:
    """What a country may be called, in small letters, to its code."""
    codes: dict[str, str] = {}
    for module, (name, two, *more) in COUNTRIES.items():
        for called in (module.replace("_", " "), name, two, *more):
            codes[called.casefold()] = two
    return codes


def _known_part(code: str, subdivision: str) -> str:
    place = getattr(holidays, code)
    known = [*place.subdivisions, *place.subdivisions_aliases]
    if subdivision in known:
        return subdivision
    hint = did_you_mean(subdivision, known)
    allowed = f"; allowed: {', '.join(sorted(known))}" if known else "; it has none"
    raise ValueError(f"{code} has no part {subdivision!r} with holidays of its own{hint}{allowed}")
