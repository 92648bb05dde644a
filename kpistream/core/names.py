"""Names: what dimensions, members and boards are called by people; ids of their own as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kpistream.core.catalogue.boards import MORE
from kpistream.core.kpis.kpi import LANGUAGES, Language
from kpistream.core.slices import NOT_SET, OTHER

DIMENSION_NAMES: Final[Mapping[str, Mapping[Language, str]]] = {
    "channel": {"en": "channel", "fr": "canal"},
    "campaign": {"en": "campaign", "fr": "campagne"},
    "segment": {"en": "segment", "fr": "segment"},
    "device": {"en": "device", "fr": "appareil"},
    "country": {"en": "country", "fr": "pays"},
    "site": {"en": "site", "fr": "site"},
}

NO_MEMBERS: Final[Mapping[str, Mapping[Language, str]]] = {
    NOT_SET: {"en": "not set", "fr": "non renseigné"},
    OTHER: {"en": "all others", "fr": "tous les autres"},
}
"""What stands for a member that is not known, and for those beyond the limit."""

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


def member_name(member: str, language: Language) -> str:
    """A member of a dimension as it is; what is none is told in words."""
    known = NO_MEMBERS.get(member)
    return member if known is None else known[language]


def slice_name(part: Mapping[str, str], language: Language) -> str:
    """A slice by its dimensions and members: `canal=ads`; nothing for the total."""
    return ", ".join(
        f"{dimension_name(dimension, language)}={member_name(member, language)}"
        for dimension, member in part.items()
    )


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
