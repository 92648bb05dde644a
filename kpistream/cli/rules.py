"""``kpistream rules``: what one can do with alert rules."""

from __future__ import annotations

import typer

from kpistream.cli.help_page import Command, Group
from kpistream.cli.rules_test import run_tests

rules = typer.Typer(
    cls=Group, help="Alert rules: test them before they are trusted.", no_args_is_help=True
)


@rules.callback()
def _group() -> None:
    pass


rules.command("test", cls=Command)(run_tests)
