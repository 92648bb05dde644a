"""``kpistream report``: what a period came to, as a page that needs nothing else."""

from __future__ import annotations

import os
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kpistream.cli.failures import FAILED, WRONG, Failure
from kpistream.cli.kpis import Choice
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.monitor_api import DEFAULT_URL, Token, Url
from kpistream.cli.options import Config
from kpistream.cli.progress import ProgressLine
from kpistream.core.located_yaml import did_you_mean
from kpistream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from kpistream.core.days import Days
    from kpistream.core.reporting.findings import Findings, Note
    from kpistream.core.reporting.period import Kind, Period

DEFAULT_BOARD: Final = "overview"
DEFAULT_DIMENSION: Final = "channel"


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
            help=f"A dashboard of the catalogue; can be repeated; {DEFAULT_BOARD} unless given.",
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
    from kpistream.core.reporting.building import build

    log_to_stderr("WARNING", libraries="CRITICAL")
    wish = Wish(period.value, _date("--ending", ending), _dates(since, until))
    if wish.ending is not None and wish.span is not None:
        raise Failure("--ending and --from with --to name two periods: leave one out", WRONG)
    if files:
        findings = _from_files(files, config, wish, board, by)
    else:
        findings = _from_api(url, token, wish, board, by)
    built = build(findings)
    if json:
        write_json(built.to_dict())
        return
    from kpistream.cli.report_page import page

    _write(output, page(built, language.value))
    typer.echo(f"wrote {output}: {built.span.first} to {built.span.last}", err=True)


class Wish:
    """Which period somebody wants."""

    def __init__(
        self, kind: Kind, ending: date | None = None, span: tuple[date, date] | None = None
    ) -> None:
        self.kind = kind
        self.ending = ending
        self.span = span

    def period(self, days: Days, known_until_s: float) -> Period:
        """It, in the days of a zone; raises Failure if it is none, or all of it is yet to come."""
        from kpistream.core.reporting.period import last_complete, span

        if self.span is not None:
            try:
                found = span(*self.span, days)
            except ValueError as error:
                raise Failure(f"--from and --to: {error}", WRONG) from None
        elif self.ending is not None:
            midnight = days.midnight(self.ending + timedelta(days=1))
            found = last_complete(self.kind, midnight, days)
        else:
            found = last_complete(self.kind, known_until_s, days)
        if found.from_s >= known_until_s:
            until = days.wall(known_until_s)
            problem = f"{found.first} is yet to come: what is known ends at {until:%Y-%m-%d %H:%M}"
            raise Failure(problem, WRONG)
        return found


def _date(flag: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise Failure(f"{flag}: {text!r} is no date such as 2026-03-01", WRONG) from None


def _dates(since: str | None, until: str | None) -> tuple[date, date] | None:
    first, end = _date("--from", since), _date("--to", until)
    if first is None and end is None:
        return None
    if first is None or end is None:
        raise Failure("--from and --to go together", WRONG)
    return first, end


# --- from files -----------------------------------------------------------------------------


def _from_files(
    files: Sequence[str],
    config: Path | None,
    wish: Wish,
    board: Sequence[str] | None,
    by: Sequence[str] | None,
) -> Findings:
    from dataclasses import replace

    from kpistream.cli.arrivals import arrivals
    from kpistream.cli.report_from_files import Play, complete_in_files, find
    from kpistream.cli.wiring import build_plan
    from kpistream.core.event_types import SHIPPED

    plan = build_plan(load_settings(config))
    boards = chosen_boards(board, plan.catalogue.dashboards)
    dimensions = chosen_dimensions(by, ["_".join(names) for names in plan.slicing.sets])
    play = Play(plan)
    # Those of one's own are always read; a shipped one may be none of the topics.
    types = tuple(dict.fromkeys((*SHIPPED, *plan.topics)))
    with ProgressLine() as line:
        play.take(line.counted(arrivals(files, types), "events"))
    if play.first_ms is None:
        raise Failure("no events: there is nothing to report", WRONG)
    notes: list[Note] = []
    if wish.span is None and wish.ending is None:
        period, notes = complete_in_files(wish.kind, play)
    else:
        period = wish.period(plan.days, play.known_until_s)
    found = find(play, period, boards, dimensions, files)
    return replace(found, notes=(*notes, *found.notes))


# --- from a worker --------------------------------------------------------------------------


def _from_api(
    url: str,
    token: str | None,
    wish: Wish,
    board: Sequence[str] | None,
    by: Sequence[str] | None,
) -> Findings:
    from kpistream.cli.report_from_api import Asked

    asked = Asked(url, token)
    words = asked.vocabulary
    boards = chosen_boards(board, words.dashboards)
    dimensions = chosen_dimensions(by, words.slices)
    with ProgressLine() as line:
        line.show(f"asking {asked.where}")
        return asked.find(wish.period(asked.days, asked.as_of_s), boards, dimensions)


# --- what to show ---------------------------------------------------------------------------


def chosen_boards(
    wanted: Iterable[str] | None, known: Mapping[str, Sequence[str]]
) -> dict[str, Sequence[str]]:
    """The dashboards to show: those wanted, or else the overview, or else the first there is."""
    usual = [DEFAULT_BOARD] if DEFAULT_BOARD in known else [*known][:1]
    names = list(dict.fromkeys(wanted or usual))
    for name in names:
        if name not in known:
            raise Failure(f"unknown dashboard {name!r}{did_you_mean(name, known)}", WRONG)
    if not names:
        raise Failure("the catalogue has no dashboard to report", WRONG)
    return {name: known[name] for name in names}


def chosen_dimensions(wanted: Iterable[str] | None, sets: Collection[str]) -> list[str]:
    """The dimensions to break KPIs down by: those wanted, or else by channel if that is kept."""
    if not wanted:
        return [DEFAULT_DIMENSION] if DEFAULT_DIMENSION in sets else []
    names = list(dict.fromkeys(wanted))
    for name in names:
        if name not in sets or name == "total":
            known = [one for one in sets if one not in ("total", "")]
            hint = did_you_mean(name, known)
            raise Failure(f"there are no slices by {name!r}{hint}; see `slices`", WRONG)
    return names


def _write(path: Path, text: str) -> None:
    """Write it as a whole, or leave what was there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}", FAILED) from error
