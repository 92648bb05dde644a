"""Panels about KPIs: now, by dimension, against the period before, from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models.common import BarGaugeNamePlacement

from kpistream.core.kpis.kpi import Kpi
from kpistream.core.texts import in_language
from kpistream.edges.grafana.board import CAMPAIGN, url_of
from kpistream.edges.grafana.ground import Ground
from kpistream.edges.grafana.kpi_style import change_colours, decimals_of, thresholds_of, unit_of
from kpistream.edges.grafana.parts import (
    AnyPanel,
    Bar,
    Column,
    bars,
    compared,
    dashed,
    graph,
    grid_table,
    link,
    number,
)
from kpistream.edges.grafana.queries import (
    TOTAL,
    WINDOW,
    Part,
    change,
    of_each,
    reading,
)
from kpistream.edges.metrics import families

MOST_CAMPAIGNS: Final = 25


class KpiPanels:
    """Makes panels; ``windows`` are those that can be chosen on the dashboard."""

    def __init__(self, ground: Ground, windows: Sequence[str]) -> None:
        self._ground = ground
        self._words = ground.words
        self._windows = windows

    # -- one KPI -----------------------------------------------------------------------------------

    def now(self, kpi: Kpi, board: str | None = None) -> stat.Panel:
        """Its value over all traffic and the change; a click leads to ``board``."""
        words = self._words
        window = self._window(kpi)
        title = kpi.name[words.language]
        panel = number(
            title if window == WINDOW else f"{title} ({window})",
            self.about(kpi, self._about_window(window), self._about_change(kpi)),
            reading(kpi, TOTAL, window=window),
            self._legend(kpi),
            unit=unit_of(kpi),
            decimals=decimals_of(kpi),
            thresholds=thresholds_of(kpi),
            no_value=words("no_data"),
        )
        if board is not None:
            title = words("to_board", board=words.board(board))
            panel.data_links([link(title, url_of(board, "${window:queryparam}"))])
        query = change(kpi, TOTAL, window=window)
        return compared(panel, query, words("change"), change_unit(kpi), change_colours(kpi))

    def course(self, kpi: Kpi) -> timeseries.Panel:
        """Its value over all traffic, and the period before as a dashed line."""
        words = self._words
        window = self._window(kpi)
        panel = graph(
            kpi.name[words.language],
            self.about(kpi, self._about_window(window), words("about_before")),
            reading(kpi, TOTAL, window=window),
            self._legend(kpi),
            unit=unit_of(kpi),
            decimals=decimals_of(kpi),
        )
        before = reading(kpi, TOTAL, window=window, family=families.KPI_BEFORE)
        legend = " ".join([words("before"), *(["{{currency}}"] if kpi.unit == "money" else [])])
        return dashed(panel, "B", before, legend)

    def by(self, kpi: Kpi, dimension: str) -> timeseries.Panel:
        """Its value, one line for each member of a dimension."""
        words = self._words
        money = " {{currency}}" if kpi.unit == "money" else ""
        line = words("about_line", dimension=words.dimension(dimension).lower())
        panel = graph(
            kpi.name[words.language],
            self.about(kpi, line),
            reading(kpi, of_each(dimension)),
            f"{{{{{dimension}}}}}{money}",
            unit=unit_of(kpi),
            decimals=decimals_of(kpi),
        )
        if dimension == "channel" and self._ground.campaign_set == "channel_campaign":
            chosen = "var-channel=${__field.labels.channel:percentencode}"
            panel.data_links([link(words("to_campaigns"), url_of(CAMPAIGN, chosen))])
        return panel

    # -- several KPIs ------------------------------------------------------------------------------

    def changes(self, kpis: Sequence[Kpi], dimension: str) -> AnyPanel:
        """How far each KPI is from the period before, by member of a dimension."""
        words = self._words
        name = words.dimension(dimension)
        columns = [
            Column(
                kpi.name[words.language],
                change(kpi, of_each(dimension), currency=False),
                change_unit(kpi),
                1,
                change_colours(kpi),
                "color-background",
            )
            for kpi in kpis
        ]
        points = [words("about_changes_points")] if any(k.unit == "points" for k in kpis) else []
        return grid_table(
            words("changes"),
            " ".join([words("about_changes", dimension=name.lower()), *points]),
            {dimension: name},
            columns,
            no_value="",
        )

    def campaigns(self, kpis: Sequence[Kpi], any_campaign: bool = False) -> AnyPanel:
        """The largest campaigns, a column for each KPI; a click leads to a campaign's dashboard.

        Those that are chosen, unless it shall be any campaign of the chosen channels.
        """
        words = self._words
        part = campaign_part(self._ground, any_campaign)
        largest = reading(kpis[0], part, family=families.KPI_SAMPLE, currency=False)
        among = f" and on ({', '.join(part.by)}) topk({MOST_CAMPAIGNS}, {largest})"
        columns = [
            Column(
                kpi.name[words.language],
                reading(kpi, part, currency=False) + among,
                unit_of(kpi),
                decimals_of(kpi),
                thresholds_of(kpi),
            )
            for kpi in kpis
        ]
        read = dict.fromkeys(w for kpi in kpis for w in self._ground.windows(kpi, part.set))
        chosen = [f"var-{label}=${{__data.fields.{label}:percentencode}}" for label in part.by]
        to_campaign = {"title": words("to_campaign"), "url": url_of(CAMPAIGN, *chosen)}
        return grid_table(
            words("top_campaigns"),
            words("about_campaigns", windows=", ".join(read)),
            {label: words.dimension(label) for label in part.by},
            columns,
            no_value=words("no_data"),
            links={"campaign": [to_campaign]},
            sorted_by=columns[0].title,
        )

    def funnel(self, kpis: Sequence[Kpi], name: str, part: Part = TOTAL) -> list[AnyPanel]:
        """How many took each step, and each step as a share of the one before."""
        words = self._words
        names = [kpi.name[words.language] for kpi in kpis]
        counts = [reading(kpi, part, currency=False) for kpi in kpis]
        shares = [
            Bar(f"{one} → {other}", f"{after} / ({before} > 0)")
            for (one, other), (before, after) in zip(pairwise(names), pairwise(counts), strict=True)
        ]
        about = words("about_funnel" if part is TOTAL else "about_funnel_here")
        return [
            bars(
                words("funnel", name=name),
                about,
                [Bar(*step) for step in zip(names, counts, strict=True)],
            ),
            bars(
                words("conversion", name=name),
                words("about_conversion"),
                shares,
                unit="percentunit",
                names=BarGaugeNamePlacement.TOP,
            ),
        ]

    def conversions_by(self, kpis: Sequence[Kpi], dimension: str) -> AnyPanel:
        """Each step as a share of the one before, by member of a dimension."""
        words = self._words
        name = words.dimension(dimension)
        part = of_each(dimension)
        columns = [
            Column(
                f"{one.name[words.language]} → {other.name[words.language]}",
                f"{reading(other, part, currency=False)}"
                f" / ({reading(one, part, currency=False)} > 0)",
                "percentunit",
                1,
            )
            for one, other in pairwise(kpis)
        ]
        title = words("conversion_by", dimension=name.lower())
        return grid_table(title, words("about_conversion"), {dimension: name}, columns)

    # -- words -------------------------------------------------------------------------------------

    def about(self, kpi: Kpi, *more: str) -> str:
        """What the catalogue says of a KPI, and more sentences."""
        words = self._words
        owner = words("owner", owner=in_language(kpi.owner, kpi.texts, words.language))
        action = words("to_do", action=in_language(kpi.action, kpi.texts, words.language))
        said = " ".join([kpi.description[words.language], *more, owner, action])
        return said if said.endswith((".", "!", "?")) else f"{said}."

    def _window(self, kpi: Kpi) -> str:
        """The chosen window, or a KPI's own one if it is never read for any of those."""
        read = self._ground.windows(kpi, "total")
        return WINDOW if not read or set(self._windows) & set(read) else read[0]

    def _about_window(self, window: str) -> str:
        words = self._words
        if window == WINDOW:
            return words("about_now")
        return words("about_own_window", window=window)

    def _about_change(self, kpi: Kpi) -> str:
        return self._words("about_change_points" if kpi.unit == "points" else "about_change")

    def _legend(self, kpi: Kpi) -> str:
        return "{{currency}}" if kpi.unit == "money" else self._words("now")


def change_unit(kpi: Kpi) -> str:
    """Grafana's unit of a KPI's change."""
    return "none" if kpi.unit == "points" else "percentunit"


def campaign_part(ground: Ground, any_campaign: bool = False) -> Part:
    """One row for each chosen campaign, or for any of the chosen channels."""
    chosen = "" if any_campaign else ', campaign=~"$campaign"'
    if ground.campaign_set == "channel_campaign":
        where = f', channel=~"$channel"{chosen}'
        return Part("channel_campaign", where, ("channel", "campaign"))
    return Part("campaign", chosen, ("campaign",))


def dimensions_of(ground: Ground, kpis: Sequence[Kpi]) -> list[str]:
    """The dimensions that any of the KPIs is read by on its own, but for campaigns."""
    alone = [dimensions[0] for dimensions in ground.sets if len(dimensions) == 1]
    return [name for name in alone if name != "campaign" and ground.read_by(kpis, name)]
