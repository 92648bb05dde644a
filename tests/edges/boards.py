"""Builders of readings, boards and alerts, shared by the tests of what shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from kpistream.core.alerts import Alert, AlertState
from kpistream.core.readings import Board, Reading
from kpistream.core.slices import Slice
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
