"""The scenarios that ship: `story`, `steady` and `chaos`. Tune them here and nowhere else.

Click, conversion and order rates are several times those of real life, and costs per thousand
with them: a story has two minutes to show what takes a shop a month, and a ratio needs
orders to stand on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kpistream.edges.emitter.indicators import Indicator
from kpistream.edges.emitter.scenario import Campaign, Faults, Phase, Scenario
from kpistream.edges.emitter.traffic import Traffic

_BRAND = Traffic(
    impressions=6,
    click_through=0.30,
    bounce=0.28,
    conversion=0.24,
    order_value=62,
    cost_per_click=3.2,
)
_GENERIC = Traffic(
    impressions=7, click_through=0.24, conversion=0.22, order_value=58, cost_per_click=2.9
)
_LOOKALIKE = Traffic(
    impressions=9,
    click_through=0.19,
    conversion=0.21,
    order_value=48,
    interaction=0.03,
    cost_per_click=2.3,
)
_VIDEO = Traffic(
    impressions=9,
    click_through=0.16,
    conversion=0.20,
    order_value=46,
    interaction=0.03,
    cost_per_mille=330,
)
_PROSPECTING = Traffic(
    impressions=7,
    click_through=0.19,
    bounce=0.42,
    conversion=0.20,
    order_value=52,
    cost_per_click=2.4,
)
_RETARGETING = Traffic(
    impressions=8,
    click_through=0.23,
    bounce=0.30,
    conversion=0.25,
    order_value=54,
    cost_per_click=3.0,
)
_NEWSLETTER = Traffic(
    mails=8,
    open=0.46,
    click_to_open=0.40,
    unsubscribe=0.002,
    complaint=0.0005,
    conversion=0.26,
    order_value=56,
    cost_per_mille=200,
    commission=0.12,
)
_AUTUMN_SALE = replace(_NEWSLETTER, mails=3, order_value=50)
_BOOKMARK = Traffic(visits=3, bounce=0.25, conversion=0.18, order_value=64)
_APP = Traffic(visits=2, bounce=0.20, conversion=0.20, order_value=50)
_BLOGGERS = Traffic(
    impressions=4, click_through=0.26, conversion=0.18, order_value=57, commission=0.24
)
_CASHBACK = Traffic(
    impressions=4, click_through=0.28, conversion=0.22, order_value=51, commission=0.26
)

CAMPAIGNS: Final = (
    Campaign("search", "brand", "google_ads", _BRAND),
    Campaign("search", "generic", "google_ads", _GENERIC),
    Campaign("social", "lookalike", "meta_ads", _LOOKALIKE),
    Campaign("social", "video", "tiktok_ads", _VIDEO),
    Campaign("display", "prospecting", "dv360", _PROSPECTING),
    Campaign("display", "retargeting", "criteo", _RETARGETING),
    Campaign("email", "newsletter", "brevo", _NEWSLETTER),
    Campaign("email", "autumn_sale", "brevo", _AUTUMN_SALE),
    Campaign("direct", "bookmark", "none", _BOOKMARK),
    Campaign("direct", "app", "none", _APP),
    Campaign("affiliate", "bloggers", "awin", _BLOGGERS),
    Campaign("affiliate", "cashback", "awin", _CASHBACK),
)

INDICATORS: Final = (
    Indicator("market_share", lowest=0.15, highest=0.21, step=0.002, decimals=6),
    Indicator("stock_level", lowest=400, highest=2_000, step=25),
)

_LAUNCH = replace(_AUTUMN_SALE, mails=14, unsubscribe=0.015, complaint=0.001)
_FATIGUE = replace(
    _AUTUMN_SALE, mails=24, open=0.36, click_to_open=0.25, unsubscribe=0.11, complaint=0.008
)
_BIDDING_WAR = replace(
    _RETARGETING,
    impressions=40,
    click_through=0.18,
    bounce=0.72,
    conversion=0.015,
    cost_per_click=18.0,
)
_REPAIRED = replace(_RETARGETING, impressions=21, conversion=0.28, cost_per_click=2.4)

STORY: Final = Scenario(
    name="story",
    campaigns=CAMPAIGNS,
    phases=(
        Phase("calm", 0.20),
        Phase("launch", 0.06, {"autumn_sale": _LAUNCH}),
        Phase("fatigue", 0.14, {"autumn_sale": _FATIGUE}),
        Phase("slump", 0.18, {"retargeting": _BIDDING_WAR}),
        Phase("recovery", 0.42, {"retargeting": _REPAIRED}),
    ),
    # Not the default: a return over one minute would wait for what it is divided by.
    cost_every_s=2.0,
    indicators=INDICATORS,
)
"""Calm; an e-mail campaign wears its readers out; retargeting spends without selling; recovery."""

STEADY: Final = Scenario(
    name="steady", campaigns=CAMPAIGNS, phases=(Phase("steady", 1.0),), indicators=INDICATORS
)
"""Healthy traffic that stays the same."""

CHAOS: Final = replace(
    STEADY,
    name="chaos",
    faults=Faults(
        duplicate=0.03,
        delayed=0.05,
        late=0.01,
        in_future=0.005,
        malformed=0.01,
        missing_field=0.005,
        unknown_currency=0.02,
    ),
)
"""Steady traffic with everything that goes wrong between an emitter and a broker."""

SCENARIOS: Final = {scenario.name: scenario for scenario in (STORY, STEADY, CHAOS)}
