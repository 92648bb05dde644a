"""What a check has looked at, and what it has found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import typer

from kpistream.cli.lines import write_json
from kpistream.core.located_yaml import ConfigError, ConfigErrors

T = TypeVar("T")


@dataclass(slots=True)
class Findings:
    """What is right, what could be better, and what is wrong."""

    checked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[ConfigError] = field(default_factory=list)

    def attempt(self, work: Callable[[], T]) -> T | None:
        """What ``work`` returns, or None after a mistake."""
        try:
            return work()
        except ConfigErrors as errors:
            self.refuse(errors)
            return None

    def refuse(self, errors: Iterable[ConfigError]) -> None:
        """Take in mistakes; one that is there already is left out."""
        self.errors += [error for error in errors if error not in self.errors]

    def report(self, json: bool) -> None:
        """Print all of it: mistakes and warnings on standard error, unless as one JSON object."""
        if json:
            write_json(self._document())
            return
        for error in self.errors:
            typer.echo(str(error), err=True)
        for warning in self.warnings:
            typer.echo(f"warning: {warning}", err=True)
        for checked in self.checked:
            typer.echo(f"ok  {checked}")

    def _document(self) -> dict[str, Any]:
        return {
            "kind": "check",
            "ok": not self.errors,
            "checked": self.checked,
            "warnings": self.warnings,
            "errors": [_error_document(error) for error in self.errors],
        }


def _error_document(error: ConfigError) -> dict[str, Any]:
    return {
        "file": error.filename,
        "line": error.line or None,
        "key": error.key,
        "problem": error.problem,
        "allowed": list(error.allowed or ()),
    }
