"""The colours of a report's page, by what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kpistream.core.alerting.rules.rule import Severity

TONES: Final[Mapping[str, str]] = {
    "better": "good",
    "worse": "bad",
    "good": "good",
    "missed": "warn",
    "urgent": "bad",
    "on_track": "good",
    "achieved": "good",
    "at_risk": "warn",
    "off_track": "bad",
    Severity.critical.value: "bad",
    Severity.warning.value: "warn",
}
"""What is said of a KPI, an objective or an alert, to the class of the style that colours it."""
