"""The emitter's tally as people and programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpistream.core.events.event_types import SHIPPED
from kpistream.core.money.money import format_amount

if TYPE_CHECKING:
    from kpistream.edges.emitter.tally import Tally


def tally_document(tally: Tally, acknowledged: int, currency: str) -> dict[str, Any]:
    """What was emitted, and what must become of it; money as exact decimal texts."""
    return {
        "kind": "tally",
        "produced": tally.count(),
        "acknowledged": acknowledged,
        "outcomes": {outcome.value: n for outcome, n in tally.outcomes().items()},
        "events": {event: tally.count(event) for event in SHIPPED},
        "currency": currency,
        "revenue": format_amount(tally.revenue(), currency),
        "cost": format_amount(tally.amount("cost"), currency),
    }


def tally_text(document: dict[str, Any]) -> str:
    """The same in two lines."""
    outcomes = ", ".join(f"{n:,} {outcome}" for outcome, n in document["outcomes"].items() if n)
    events = ", ".join(f"{n:,} {event}" for event, n in document["events"].items() if n)
    money = f"revenue {document['revenue']}, cost {document['cost']} {document['currency']}"
    return f"{document['produced']:,} events emitted ({outcomes or 'none'})\n{events}; {money}"
