"""``kpistream top``: the live page of a worker, in a terminal."""

from __future__ import annotations

import asyncio
import json as plain_json
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from kpistream.cli.failures import FAILED, Failure
from kpistream.cli.kpis import Choice
from kpistream.cli.monitor_api import DEFAULT_URL, MonitorApi, Token, Url
from kpistream.cli.options import Json

if TYPE_CHECKING:
    from kpistream.cli.terminal.feed import Feed, Picture
    from kpistream.cli.terminal.query import Query
    from kpistream.cli.terminal.vocabulary import Vocabulary
    from kpistream.core.kpis.kpi import Language

_WIDTH_OF_A_FILE: Final = 160

_T = TypeVar("_T")


def top(
    url: Url = DEFAULT_URL,
    token: Token = None,
    board: Annotated[
        str | None,
        typer.Option("--board", metavar="NAME", help="Which KPIs; `overview` unless given."),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option("--window", metavar="WINDOW", help="Over which window, such as 1h."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="DIMENSION", help="By which dimension a KPI is broken down."),
    ] = None,
    kpi: Annotated[
        str | None, typer.Option("--kpi", metavar="ID", help="Which KPI is broken down.")
    ] = None,
    language: Annotated[
        Choice, typer.Option("--language", "-l", help="Language of names and phrases.")
    ] = Choice.en,
    once: Annotated[bool, typer.Option("--once", help="Print what there is now, and end.")] = False,
    json: Json = False,
) -> None:
    """Watch KPIs and alerts live: tiles, a breakdown, a funnel, and what fires.

    Keys are named at the bottom of the page. Where standard output is no terminal, one page is
    printed. With --json each state of the page is an object on a line.
    """
    from kpistream.cli.terminal.feed import Feed
    from kpistream.cli.terminal.query import Query
    from kpistream.cli.terminal.vocabulary import Vocabulary

    vocabulary = Vocabulary.of(MonitorApi(url, token).get("kpis"))
    query = Query(board, window, by, kpi)
    vocabulary.check(query)
    feed = Feed(url, token)
    if json:
        _run(_write(feed, query, once))
    elif once or not sys.stdout.isatty():
        picture = _run(_first(feed, query))
        _print(picture, vocabulary, query, language.value)
    else:
        _watch(feed, vocabulary, query, language.value)


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _write(feed: Feed, query: Query, once: bool) -> None:
    """Write each state as a line; in ASCII, which steers no terminal."""
    from kpistream.cli.terminal.feed import Picture

    async for news in feed.follow(query):
        if not isinstance(news, Picture):
            typer.echo(news.reason, err=True)
            continue
        sys.stdout.write(plain_json.dumps(news.document, separators=(",", ":")) + "\n")
        sys.stdout.flush()
        if once:
            return


async def _first(feed: Feed, query: Query) -> Picture:
    """The first picture, however long that takes; says why it takes long."""
    from kpistream.cli.terminal.feed import Picture

    async for news in feed.follow(query):
        if isinstance(news, Picture):
            return news
        typer.echo(news.reason, err=True)
    raise Failure("the worker sends nothing", FAILED)


def _print(picture: Picture, vocabulary: Vocabulary, query: Query, language: Language) -> None:
    from rich.console import Console

    from kpistream.cli.terminal.page import print_page
    from kpistream.cli.terminal.voice import Voice

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDTH_OF_A_FILE)
    print_page(console, Voice(vocabulary, language), picture.frame, query)


def _watch(feed: Feed, vocabulary: Vocabulary, query: Query, language: Language) -> None:
    from kpistream.cli.terminal.app import TopApp

    refused = TopApp(feed, vocabulary, query, language).run()
    if refused is not None:
        raise refused
