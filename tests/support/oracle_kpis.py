"""The oracle's KPIs: each shipped one by its definition, in fractions.

Money is in major units of the reporting currency, all others converted where there is a rate;
spans of time are in seconds, a lifetime in years of 365.25 days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from tests.support.oracle_money import RATE_SCALE, in_major

DAY_S: Final = 86_400
YEAR_S: Final = Fraction(36_525, 100) * DAY_S


class Known:
    """What a view says of measures, in the units that people use; what it leaves out is 0."""

    def __init__(self, view: Mapping[str, int], currency: str) -> None:
        self._view = view
        self._currency = currency

    def count(self, name: str) -> Fraction:
        """How many."""
        return Fraction(self._view.get(name, 0))

    def time_s(self, name: str) -> Fraction:
        """A span of time."""
        return Fraction(self._view.get(name, 0), 1000)

    def money(self, name: str) -> Fraction:
        """An amount, with what was converted."""
        own = self._view.get(f"{name}@{self._currency}", 0)
        return in_major(own + Fraction(self._view.get(f"{name}@*", 0), RATE_SCALE), self._currency)

    def has(self, *names: str) -> bool:
        """Whether any of these was ever seen, as a number or an amount that can be told."""
        keys = {key for name in names for key in (name, f"{name}@{self._currency}", f"{name}@*")}
        return not keys.isdisjoint(self._view)

    @property
    def revenue(self) -> Fraction:
        """Sales less refunds."""
        return self.money("gross_revenue") - self.money("refunds")


Definition = Callable[[Known], Fraction]


def _plain(name: str) -> Definition:
    return lambda known: known.count(name)


def _per(above: str, below: str) -> Definition:
    return lambda known: known.count(above) / known.count(below)


def _cost_per(cost: str, below: str) -> Definition:
    return lambda known: known.money(cost) / known.count(below)


def _returned(known: Known, cost: str) -> Fraction:
    return (known.revenue - known.money(cost)) / known.money(cost)


def _revenue_per_account(known: Known) -> Fraction:
    return known.money("monthly_recurring_revenue") / known.count("active_customers")


def _lifetime_value(known: Known) -> Fraction:
    lifetime_s = known.time_s("customer_lifetimes") / known.count("known_lifetimes")
    return _revenue_per_account(known) * 12 * (lifetime_s / YEAR_S)


def _cycle_s(known: Known) -> Fraction:
    return known.time_s("sales_cycle_time") / known.count("dated_wins")


def _velocity(known: Known) -> Fraction:
    """Opportunities x win rate x mean value / cycle length in days."""
    opportunities = known.count("opportunities")
    win_rate = known.count("won_leads") / opportunities
    mean_value = known.money("opportunity_value") / known.count("valued_opportunities")
    return opportunities * win_rate * mean_value / (_cycle_s(known) / DAY_S)


_PLAIN: Final = (
    *("impressions", "reach", "clicks", "visitors", "sessions", "orders", "leads", "calls"),
    *("marketing_qualified_leads", "sales_qualified_leads", "opportunities"),
    *("new_customers", "active_customers", "carts_created", "carts_checked_out", "won_leads"),
)
"""Those that are a measure of the same name."""

_AMOUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "ad_cost": ("ad_cost",),
    "marketing_cost": ("marketing_cost",),
    "revenue": ("gross_revenue", "refunds"),
    "monthly_recurring_revenue": ("monthly_recurring_revenue",),
}
"""Those that are an amount, less another: they need no denominator, but something to tell."""

KPIS: Final[Mapping[str, Definition]] = {
    **{name: _plain(name) for name in _PLAIN},
    "ad_recall_rate": _per("recalls", "recall_answers"),
    "session_duration": lambda known: known.time_s("session_time") / known.count("sessions"),
    "page_duration": lambda known: known.time_s("session_time") / known.count("page_views"),
    "bounce_rate": _per("one_page_sessions", "sessions"),
    "cta_rate": _per("cta_clicks", "sessions"),
    "click_through_rate": _per("clicks", "impressions"),
    "unique_click_through_rate": _per("unique_clickers", "impressions"),
    "ad_cost": lambda known: known.money("ad_cost"),
    "marketing_cost": lambda known: known.money("marketing_cost"),
    "cost_per_click": _cost_per("ad_cost", "clicks"),
    "cost_per_mille": lambda known: 1000 * known.money("ad_cost") / known.count("impressions"),
    "cost_per_lead": _cost_per("marketing_cost", "leads"),
    "cost_per_acquisition": _cost_per("marketing_cost", "orders"),
    "customer_acquisition_cost": _cost_per("marketing_cost", "new_customers"),
    "return_on_ad_spend": lambda known: known.revenue / known.money("ad_cost"),
    "return_on_investment": lambda known: _returned(known, "ad_cost"),
    "revenue_to_investment": lambda known: known.revenue / known.money("marketing_cost"),
    "return_on_marketing_investment": lambda known: _returned(known, "marketing_cost"),
    "conversion_rate": _per("orders", "visitors"),
    "session_conversion_rate": _per("orders", "sessions"),
    "orders_per_click": _per("orders", "clicks"),
    "qualified_lead_conversion_rate": _per("won_leads", "marketing_qualified_leads"),
    "lead_rate": _per("leads", "visitors"),
    "customer_rate": _per("won_leads", "leads"),
    "engagement_rate_by_reach": _per("interactions", "reach"),
    "engagement_rate_by_impressions": _per("interactions", "impressions"),
    "amplification_rate": _per("shares", "impressions"),
    "email_open_rate": _per("email_opens", "emails_delivered"),
    "email_click_to_open_rate": _per("email_clicks", "email_opens"),
    "email_click_rate": _per("email_clicks", "emails_delivered"),
    "unsubscribe_rate": _per("email_unsubscribes", "emails_delivered"),
    "average_order_value": lambda known: known.revenue / known.count("orders"),
    "cart_abandonment_rate": lambda known: (
        1 - known.count("carts_checked_out") / known.count("carts_created")
    ),
    "repeat_purchase_rate": _per("repeat_orders", "numbered_orders"),
    "revenue": lambda known: known.revenue,
    "average_revenue_per_account": _revenue_per_account,
    "monthly_recurring_revenue": lambda known: known.money("monthly_recurring_revenue"),
    "customer_lifetime_value": _lifetime_value,
    "retention_rate": lambda known: (
        1 - known.count("churned_customers") / known.count("customers_at_start")
    ),
    "loyalty_rate": _per("returning_buyers", "buyers"),
    "churn_rate": _per("churned_customers", "customers_at_start"),
    "net_promoter_score": lambda known: (
        100 * (known.count("promoters") / known.count("nps_answers"))
        - 100 * (known.count("detractors") / known.count("nps_answers"))
    ),
    "lead_to_mql_rate": _per("marketing_qualified_leads", "leads"),
    "mql_to_sql_rate": _per("sales_qualified_leads", "marketing_qualified_leads"),
    "sql_to_opportunity_rate": _per("opportunities", "sales_qualified_leads"),
    "lead_to_opportunity_rate": _per("opportunities", "leads"),
    "opportunity_win_rate": _per("won_leads", "opportunities"),
    "pipeline_velocity": _velocity,
    "sales_cycle_length": _cycle_s,
}
"""The shipped KPIs."""


def kpi_of(kpi_id: str, view: Mapping[str, int], currency: str = "EUR") -> Fraction | None:
    """A shipped KPI; None without a denominator, or if nothing that can be told was ever seen."""
    known = Known(view, currency)
    needed = (kpi_id,) if kpi_id in _PLAIN else _AMOUNTS.get(kpi_id)
    if needed and not known.has(*needed):
        return None
    try:
        return KPIS[kpi_id](known)
    except ZeroDivisionError:
        return None
