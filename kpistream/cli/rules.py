"""``kpistream rules``: what one can do with alert rules."""

from __future__ import annotations

import typer

from kpistream.cli.rules_test import run_tests

rules = typer.Typer(help="Alert rules: test them before they are trusted.", no_args_is_help=True)


@rules.callback()
def _group() -> None:
    pass


rules.command("test")(run_tests)
