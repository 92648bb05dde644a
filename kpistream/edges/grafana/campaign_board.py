"""The dashboard of one campaign: its KPIs, beside all traffic and the other campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard, stat, timeseries

from kpistream.core.kpis.kpi import Kpi
from kpistream.edges.grafana import variables
from kpistream.edges.grafana.board import CAMPAIGN, empty_board, url_of
from kpistream.edges.grafana.grid import Grid
from kpistream.edges.grafana.ground import Ground
from kpistream.edges.grafana.kpi_board import OVERVIEW, columns_for, shared_window
from kpistream.edges.grafana.kpi_panels import KpiPanels, campaign_part
from kpistream.edges.grafana.kpi_style import decimals_of, steps, thresholds_of, unit_of
from kpistream.edges.grafana.parts import compared, dashed, graph, link, number
from kpistream.edges.grafana.queries import TOTAL, Part, reading, relative

_MOST_COLUMNS: Final = 8
_MOST_COURSES: Final = 9


def campaign_board(ground: Ground) -> dashboard.Dashboard | None:
    """The dashboard, ready to be built; None where campaigns are not told apart."""
    words, part = ground.words, _this_campaign(ground)
    shown = _shown(ground, part)
    if not shown:
        return None
    window = shared_window(ground, shown, part.set)
    board = empty_board(
        CAMPAIGN,
        words,
        words("about_campaign"),
        _variables(ground, part, shown, window),
        rules=ground.rules_over(shown),
        back=OVERVIEW if OVERVIEW in ground.boards else None,
    )
    panels, grid = KpiPanels(ground, [window]), Grid(board)
    for name in ground.boards:
        row = [_here(kpi, ground, panels, part) for kpi in shown if ground.board_of[kpi.id] == name]
        title = words("row_here", board=words.board(name))
        grid.row(title, row, columns=columns_for(len(row)), height=5)
    _funnels(grid, ground, panels, part)
    courses = [_course(kpi, ground, panels, part) for kpi in shown[:_MOST_COURSES]]
    grid.row(words("row_course"), courses, columns=3, height=8)
    if compared_with := ground.read_by(shown, campaign_part(ground).set)[:_MOST_COLUMNS]:
        table = panels.campaigns(compared_with, any_campaign=True)
        grid.line(words("row_others"), [table], [24], 10)
    return board


def _this_campaign(ground: Ground) -> Part:
    """The chosen campaign; a line for each channel where the sum over channels is not kept."""
    if any(dimensions == ("campaign",) for dimensions in ground.sets):
        return Part("campaign", ', campaign="$campaign"')
    where = ', channel=~"$channel", campaign="$campaign"'
    return Part("channel_campaign", where, ("channel",))


def _shown(ground: Ground, part: Part) -> list[Kpi]:
    """The KPIs of any dashboard that are read by campaign."""
    listed = dict.fromkeys(kpi for ids in ground.boards.values() for kpi in ids)
    return ground.read_by([ground.catalogue.kpis[kpi] for kpi in listed], part.set)


def _here(kpi: Kpi, ground: Ground, panels: KpiPanels, part: Part) -> stat.Panel:
    """A KPI of the campaign, and beside it all traffic: a share of it, or how far from it."""
    words = ground.words
    name = kpi.name[words.language]
    here, everywhere = reading(kpi, part), reading(kpi, TOTAL)
    is_share = not kpi.expression.divides and kpi.unit != "points"
    panel = number(
        name,
        panels.about(kpi, words("about_share" if is_share else "about_against")),
        here,
        _legend(kpi, part) or words("now"),
        unit=unit_of(kpi),
        decimals=decimals_of(kpi),
        thresholds=thresholds_of(kpi),
        no_value=words("no_data"),
    )
    board = ground.board_of[kpi.id]
    to_board = words("to_board", board=words.board(board))
    panel.data_links([link(to_board, url_of(board, "${window:queryparam}"))])
    on = "on (currency) group_left () " if part.by else ""
    expr = f"{here} / {on}({everywhere} != 0)"
    plain = steps(["text"], [])
    if is_share:
        return compared(panel, expr, words("share_of_all"), "percentunit", plain)
    expr = f"{expr} - 1" if part.by else relative(here, everywhere)
    return compared(panel, expr, words("against_all"), "percentunit", plain)


def _course(kpi: Kpi, ground: Ground, panels: KpiPanels, part: Part) -> timeseries.Panel:
    """A KPI of the campaign over time; a quotient beside that of all traffic."""
    words = ground.words
    panel = graph(
        kpi.name[words.language],
        panels.about(kpi),
        reading(kpi, part),
        f"$campaign {_legend(kpi, part)}".rstrip(),
        unit=unit_of(kpi),
        decimals=decimals_of(kpi),
    )
    if not kpi.expression.divides:
        return panel
    legend = f"{words('all_traffic')} {'{{currency}}' if kpi.unit == 'money' else ''}".rstrip()
    return dashed(panel, "B", reading(kpi, TOTAL), legend)


def _legend(kpi: Kpi, part: Part) -> str:
    labels = [*part.by, *(["currency"] if kpi.unit == "money" else [])]
    return " ".join(f"{{{{{label}}}}}" for label in labels)


def _funnels(grid: Grid, ground: Ground, panels: KpiPanels, part: Part) -> None:
    title: str | None = ground.words("row_funnel")
    for name, ids in ground.catalogue.funnels.items():
        steps_of = [ground.catalogue.kpis[kpi] for kpi in ids]
        if part.by or ground.read_by(steps_of, part.set) != steps_of:
            continue
        grid.line(title, panels.funnel(steps_of, ground.words.board(name), part), [12, 12], 9)
        title = None


def _variables(
    ground: Ground, part: Part, kpis: Sequence[Kpi], window: str
) -> list[variables.Variable]:
    words = ground.words
    by_channel = ground.campaign_set == "channel_campaign"
    given = ["channel"] if by_channel else []
    shown = [*variables.usual(words), variables.window(words, kpis, part.set, window)]
    if by_channel:
        shown.append(variables.members(words, "channel", "channel_campaign"))
    where = ground.campaign_set or "campaign"
    shown.append(variables.member(words, "campaign", where, given))
    return [*shown, variables.currency(words)]
