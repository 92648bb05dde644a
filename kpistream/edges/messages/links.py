"""Links: where a reader of an alert finds the number, the alert and the course of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from kpistream.core.alerting.alerts import Alert
from kpistream.core.slices import slice_name

PLACEHOLDERS: Final = ("kpi", "window", "slice", "board", "from", "to")

DEFAULT_BOARD: Final = "overview"

RUNBOOK: Final = "runbook_url"
"""The label of a rule that says where its runbook is."""

LONGEST: Final = 2_000
"""The most characters of a link: chats take no longer ones, and half a link is none."""

_MARKS_OF_URLS: Final = "%/:?#[]@!$&'*+,;="
"""All that a URL may have as it is, but for parentheses: they end links in markup."""

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

_HOUR_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Links:
    """Builds links to a monitor at ``external_url`` and to dashboards; empty text for none.

    In ``dashboard_url``, ``{kpi}`` and ``{window}`` stand for the alert's, ``{slice}`` for
    Grafana's variables of its members and currency (`var-channel=email&var-currency=EUR`),
    ``{board}`` for the dashboard of its KPI by ``boards``, ``{from}`` and ``{to}`` for moments
    around its beginning, in epoch milliseconds. Raises ValueError for any other.
    """

    external_url: str = ""
    dashboard_url: str = ""
    boards: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _PLACEHOLDER.findall(self.dashboard_url):
            if name not in PLACEHOLDERS:
                allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise ValueError(f"unknown {{{name}}} in a dashboard's URL; allowed: {allowed}")

    def query(self, alert: Alert) -> str:
        """The question to the API whose answer is the alert's value, and nothing else."""
        named = {"kpi": alert.kpi, "window": alert.window, "slice": slice_name(alert.slice)}
        return self._at(f"/api/v1/readings?{_encoded({**named, **dict(alert.slice)})}")

    def before(self, alert: Alert) -> str:
        """The same question about the window before."""
        query = self.query(alert)
        return query and f"{query}&before=true"

    def page(self, alert: Alert) -> str:
        """The live page, of the alert's slice and window, with its KPI broken down."""
        named = {"board": self.boards.get(alert.kpi, ""), "window": alert.window, "kpi": alert.kpi}
        asked = {name: value for name, value in named.items() if value}
        return self._at(f"/?{_encoded({**asked, **dict(alert.slice)})}")

    def alert(self, alert: Alert) -> str:
        """The alert itself."""
        return self._at(f"/api/v1/alerts/{alert.fingerprint}")

    def dashboard(self, alert: Alert) -> str:
        """The dashboard of the alert's KPI, around the time at which it began."""
        values = self._values(alert)
        return _link(_PLACEHOLDER.sub(lambda found: values[found[1]], self.dashboard_url))

    def runbook(self, alert: Alert) -> str:
        """What the label `runbook_url` of the alert's rule says, if that is a link."""
        url = alert.labels.get(RUNBOOK, "")
        return _link(url) if url.startswith(("https://", "http://")) else ""

    def of(self, alert: Alert) -> dict[str, str]:
        """The links that there are, each by what a reader calls it."""
        named = {
            "Dashboard": self.dashboard(alert),
            "Live page": self.page(alert),
            "Value": self.query(alert),
            "Value before": self.before(alert),
            "Alert": self.alert(alert),
            "Runbook": self.runbook(alert),
        }
        return {name: url for name, url in named.items() if url}

    def _at(self, path: str) -> str:
        return _link(self.external_url.rstrip("/") + path) if self.external_url else ""

    def _values(self, alert: Alert) -> dict[str, str]:
        span_s = max(_HOUR_S, alert.evidence.covers_s or 0.0)
        moments = (alert.since - span_s, alert.since + span_s)
        start, end = (str(round(moment * 1000)) for moment in moments)
        plain = {
            "kpi": alert.kpi,
            "window": alert.window,
            "board": self.boards.get(alert.kpi, DEFAULT_BOARD),
        }
        quoted = {name: quote(value, safe="", errors="replace") for name, value in plain.items()}
        return {**quoted, "slice": _variables(alert), "from": start, "to": end}


def _link(url: str) -> str:
    """A URL in which nothing can end the link before its end; nothing if it is too long."""
    safe = quote(url, safe=_MARKS_OF_URLS, errors="replace")
    return safe if len(safe) <= LONGEST else ""


def _variables(alert: Alert) -> str:
    currency = {"currency": alert.currency} if alert.currency else {}
    chosen = {**dict(alert.slice), **currency}
    return _encoded({f"var-{name}": member for name, member in chosen.items()})


def _encoded(named: Mapping[str, str]) -> str:
    return urlencode(named, errors="replace")
