"""Colours: how urgent an alert is, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import Severity

RESOLVED: Final = 0x2E7D32

OF_SEVERITY: Final[Mapping[Severity, int]] = MappingProxyType(
    {Severity.critical: 0xC62828, Severity.warning: 0xEF6C00, Severity.info: 0x1565C0}
)


def colour(alert: Alert) -> int:
    """Red, orange or blue by severity, green when it is over; 0xRRGGBB."""
    return RESOLVED if alert.state is AlertState.resolved else OF_SEVERITY[alert.severity]
