"""Names: what dimensions and boards are called by people, where their ids are those shipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kpistream.core.catalogue.boards import MORE
from kpistream.core.kpis.kpi import LANGUAGES, Language

DIMENSION_NAMES: Final[Mapping[str, Mapping[Language, str]]] = {
    "channel": {"en": "channel", "fr": "canal"},
    "campaign": {"en": "campaign", "fr": "campagne"},
    "segment": {"en": "segment", "fr": "segment"},
    "device": {"en": "device", "fr": "appareil"},
    "country": {"en": "country", "fr": "pays"},
    "site": {"en": "site", "fr": "site"},
}

BOARD_NAMES: Final[Mapping[str, Mapping[Language, str]]] = {
    "overview": {"en": "Overview", "fr": "Vue d'ensemble"},
    "acquisition": {"en": "Acquisition", "fr": "Acquisition"},
    "brand": {"en": "Brand", "fr": "Marque"},
    "email": {"en": "E-mail", "fr": "E-mail"},
    "shop": {"en": "Shop", "fr": "Boutique"},
    "sales": {"en": "Sales", "fr": "Ventes"},
    "customers": {"en": "Customers", "fr": "Clients"},
    MORE: {"en": "More KPIs", "fr": "Autres KPI"},
}
"""Of dashboards, and of the funnels that go with them."""


def dimension_name(dimension: str, language: Language) -> str:
    """A dimension inside a sentence; one of a user's own as it is spelt."""
    return _name(DIMENSION_NAMES, dimension, language)


def board_name(board: str, language: Language) -> str:
    """A dashboard or funnel as a title; one of a user's own as it is spelt."""
    return _name(BOARD_NAMES, board, language)


def dimension_names(dimensions: Iterable[str]) -> dict[str, dict[Language, str]]:
    """The names of some dimensions in each language."""
    return {
        one: {language: dimension_name(one, language) for language in LANGUAGES}
        for one in dimensions
    }


def board_names(boards: Iterable[str]) -> dict[str, dict[Language, str]]:
    """The names of some boards in each language."""
    return {one: {language: board_name(one, language) for language in LANGUAGES} for one in boards}


def _name(names: Mapping[str, Mapping[Language, str]], identifier: str, language: Language) -> str:
    known = names.get(identifier)
    return identifier.replace("_", " ") if known is None else known[language]
