from __future__ import annotations

from typing import Any

import pytest

from kpistream.cli.because import Telling, because
from kpistream.core.alerting.why.why import Driver, Segment, Why
from kpistream.core.kpis.kpi import Language
from kpistream.core.slices import NOT_SET

SENTENCE = "Fell from 2 to 1: 92 % of it by channel=ads; average_order_value explains 80 %."


def telling(language: Language) -> Telling:
    return Telling(
        language,
        value=lambda value: f"{value:g}",
        part=lambda part: f"{part * 100:.0f} %",
        member=lambda member: "non renseigné" if member == NOT_SET else member,
        kpi=lambda kpi: {"average_order_value": "Panier moyen"}.get(kpi, kpi),
    )


def why(**named: Any) -> Why:
    return Why(**{"value": 1.0, "before": 2.0, "sentence": SENTENCE, **named})


def member(name: str, effect: float, dimension: str = "channel") -> Segment:
    return Segment(dimension, name, 1.0, 2.0, effect / 2, effect / 2)


def order_value(effect: float, kpi: str = "average_order_value") -> Driver:
    return Driver(kpi, 1.0, 2.0, effect)


def test_in_english_it_is_the_workers_sentence_with_the_kpi_by_its_name() -> None:
    assert because(why(), telling("en")) == SENTENCE.replace("average_order_value", "Panier moyen")


@pytest.mark.parametrize(
    ("explained", "expected"),
    [
        (why(), "A baissé de 2 à 1."),
        (why(value=3.0), "A augmenté de 2 à 3."),
        (
            why(segments=(member("email", -0.08), member("ads", -0.92))),
            "A baissé de 2 à 1 : 92 % par canal ads.",
        ),
        (
            why(segments=(member(NOT_SET, -1.0),)),
            "A baissé de 2 à 1 : 100 % par canal non renseigné.",
        ),
        (
            why(segments=(member("ads", -1.4), member("email", 0.4))),
            "A baissé de 2 à 1 : plus de 100 % par canal ads.",
        ),
        (
            why(segments=(member("nord", -0.5, "shop_floor"),), drivers=(order_value(-0.4),)),
            "A baissé de 2 à 1 : 50 % par shop floor nord ; 100 % par Panier moyen.",
        ),
        (
            why(drivers=(order_value(-0.1), order_value(-0.3, "sessions"))),
            "A baissé de 2 à 1 : 75 % par sessions.",
        ),
        (
            why(segments=(member("(rest)", -0.6), member("", -0.3), member("ads", -0.1))),
            "A baissé de 2 à 1.",
        ),
        (why(before=None), ""),
        (why(before=1.0), ""),
    ],
)
def test_in_french_it_is_told_from_what_explains_it(explained: Why, expected: str) -> None:
    assert because(explained, telling("fr")) == expected
