"""``kpistream report``: what a period came to, as a page that needs nothing else."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kpistream.cli.kpis import Choice
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.monitor_api import DEFAULT_URL, Token, Url
from kpistream.cli.options import Config
from kpistream.cli.reporting.choices import DEFAULT_BOARD


class PeriodKind(StrEnum):
    """The calendar's periods."""

    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"


def report(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="NDJSON files of events, - for standard input; without any, a worker is asked.",
            show_default=False,
        ),
    ] = None,
    period: Annotated[
        PeriodKind,
        typer.Option("--period", help="The last one that is over; weeks begin on Monday."),
    ] = PeriodKind.week,
    ending: Annotated[
        str | None,
        typer.Option(
            "--ending", metavar="DATE", help="The last one that is over by the end of that day."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="The first day; with --to, for any days."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The day after the last one.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    config: Config = None,
    board: Annotated[
        list[str] | None,
        typer.Option(
            "--board",
            metavar="NAME",
            help=f"A dashboard of the catalogue; can be repeated; {DEFAULT_BOARD} unless given, "
            "or the first if there is none of this name.",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="DIMENSION",
            help="Break the KPIs down; can be repeated; by channel unless given.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[
        Choice, typer.Option("--language", "-l", help="Language of the page.")
    ] = Choice.en,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the page is written.")
    ] = Path("report.html"),
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output, and no page.")
    ] = False,
) -> None:
    """Report a period: KPIs with pictures, breakdowns, objectives, alerts and what to do.

    The page needs nothing else, runs nothing, and can be printed. Values are made of the sums over
    the whole period; days follow the time zone of the settings.
    """
    from kpistream.cli.reporting.wish import wished
    from kpistream.core.reporting.building import build

    log_to_stderr("WARNING", libraries="CRITICAL")
    wish = wished(period.value, ending, since, until)
    if files:
        from kpistream.cli.reporting.from_files import findings_in_files

        findings = findings_in_files(files, config, wish, board, by)
    else:
        from kpistream.cli.reporting.from_api import findings_of_worker

        findings = findings_of_worker(url, token, wish, board, by)
    built = build(findings)
    if json:
        write_json(built.to_dict())
        return
    from kpistream.cli.reporting.page import page
    from kpistream.cli.reporting.whole_file import write_whole

    write_whole(output, page(built, language.value))
    typer.echo(f"wrote {output}: {built.span.first} to {built.span.last}", err=True)
