"""The dashboard of the pipeline's health: whether figures are complete and fresh."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard

from kpistream.edges.grafana import variables
from kpistream.edges.grafana.board import PIPELINE, empty_board
from kpistream.edges.grafana.grid import Grid
from kpistream.edges.grafana.ground import Ground
from kpistream.edges.grafana.kpi_board import OVERVIEW
from kpistream.edges.grafana.kpi_style import steps
from kpistream.edges.grafana.parts import AnyPanel, Bar, Column, bars, graph, grid_table, single
from kpistream.edges.grafana.queries import JOB, increase, quantile, rate
from kpistream.edges.grafana.words import Words
from kpistream.edges.metrics import families

HERE: Final = f'{JOB}, instance=~"$instance"'
"""The chosen workers: here, unlike elsewhere, it matters which one it is."""


def pipeline_board(ground: Ground) -> dashboard.Dashboard:
    """The dashboard, ready to be built."""
    words = ground.words
    workers = f"label_values({families.BUILD.name}{{{JOB}}}, instance)"
    board = empty_board(
        PIPELINE,
        words,
        words("about_pipeline"),
        [
            *variables.usual(words),
            variables.any_of("instance", "Instance", workers, everything=".+"),
        ],
        back=OVERVIEW if OVERVIEW in ground.boards else None,
    )
    grid = Grid(board)
    grid.line(words("row_events"), [_events(words), _refused(words)], [14, 10], 8)
    grid.line(words("row_lateness"), _times(words), [6, 6, 6, 6], 8)
    grid.line(words("row_work"), _work(words), [8, 8, 8], 8)
    grid.line(words("row_complete"), _complete(words), [8, 5, 5, 6], 6)
    return board


def _events(words: Words) -> AnyPanel:
    expr = rate(families.EVENTS, "outcome", matchers=HERE)
    return graph(words("events"), words("about_events"), expr, "{{outcome}}", unit="cps")


def _refused(words: Words) -> AnyPanel:
    matchers = f'{HERE}, outcome!="accepted"'
    expr = increase(families.EVENTS, "topic, outcome, reason", matchers=matchers)
    labels = {name: words(name) for name in ("topic", "outcome", "reason")}
    column = Column(words("count"), f"{expr} > 0", "short", 0)
    return grid_table(
        words("refused"), words("about_refused"), labels, [column], sorted_by=column.title
    )


def _times(words: Words) -> list[AnyPanel]:
    return [
        graph(
            words("lag"),
            words("about_lag"),
            f"sum by (topic) ({families.LAG.name}{{{HERE}}})",
            "{{topic}}",
        ),
        graph(
            words("watermark"),
            words("about_watermark"),
            f"time() - min by (topic) ({families.WATERMARK.name}{{{HERE}}})",
            "{{topic}}",
            unit="s",
        ),
        graph(
            words("lateness"),
            words("about_lateness"),
            quantile(families.LATENESS, 0.99, "topic", matchers=HERE),
            "{{topic}}",
            unit="s",
        ),
        graph(
            words("arrival_lag"),
            words("about_arrival_lag"),
            f"max by (topic) ({families.ARRIVAL_LAG.name}{{{HERE}}})",
            "{{topic}}",
            unit="s",
        ),
    ]


def _work(words: Words) -> list[AnyPanel]:
    return [
        graph(
            words("stage_time"),
            words("about_stage_time"),
            quantile(families.STAGE, 0.99, "stage", matchers=HERE),
            "{{stage}}",
            unit="s",
        ),
        graph(
            words("batch"),
            words("about_batch"),
            quantile(families.BATCH, 0.5, "topic", matchers=HERE),
            "{{topic}}",
        ),
        graph(
            words("flushed"),
            words("about_flushed"),
            rate(families.FLUSHED, "table", matchers=HERE),
            "{{table}}",
            unit="cps",
        ),
    ]


def _complete(words: Words) -> list[AnyPanel]:
    workers = f"count by (version) ({families.BUILD.name}{{{HERE}}})"
    slices = f"sum({families.SLICES.name}{{{HERE}}})"
    dropped = f"sum({families.SERIES_DROPPED.name}{{{HERE}}})"
    unpriced = f"max by (currency) ({families.UNPRICED_AMOUNT.name}{{{HERE}}}) > 0"
    red = steps(["green", "red"], [1])
    return [
        single(words("workers"), words("about_workers"), workers, "{{version}}"),
        single(words("slices"), words("about_slices"), slices, words("slices")),
        single(words("dropped"), words("about_dropped"), dropped, words("dropped"), red),
        bars(
            words("unpriced"),
            words("about_unpriced"),
            [Bar("{{currency}}", unpriced)],
            unit="locale",
            thresholds=steps(["orange"], []),
        ),
    ]
