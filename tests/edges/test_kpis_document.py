"""What `/api/v1/kpis` says beside the KPIs: names and texts in both languages."""

from __future__ import annotations

import msgspec

from kpistream.cli.wiring.wiring import read_plan
from kpistream.edges.web import published
from kpistream.edges.web.kpis import kpis_document
from kpistream.settings import settings_of

PLAN, _ = read_plan(settings_of())
DOCUMENT = msgspec.convert(msgspec.to_builtins(kpis_document(PLAN)), published.Kpis)


def test_it_has_the_names_of_all_dimensions_boards_and_funnels() -> None:
    assert DOCUMENT.names.dimensions.keys() == set(DOCUMENT.dimensions)
    assert DOCUMENT.names.dimensions["channel"] == {"en": "channel", "fr": "canal"}
    assert DOCUMENT.names.boards.keys() == {*DOCUMENT.dashboards, *DOCUMENT.funnels}
    assert DOCUMENT.names.boards["shop"] == {"en": "Shop", "fr": "Boutique"}


def test_what_kpis_say_is_plain_and_found_in_both_languages_among_the_texts() -> None:
    for kpi in DOCUMENT.kpis:
        for text in (kpi.owner, kpi.action):
            assert DOCUMENT.texts[text]["en"] == text
            assert DOCUMENT.texts[text]["fr"]


def test_what_alerts_will_say_is_among_the_texts() -> None:
    for rule in PLAN.rules:
        assert {rule.owner, rule.action, rule.summary} <= DOCUMENT.texts.keys()
