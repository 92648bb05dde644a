"""``kpistream kpis``: which KPIs there are, and all that there is to say of one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kpistream.cli.failures import WRONG, Failure
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import Catalogue as CatalogueFile
from kpistream.cli.options import Config, Json
from kpistream.core.located_yaml import did_you_mean
from kpistream.settings import Settings, load_settings

if TYPE_CHECKING:
    from rich.console import Console

    from kpistream.cli.kpi_words import Place
    from kpistream.core.catalogue.catalogue import Catalogue
    from kpistream.core.kpis.kpi import Kpi, Language

_WIDTH_OF_A_FILE: Final = 160

_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("id", "name", "unit", "formula"),
    "fr": ("id", "nom", "unité", "formule"),
}


class Choice(StrEnum):
    """The languages that names and descriptions have."""

    en = "en"
    fr = "fr"


def kpis(
    kpi: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="The KPI to explain, by its id or a short name such as ROAS; all are listed "
            "without it.",
        ),
    ] = None,
    config: Config = None,
    catalogue: CatalogueFile = None,
    language: Annotated[
        Choice, typer.Option("--language", "-l", help="Language of names and descriptions.")
    ] = Choice.en,
    json: Json = False,
) -> None:
    """List the KPIs, or explain one: formula, events, owner, action, examples, where to see it.

    Those of the settings' own events, measures and KPIs are among them.
    """
    from kpistream.cli.kpi_words import document
    from kpistream.cli.wiring.config_files import load_catalogue

    log_to_stderr("WARNING", libraries="CRITICAL")
    settings = load_settings(config, catalogue=catalogue)
    declared, place = load_catalogue(settings), _place(settings)
    chosen = list(declared.kpis.values()) if kpi is None else [_known(kpi, declared)]
    if json:
        for one in chosen:
            write_json(document(one, declared, place), flush=False)
    elif kpi is None:
        _list(chosen, language.value)
    else:
        _explain(chosen[0], declared, place, language.value)


def _known(name: str, catalogue: Catalogue) -> Kpi:
    """The KPI of an id, or of the short name that its name has in brackets, such as ROAS."""
    if name in catalogue.kpis:
        return catalogue.kpis[name]
    in_brackets = f"({name})".casefold()
    called = [
        kpi
        for kpi in catalogue.kpis.values()
        if any(in_brackets in spelt.casefold() for spelt in kpi.name.values())
    ]
    if len(called) == 1:
        return called[0]
    hint = did_you_mean(name, catalogue.kpis)
    problem = f"unknown KPI {name!r}{hint}; `kpistream kpis` lists them"
    raise Failure(problem, WRONG)


def _place(settings: Settings) -> Place:
    from kpistream.cli.kpi_words import Place

    url = settings.external_url.rstrip("/") or f"http://{settings.web_host}:{settings.web_port}"
    return Place(url, tuple(settings.windows), settings.topics)


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDTH_OF_A_FILE)
    return console


def _list(kpis: list[Kpi], language: Language) -> None:
    from rich.table import Table

    table = Table()
    for head in _HEADS[language]:
        table.add_column(head, overflow="fold")
    for kpi in kpis:
        table.add_row(kpi.id, kpi.name[language], kpi.unit, " ".join(kpi.formula.split()))
    _console().print(table)


def _explain(kpi: Kpi, catalogue: Catalogue, place: Place, language: Language) -> None:
    from rich.table import Table

    from kpistream.cli.kpi_words import LABELS, rows

    console = _console()
    console.print(f"{kpi.id}: {kpi.name[language]}")
    console.print(kpi.description[language])
    console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, texts in rows(kpi, catalogue, place, language).items():
        for label, text in zip((LABELS[name][language], *[""] * len(texts)), texts, strict=False):
            grid.add_row(label, text)
    console.print(grid)
