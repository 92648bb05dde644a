from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from kpistream.cli.backtesting.tables import firings_table
from kpistream.cli.lasted import lasted_text
from kpistream.cli.pages.kpis_page import shipped
from kpistream.core.alerting.proof.backtest import Firing
from kpistream.core.alerting.rules.rule import Severity

CATALOGUE = shipped()
AT = 1_772_359_200.0
"""2026-03-01T10:00:00Z"""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 m"),
        (61, "1 m 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 m"),
        (3605, "1 h"),
        (90_000, "1 d 1 h"),
        (30 * 86_400, "30 d"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert lasted_text(seconds) == text


def _firing(kpi: str, **said: Any) -> Firing:
    known: dict[str, Any] = {"rule": f"{kpi}_wrong", "slice": (), "severity": Severity.warning}
    spans = {"since": AT, "from_s": AT + 0.7, "to_s": AT + 90.7}
    return Firing(kpi=kpi, **known | spans | said)


def _printed(*firings: Firing, width: int = 160) -> list[str]:
    console = Console(width=width, file=StringIO())
    with console.capture() as captured:
        console.print(firings_table(firings, CATALOGUE))
    return captured.get().splitlines()


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("┃│").replace("┃", "│").split("│")]


def test_a_firing_is_told_under_a_heading_for_each_column() -> None:
    part = (("channel", "display"), ("campaign", "retargeting"))
    lines = _printed(_firing("return_on_ad_spend", slice=part, worst=0.3349, currency="EUR"))
    assert lines[0].rstrip() == "Firings, times in UTC"
    assert _cells(lines[2]) == ["rule, slice", "from", "to", "fired for", "worst", "sample"]
    rows = [_cells(line) for line in lines[4:-1]]
    assert rows[0] == [
        "return_on_ad_spend_wrong",
        *("2026-03-01 10:00:00", "2026-03-01 10:01:30", "1 m 30 s", "0.3349", "0"),
    ]
    assert [row[0] for row in rows[1:]] == ["channel=display", "campaign=retargeting"]


def test_a_narrow_terminal_cuts_nothing_off() -> None:
    part = (("channel", "display"), ("campaign", "retargeting"))
    lines = _printed(_firing("revenue", slice=part, worst=1408.96, currency="EUR"), width=80)
    assert {len(line.rstrip()) for line in lines[1:]} == {len(lines[1].rstrip())}
    assert lines[1].rstrip().endswith("┓")


@pytest.mark.parametrize(
    ("kpi", "worst", "currency", "text"),
    [
        ("revenue", 1408.96, "EUR", "1,408.96 EUR"),
        ("return_on_ad_spend", 0.3349, "EUR", "0.3349"),
        ("click_through_rate", 0.1666, None, "16.66 %"),
        ("sales_cycle_length", 2_592_000.0, None, "30 days"),
        ("net_promoter_score", -12.5, None, "-12.5"),
        ("orders", 1204.0, None, "1,204"),
        ("orders", None, None, "-"),
    ],
)
def test_the_worst_value_is_told_as_people_say_it(
    kpi: str, worst: float | None, currency: str | None, text: str
) -> None:
    row = _printed(_firing(kpi, worst=worst, currency=currency))[4]
    assert _cells(row)[4] == text


def test_whether_people_were_told_has_a_column_where_something_was_silenced() -> None:
    lines = _printed(_firing("orders"), _firing("clicks", silenced=True, is_open=True))
    assert _cells(lines[2])[-1] == "told"
    assert [_cells(line)[-1] for line in lines[4:6]] == ["yes", "silenced"]
    assert [_cells(line)[2] for line in lines[4:6]] == ["2026-03-01 10:01:30", "still fires"]
