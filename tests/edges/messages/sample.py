"""Messages to be written down, from the ordinary to the hostile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.why.why import Driver, Evidence, Segment, Why
from kpistream.edges.messages import Credentials, Links, Message
from tests.support.alerting import START, firing, resolved

HERE = Path(__file__).parent

LINKS = Links(
    "https://kpis.example.org",
    "https://grafana.example.org/d/kpistream-{board}?var-window={window}&{slice}"
    "&from={from}&to={to}",
    {"return_on_ad_spend": "acquisition", "unsubscribe_rate": "email"},
)

CREDENTIALS = Credentials(url="https://chat.example.org/hook", routing_key="R0UT1NG")


HOSTILE = (
    "<!channel> @everyone [win](http://evil.example) **b** `c` </at> \u202egnp.exe "
    '\x1b[2J & "q" <@U1>'
)
"""What somebody might name a campaign to do harm."""


def roas(**named: Any) -> Alert:
    """Autumn's return on ad spend fell below 1: tested, explained, and worth money."""
    ordinary: dict[str, Any] = {
        "currency": "EUR",
        "evidence": Evidence(
            "below 1", "gamma (Fay & Feuer)", 800.0, 1000.0, 1.0, 0.71, 0.92, 0.95, 8e-5, 3600.0
        ),
        "why": Why(
            0.8,
            2.1,
            (
                Segment("device", "mobile", 0.6, 2.0, -0.1, -1.1),
                Segment("device", "desktop", 1.5, 2.3, 0.05, -0.15),
            ),
            (Driver("average_order_value", 41.2, 82.5, -0.7),),
            at_stake_per_hour=200.0,
            stake_formula="(baseline - return_on_ad_spend) * ad_cost",
            sentence="Fell from 2.1 to 0.8: 92 % of it by device=mobile (its own rate).",
        ),
    }
    return firing(**{**ordinary, **named})


def unsubscribes(**named: Any) -> Alert:
    """A raw rule about a rate: readers leave, and nobody knows why."""
    ordinary: dict[str, Any] = {
        "rule": "unsubscribe_rate_rising",
        "kpi": "unsubscribe_rate",
        "slice": (("channel", "email"),),
        "value": 0.0123456,
        "baseline": 0.005,
        "sample": 1_234,
        "severity": Severity.warning,
        "owner": "e-mail marketing",
        "action": "Stop the sends that are queued.",
        "summary": "Readers unsubscribe more often.",
        "evidence": Evidence("rises by 50 % against the window before", "raw"),
        "labels": {"runbook_url": "https://wiki.example.org/unsubscribes", "team": "crm"},
    }
    return firing(**{**ordinary, **named})


def over() -> Alert:
    """The return on ad spend is well again."""
    return msgspec.structs.replace(
        roas(), state=resolved().state, value=1.2, changed_at=START + 300
    )


def hostile() -> Alert:
    """An alert of a campaign that somebody named to do harm."""
    part = (("channel", "ads"), ("campaign", HOSTILE))
    return roas(slice=part, labels={"no-label!": "\ud800x"})


def message(*alerts: Alert, **named: Any) -> Message:
    """A message to the marketing people."""
    ordinary: dict[str, Any] = {
        "receiver": "marketing",
        "group_key": '{}:{alertname="roas_below_one"}',
        "group_labels": {"alertname": "roas_below_one"},
        "message_id": "msg_0123456789abcdef0123456789abcdef",
        "alerts": alerts,
        "links": LINKS,
        "now": START + 10,
    }
    return Message(**{**ordinary, **named})
