"""``kpistream generate``: the dashboards of Grafana, for the KPIs that there are."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from kpistream.cli.failures import FAILED, WRONG, Failure
from kpistream.cli.kpis import Choice
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import Catalogue, Config, Json, Rules, Windows, names
from kpistream.core.kpis.kpi import Language
from kpistream.settings import SHIPPED, Settings, load_settings, read_text

FOLDER: Final = Path("grafana") / "dashboards"
"""Where dashboards are written unless another folder is named."""

_OURS: Final = '"uid": "kpistream-'
"""What is in a file that this command has written."""

_SDK: Final = "grafana_foundation_sdk"


class State(StrEnum):
    """How a file is beside what would be written."""

    same = "same"
    differs = "differs"
    missing = "missing"
    stale = "stale"


def generate(
    config: Config = None,
    catalogue: Catalogue = None,
    rules: Rules = None,
    windows: Windows = None,
    language: Annotated[
        Choice, typer.Option("--language", "-l", help="Language of titles and descriptions.")
    ] = Choice.en,
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="Folder of the files; made if need be.")
    ] = FOLDER,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file is not up to date.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the dashboards of Grafana: a file each, the same byte for byte each time.

    KPIs and dashboards of the settings' own are among them; what is on no dashboard is on "more".
    """
    log_to_stderr("WARNING", libraries="CRITICAL")
    settings = load_settings(config, catalogue=catalogue, rules=rules, windows=names(windows))
    texts = dashboard_texts(settings, language.value)
    found = {name: state_of(to / name, text) for name, text in texts.items()}
    found |= dict.fromkeys(_stale(to, texts), State.stale)
    for name, state in found.items():
        if json:
            write_json({"file": str(to / name), "state": state.value, "written": not check})
        else:
            typer.echo(f"{to / name}: {_told(state, check)}")
    if not check:
        _write(to, texts)
    elif wrong := set(found.values()) - {State.same}:
        command = command_text(config, catalogue, rules, windows, language, to)
        advice = "delete what is not made any more" if wrong == {State.stale} else f"run: {command}"
        raise Failure(f"dashboards are not up to date; {advice}", FAILED)


def command_text(
    config: Path | None,
    catalogue: Path | None,
    rules: Sequence[Path] | None,
    windows: str | None,
    language: Choice,
    to: Path,
) -> str:
    """The command that writes what these options ask for, ready for a shell."""
    given: list[tuple[str, object]] = [
        ("--config", config),
        ("--catalogue", catalogue),
        *(("--rules", file) for file in rules or ()),
        ("--windows", windows),
        ("--language", None if language is Choice.en else language.value),
        ("--to", None if to == FOLDER else to),
    ]
    flags = (part for name, value in given if value is not None for part in (name, str(value)))
    return shlex.join(["kpistream", "generate", *flags])


def dashboard_texts(settings: Settings, language: Language) -> dict[str, str]:
    """The name of each file to its text; raises :class:`Failure` without the extra `grafana`."""
    from kpistream.cli.wiring.wiring import read_plan
    from kpistream.edges.grafana.ground import Ground

    try:
        from kpistream.edges.grafana.build import TakenName, rendered
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != _SDK:
            raise
        problem = "dashboards need the extra grafana: pip install 'kpistream[grafana]'"
        raise Failure(problem, WRONG) from None
    plan, _ = read_plan(settings)
    try:
        return rendered(Ground.of(plan, own_kpis(settings), language))
    except TakenName as error:
        raise Failure(f"dashboards: {error}", WRONG) from None


def own_kpis(settings: Settings) -> frozenset[str]:
    """The ids of the KPIs that kpistream does not ship."""
    from kpistream.cli.wiring.config_files import load_catalogue
    from kpistream.core.catalogue.catalogue import Catalogue as Kpis

    shipped = SHIPPED / "catalogue.yml"
    if settings.own is None and settings.catalogue == shipped:
        return frozenset()
    known = Kpis.load(read_text(shipped), shipped.name)
    return frozenset(load_catalogue(settings).kpis) - known.kpis.keys()


def state_of(path: Path, text: str) -> State:
    """How a file is beside the text that it should have."""
    if not path.is_file():
        return State.missing
    return State.same if path.read_text(encoding="utf-8") == text else State.differs


def _stale(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """The files of dashboards that are no longer made."""
    return [
        path.name
        for path in sorted(folder.glob("*.json"))
        if path.name not in texts and _OURS in path.read_text(encoding="utf-8", errors="replace")
    ]


def _told(state: State, is_check: bool) -> str:
    if state is State.stale:
        return "not made any more; delete it"
    if is_check or state is State.same:
        return {State.same: "up to date", State.differs: "differs"}.get(state, "missing")
    return "written"


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{folder}: {error.strerror}", WRONG) from None
