from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import LANGUAGES, Language
from kpistream.core.names import (
    BOARD_NAMES,
    DIMENSION_NAMES,
    NO_MEMBERS,
    board_name,
    board_names,
    dimension_name,
    dimension_names,
    member_name,
    slice_name,
)
from kpistream.core.slices import DIMENSIONS, NOT_SET, OTHER

SHIPPED = Path(__file__).parents[2] / "kpistream" / "catalogue.yml"


def test_every_shipped_dimension_has_a_name() -> None:
    assert tuple(DIMENSION_NAMES) == DIMENSIONS


def test_every_shipped_board_and_funnel_has_a_name() -> None:
    catalogue = Catalogue.load(SHIPPED.read_text("utf-8"), "catalogue.yml")
    assert {*catalogue.dashboards, *catalogue.funnels} <= BOARD_NAMES.keys()


@pytest.mark.parametrize("names", [DIMENSION_NAMES, NO_MEMBERS, BOARD_NAMES])
def test_a_name_is_there_in_every_language(names: dict[str, dict[Language, str]]) -> None:
    assert all(set(name) == set(get_args(Language)) for name in names.values())


def test_a_dimension_is_called_what_readers_call_it() -> None:
    assert dimension_name("channel", "en") == "channel"
    assert dimension_name("channel", "fr") == "canal"
    assert board_name("shop", "fr") == "Boutique"


def test_what_is_of_a_users_own_is_called_as_it_is_spelt() -> None:
    for language in LANGUAGES:
        assert dimension_name("car_brand", language) == "car brand"
        assert board_name("showroom", language) == "showroom"


def test_names_are_told_in_every_language_at_once() -> None:
    assert dimension_names(["device"]) == {"device": {"en": "device", "fr": "appareil"}}
    assert board_names(["sales"]) == {"sales": {"en": "Sales", "fr": "Ventes"}}


def test_a_member_is_told_as_it_is_and_what_is_none_in_words() -> None:
    assert member_name("autumn_sale", "fr") == "autumn_sale"
    assert member_name(NOT_SET, "fr") == "non renseigné"
    assert member_name(OTHER, "en") == "all others"


def test_a_slice_is_told_by_its_dimensions_and_members() -> None:
    assert slice_name({"channel": "email", "campaign": NOT_SET}, "fr") == (
        "canal=email, campagne=non renseigné"
    )
    assert slice_name({"shop_floor": "nord"}, "en") == "shop floor=nord"
    assert slice_name({}, "en") == ""
