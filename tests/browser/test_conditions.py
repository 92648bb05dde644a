"""What the page says an alert fires at, for each form in which workers write a condition."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from kpistream.core.alerting.rules import conditions as c
from tests.browser import shop
from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import plain

pytestmark = pytest.mark.browser

RATE, MONEY = "conversion_rate", "average_order_value"

LOW: Final = c.Line(RATE, "1h", "below", at=0.4)
DEAR: Final = c.Line(MONEY, "1h", "above", at=40.0)
FALL: Final = c.Change(RATE, "1h", "down", 0.5)

TOLD: Final[tuple[tuple[c.Condition, str, str], ...]] = (
    (LOW, "below 40%", "en dessous de 40 %"),
    (
        c.Line(RATE, "1h", "above", other="bounce_rate", times=2.5),
        "above 2.5 \N{MULTIPLICATION SIGN} Bounce rate",
        "au-dessus de 2,5 \N{MULTIPLICATION SIGN} Taux de rebond",
    ),
    (
        FALL,
        "falls by 50% against the window before",
        "baisse de 50 % par rapport à la fenêtre précédente",
    ),
    (
        c.Change(RATE, "1m", "up", 1.0, "1h"),
        "rises by 100% against the rest of the window (1 hour)",
        "hausse de 100 % par rapport au reste de la fenêtre (1 heure)",
    ),
    (
        c.Change(RATE, "1h", "any", 0.2, c.SEASON),
        "changes by 20% against the same hours of past weeks",
        "variation de 20 % par rapport aux mêmes heures des semaines passées",
    ),
    (c.Unusual(RATE, "1h", "any"), "unusual", "valeur inhabituelle"),
    (c.Unusual(RATE, "1h", "up"), "unusually high", "valeur inhabituellement haute"),
    (c.Unusual(RATE, "1h", "down"), "unusually low", "valeur inhabituellement basse"),
    (c.Drift(RATE, "1h", "any"), "drifts", "dérive"),
    (c.Drift(RATE, "1h", "up"), "drifts up", "dérive à la hausse"),
    (c.Drift(RATE, "1h", "down"), "drifts down", "dérive à la baisse"),
    (c.Absence(RATE, "1h", "7d"), "no data", "aucune donnée"),
    (
        c.Behind(RATE, "1h", "online_sales"),
        "objective online_sales: off track",
        "objectif online_sales : en retard",
    ),
    (
        c.Behind(RATE, "1h", "online_sales", at_risk=True),
        "objective online_sales: at risk",
        "objectif online_sales : à risque",
    ),
    (
        c.Forecast(RATE, "1h", "below", 0.1, 5_400),
        "will be below 10% within 1 hr 30 mins",
        "en dessous de 10 % d\u2019ici 1 h 30 min",
    ),
    (
        c.Forecast(RATE, "1h", "above", 0.1, 7_200),
        "will be above 10% within 2 hrs",
        "au-dessus de 10 % d\u2019ici 2 h",
    ),
    (
        c.All((LOW, DEAR, c.Not(FALL))),
        "Conversion rate: below 40% and Average order value (AOV): above €40.00 "
        "and not (falls by 50% against the window before)",
        "Taux de conversion : en dessous de 40 % et Panier moyen : au-dessus de 40,00 € "
        "et sauf (baisse de 50 % par rapport à la fenêtre précédente)",
    ),
    (
        c.Any((c.All((LOW, DEAR)), c.Unusual(MONEY, "1h", "up"))),
        "(Conversion rate: below 40% and Average order value (AOV): above €40.00) "
        "or Average order value (AOV): unusually high",
        "(Taux de conversion : en dessous de 40 % et Panier moyen : au-dessus de 40,00 €) "
        "ou Panier moyen : valeur inhabituellement haute",
    ),
)
"""A condition, and how it is told in English and in French."""


def alert(number: int, condition: str) -> dict[str, Any]:
    evidence = {"condition": condition, "method": "raw", "p": None, "covers_s": 3_600.0}
    return shop.unsubscribes(fingerprint=f"{number:016x}", kpi=RATE, evidence=evidence, why=None)


def conditions(page: Page, opened: int) -> list[str]:
    """What all cards say under "Condition"."""
    page.locator("#active-alerts .more").evaluate_all("(all) => all.forEach((e) => e.open = true)")
    expect(page.locator("#active-alerts .more[open]")).to_have_count(opened)
    facts = page.locator("#active-alerts .fact-list > div", has_text="Condition")
    found = facts.locator("dd")
    return [plain(each) for each in found.all_inner_texts()]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_form_of_condition_is_told_in_the_language_of_the_page(
    language: str, worker: FakeWorker, opened: Open
) -> None:
    worker.overrides["alerts"] = [
        alert(number, c.in_words(told[0])) for number, told in enumerate(TOLD)
    ]
    wanted = [english if language == "en" else french for _, english, french in TOLD]
    page = opened(f"?lang={language}")
    assert conditions(page, len(TOLD)) == [plain(told) for told in wanted]


def test_a_condition_of_another_form_stands_as_it_is_and_is_marked_as_english(
    worker: FakeWorker, opened: Open
) -> None:
    worker.overrides["alerts"] = [alert(1, "sings (loudly) and below 1")]
    page = opened("?lang=fr")
    assert conditions(page, 1) == ["sings (loudly) and below 1"]
    told = page.locator("#active-alerts dd", has_text="sings")
    expect(told).to_have_attribute("lang", "en")
