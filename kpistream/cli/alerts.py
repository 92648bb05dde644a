"""``kpistream alerts``: what fires, and whether people are told."""

from __future__ import annotations

from typing import Any, Final

import typer
from rich.console import Console
from rich.table import Table

from kpistream.cli.lines import write_json
from kpistream.cli.monitor_api import DEFAULT_URL, MonitorApi, Token, Url, printable
from kpistream.cli.options import Json

SHOWN: Final = ("firing", "pending", "resolved")
"""The states in which a person wants to see an alert, in this order."""

_WIDTH_OF_A_FILE: Final = 160


def alerts(url: Url = DEFAULT_URL, token: Token = None, json: Json = False) -> None:
    """List the alerts of a worker, what fires first; with --json all there is to know of each."""
    found = MonitorApi(url, token).get("alerts")["alerts"]
    shown = sorted((a for a in found if a["state"] in SHOWN), key=_place)
    if json:
        for alert in shown:
            write_json(alert)
    elif shown:
        console = Console(highlight=False, markup=False)
        if not console.is_terminal:
            console = Console(highlight=False, markup=False, width=_WIDTH_OF_A_FILE)
        console.print(_table(shown))
    else:
        typer.echo("no alerts")


def _place(alert: dict[str, Any]) -> tuple[int, str, str]:
    return SHOWN.index(alert["state"]), alert["rule"], alert["fingerprint"]


def _table(found: list[dict[str, Any]]) -> Table:
    columns = ("fingerprint", "state", "severity", "rule", "slice", "value", "since", "told")
    table = Table(*columns, box=None, pad_edge=False)
    for alert in found:
        value = "no value" if alert["value"] is None else f"{alert['value']:.6g}"
        part = " ".join(f"{name}={member}" for name, member in alert["slice"].items()) or "total"
        plain = (alert["fingerprint"], alert["state"], alert["severity"], alert["rule"])
        is_told = "not yet" if alert["state"] == "pending" else told(alert["suppression"])
        table.add_row(*plain, part, value, alert["since"], is_told)
    return table


def told(suppression: dict[str, Any] | None) -> str:
    """Whether people are told, in words; empty if another worker knows."""
    if suppression is None:
        return ""
    if said := suppression["acknowledged"]:
        return printable(f"{said['author']} looks after it")
    if suppression["silenced_by"]:
        return f"silenced by {', '.join(suppression['silenced_by'])}"
    if suppression["inhibited_by"]:
        return f"inhibited by {', '.join(suppression['inhibited_by'])}"
    if suppression["muted_receivers"]:
        return f"not now: {', '.join(suppression['muted_receivers'])}"
    return "yes"
