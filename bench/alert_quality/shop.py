"""A shop whose truth is known: campaigns with rates that never change, and traffic that does.

Traffic has a daily and a weekly season, holidays, and a rate that differs from hour to hour by a
gamma distribution; within an hour events come independently. What each of them leads to is as
likely at any time: so whatever an alert says about a rate is false.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from math import log
from typing import Final

import numpy as np
from numpy.random import Generator

from kpistream.core.measuring.partials import Sums
from kpistream.core.slices import Slice

START_S: Final = 1_767_571_200
"""2026-01-05, a Monday, midnight UTC."""

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
CURRENCY: Final = "EUR"
MICRO: Final = 1_000_000

CHANNELS: Final = ("search", "social", "display", "affiliate", "email")
LARGEST: Final = 3_000.0
"""Clicks an hour of the largest campaign, in an hour like the average."""

OVERDISPERSION: Final = 25.0
"""The shape of the gamma distribution of an hour's rate: by 20 % up or down."""

HOLIDAYS: Final[Mapping[date, float]] = {
    date(2026, 1, 14): 0.4,
    date(2026, 1, 27): 2.5,
    date(2026, 2, 6): 2.5,
    date(2026, 2, 17): 0.4,
}
"""Days with another traffic than usual, and how many times as much: closed days and sales."""

_DAILY: Final = (
    *(0.35, 0.2, 0.15, 0.1, 0.1, 0.15, 0.35, 0.6, 0.9, 1.1, 1.25, 1.3),
    *(1.4, 1.35, 1.25, 1.2, 1.25, 1.35, 1.55, 1.8, 2.0, 1.9, 1.35, 0.8),
)
_WEEKLY: Final = (1.05, 1.0, 0.95, 0.95, 0.9, 1.0, 1.15)


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is true of a campaign; money in major units, traffic an hour on average."""

    channel: str
    name: str
    impressions: float
    click_through_rate: float
    visit_rate: float
    conversion_rate: float
    order_value: float
    order_sigma: float
    """Of the logarithm of an order's value."""
    return_on_ad_spend: float
    mails: float = 0.0
    unsubscribe_rate: float = 0.0

    @property
    def part(self) -> Slice:
        """Its slice."""
        return (("channel", self.channel), ("campaign", self.name))

    @property
    def cost_per_click(self) -> float:
        """What a click must cost for the return on ad spend to be what it is."""
        return self.revenue_per_click / self.return_on_ad_spend

    @property
    def revenue_per_click(self) -> float:
        """What a click brings on average."""
        return self.visit_rate * self.conversion_rate * self.order_value


def campaigns(number: int, random: Generator) -> list[Campaign]:
    """Campaigns whose clicks an hour fall from :data:`LARGEST` to 1 by their rank (Zipf's law)."""
    exponent = log(LARGEST) / log(number)
    return [_campaign(rank, LARGEST * (rank + 1) ** -exponent, random) for rank in range(number)]


def _campaign(rank: int, clicks: float, random: Generator) -> Campaign:
    channel = CHANNELS[rank % len(CHANNELS)]
    rate = float(random.uniform(0.01, 0.04))
    found = Campaign(
        channel=channel,
        name=f"campaign_{rank:02d}",
        impressions=clicks / rate,
        click_through_rate=rate,
        visit_rate=0.85,
        conversion_rate=float(random.uniform(0.015, 0.04)),
        order_value=float(random.uniform(40, 90)),
        order_sigma=float(random.uniform(0.5, 1.0)),
        return_on_ad_spend=float(random.uniform(1.3, 4.0)),
    )
    if channel != "email":
        return found
    return replace(found, mails=20 * clicks, unsubscribe_rate=float(random.uniform(0.002, 0.005)))


def season(at_s: int) -> float:
    """How many times the average an hour has, before chance."""
    moment = datetime.fromtimestamp(at_s, UTC)
    usual = _DAILY[moment.hour] * _WEEKLY[moment.weekday()]
    return usual * HOLIDAYS.get(moment.date(), 1.0)


def sums_of_hour(
    campaign: Campaign, at_s: int, pieces: int, random: Generator
) -> list[dict[str, Sums]]:
    """What the campaign had in an hour by event type, in equal pieces of the hour."""
    busy = season(at_s) * random.gamma(OVERDISPERSION, 1 / OVERDISPERSION) / pieces
    return happened(campaign, np.full(pieces, busy), random)


def happened(campaign: Campaign, hours: np.ndarray, random: Generator) -> list[dict[str, Sums]]:
    """What happens in pieces of time that have the traffic of so many average hours each."""
    impressions = random.poisson(campaign.impressions * hours)
    clicks = random.binomial(impressions, campaign.click_through_rate)
    visits = random.binomial(clicks, campaign.visit_rate)
    orders = random.binomial(visits, campaign.conversion_rate)
    mails = random.poisson(campaign.mails * hours)
    leaving = random.binomial(mails, campaign.unsubscribe_rate)
    return [
        {
            "impression": {"impressions": int(impressions[n])},
            "click": {"clicks": int(clicks[n])},
            "session": {"sessions": int(visits[n]), "visitors": int(visits[n])},
            "order": _sold(campaign, int(orders[n]), random),
            "cost": _spent(campaign, int(clicks[n]), random),
            "email": {
                "emails_delivered": int(mails[n]),
                "email_unsubscribes": int(leaving[n]),
            },
        }
        for n in range(len(hours))
    ]


def _sold(campaign: Campaign, orders: int, random: Generator) -> Sums:
    if not orders:
        return {}
    sigma = campaign.order_sigma
    values = campaign.order_value * np.exp(random.normal(-(sigma**2) / 2, sigma, orders))
    cents = [round(float(value) * 100) * (MICRO // 100) for value in values]
    return {
        "orders": orders,
        f"gross_revenue@{CURRENCY}": sum(cents),
        f"gross_revenue_squared@{CURRENCY}": sum(amount * amount for amount in cents),
    }


def _spent(campaign: Campaign, clicks: int, random: Generator) -> Sums:
    """Clicks are bought one by one, in auctions that differ by 30 %."""
    if not clicks or campaign.channel == "email":
        return {}
    price = campaign.cost_per_click * max(0.0, 1 + 0.3 * random.normal() / clicks**0.5)
    micros = round(price * clicks * MICRO)
    return {
        f"ad_cost@{CURRENCY}": micros,
        f"marketing_cost@{CURRENCY}": micros,
        "cost_reports": 1,
    }
