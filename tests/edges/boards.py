"""Builders of readings, boards, alerts and objectives, shared by the tests of what shows them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.catalogue.objectives import Objective
from kpistream.core.monitoring.progress import Progress, assess
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days
from tests.support.alerting import firing

AS_OF = 1_772_359_200.25
"""2026-03-01T10:00:00.250Z in epoch seconds."""


def reading(kpi: str = "click_through_rate", part: Slice = (), **changes: Any) -> Reading:
    """A reading of 3 % over five minutes: 1,200 clicks of 40,000 impressions."""
    fields: dict[str, Any] = {
        "window": "5m",
        "value": 0.03,
        "numerator": 1_200,
        "denominator": 40_000,
        "sample": 40_000,
        "trust": "provisional",
        "as_of": AS_OF,
    }
    return Reading(kpi=kpi, slice=part, **fields | changes)


def board(*readings: Reading) -> Board:
    """A board of these readings."""
    return Board(readings, AS_OF)


def alert(rule: str = "roas_below_one", state: AlertState = AlertState.firing) -> Alert:
    """An alert of a rule, in a state."""
    return msgspec.structs.replace(firing(), rule=rule, state=state)


def objective(**changes: Any) -> Objective:
    """An objective: 36,500 EUR of revenue in 2026, which is 100 EUR a day."""
    fields: dict[str, Any] = {
        "id": "online_sales",
        "name": {"en": "Online sales", "fr": "Ventes en ligne"},
        "kpi": "revenue",
        "kind": "cumulative",
        "unit": "money",
        "direction": "up",
        "target": Fraction(36_500),
        "slice": (),
        "start": date(2026, 1, 1),
        "deadline": date(2026, 12, 31),
        "owner": "head of e-commerce",
        "kpis": ("conversion_rate", "average_order_value"),
        "baseline": None,
    }
    return Objective(**fields | changes)


def on_its_way(
    value: float | None = 5_840.0,
    as_of: float = AS_OF,
    currency: str | None = "EUR",
    **changes: Any,
) -> Progress:
    """How far an objective is on 1 March: 5,840 EUR in 59 days and a bit."""
    return assess(objective(**changes), value, None, as_of, Days("UTC"), currency)
