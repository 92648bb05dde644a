"""The program ``kpistream``: its commands, and how they end when something is wrong."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kpistream import __version__
from kpistream.cli import (
    ack,
    alerts,
    backtest,
    check,
    compute,
    demo,
    emit,
    generate,
    kpis,
    report,
    rules,
    silence,
    top,
    topics,
    worker,
)
from kpistream.cli.failures import told
from kpistream.cli.help_page import Command, Group


class _Program(Group):
    """Commands whose foreseeable failures are a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        with told():
            return super().invoke(ctx)


program = typer.Typer(
    cls=_Program,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Marketing KPIs from event streams: exact to the cent, seconds after the event, "
    "with alerts.\n\nSettings come from flags, then from variables (KPISTREAM_BROKER for "
    "--broker), then from the YAML file that --config names, or else kpistream.yml in the working "
    "directory if there is one; it may also hold events, measures and KPIs of your own. Exit "
    "codes: 0 fine, 1 something failed while running, 2 what was given is wrong.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kpistream {__version__}")
        raise typer.Exit


@program.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


program.command("demo", cls=Command)(demo.demo)
program.command("worker", cls=Command)(worker.worker)
program.command("emit", cls=Command)(emit.emit)
program.command("check", cls=Command)(check.check)
program.command("compute", cls=Command)(compute.compute)
program.command("backtest", cls=Command)(backtest.backtest)
program.command("kpis", cls=Command)(kpis.kpis)
program.command("generate", cls=Command)(generate.generate)
program.command("top", cls=Command)(top.top)
program.command("report", cls=Command)(report.report)
program.command("alerts", cls=Command)(alerts.alerts)
program.command("ack", cls=Command)(ack.ack)
program.add_typer(silence.silence, name="silence")
program.add_typer(rules.rules, name="rules")
program.add_typer(topics.topics, name="topics")
