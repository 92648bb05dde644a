"""Folding: from events to the sums of the shipped measures."""

from __future__ import annotations

import pytest

from kpistream.core.decode import Decoder
from kpistream.core.events import EVENT_TYPES
from kpistream.core.fold import Fold
from kpistream.core.money import SCALE
from tests.support import builders as build

CENT = SCALE


def _folded(event_type: str, *values: bytes) -> dict[str, int]:
    decode = Decoder(EVENT_TYPES[event_type]).decode
    return Fold(build.shipped_catalogue().measures_of(event_type))([decode(v) for v in values])


@pytest.mark.parametrize(
    ("event_type", "values", "sums"),
    [
        ("click", [build.click(), build.click()], {"clicks": 2}),
        ("impression", [build.impression()], {"impressions": 1}),
        (
            "session",
            [build.session(page_views=1, duration_ms=0), build.session(duration_ms=1500)],
            {"sessions": 2, "one_page_sessions": 1, "session_time": 1500},
        ),
        (
            "order",
            [build.order("12.34"), build.order("0.01"), build.order("5.00", kind="refund")],
            {"orders": 2, "gross_revenue@EUR": 1235 * CENT, "refunds@EUR": 500 * CENT},
        ),
        (
            "order",
            [build.order("1.00"), build.order("7", currency="JPY")],
            {"orders": 2, "gross_revenue@EUR": 100 * CENT, "gross_revenue@JPY": 7 * SCALE},
        ),
        ("cost", [build.cost("0.50")], {"cost_reports": 1, "ad_cost@EUR": 50 * CENT}),
        (
            "email",
            [build.email("opened"), build.email("opened", machine_open=True)],
            {"email_opens": 1},
        ),
        ("email", [build.email("bounced")], {}),
    ],
)
def test_events_become_sums(event_type: str, values: list[bytes], sums: dict[str, int]) -> None:
    assert _folded(event_type, *values) == sums


def test_amounts_too_large_for_a_float_add_up_exactly() -> None:
    most = "100000000000.00"

    assert _folded("order", build.order(most), build.order("0.01")) == {
        "orders": 2,
        "gross_revenue@EUR": (10**13 + 1) * CENT,
    }
