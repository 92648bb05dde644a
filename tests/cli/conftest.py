from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator

import pytest
import structlog
from typer.testing import CliRunner

from kpistream.cli.program import program
from tests.support.ports import kept_port

Run = Callable[..., "Ran"]


class Ran:
    """How a command ended and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


def invoke(*arguments: object, given: str | bytes | None = None) -> Ran:
    """Run a command in this process; what it did not foresee is raised."""
    texts = [str(argument) for argument in arguments]
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        result = CliRunner().invoke(program, texts, input=given)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("KPISTREAM_"):
                patch.delenv(name)
        patch.setenv("COLUMNS", "120")
        yield


@pytest.fixture(scope="session")
def kpistream() -> Run:
    """Runs a command in this process."""
    return invoke


@pytest.fixture(scope="session")
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with kept_port() as port:
        yield f"127.0.0.1:{port}"
