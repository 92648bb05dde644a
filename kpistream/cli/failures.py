"""Failures that a person can mend: told in a sentence, with an exit code and no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from kpistream.core.located_yaml import ConfigErrors

FAILED: Final = 1
"""Exit code: something went wrong while running."""

WRONG: Final = 2
"""Exit code: what was given is wrong."""


class Failure(Exception):
    """Ends a command with a message and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def told() -> Iterator[None]:
    """Tell of foreseeable failures on standard error and exit; let all others pass."""
    try:
        yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:
        failure = explained(error)
        if failure is None:
            raise
        typer.echo(str(failure), err=True)
        raise typer.Exit(failure.code) from None


def explained(error: BaseException) -> Failure | None:
    """What to tell a person of an error; None for one that nobody has foreseen."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, ConfigErrors):
        return Failure(str(error), WRONG)
    # What was not imported cannot have been raised, and some of it takes a second to import.
    from kpistream.edges.embedded_broker import EmbeddedBrokerError, EmbeddedBrokerMissingError
    from kpistream.edges.emitter.sink import SinkError
    from kpistream.edges.emitter.traffic import ScenarioError
    from kpistream.edges.ndjson import NdjsonError
    from kpistream.edges.webhook import InvalidWebhookUrl
    from kpistream.stream.topics import TopicError

    wrong = NdjsonError | ScenarioError | InvalidWebhookUrl | EmbeddedBrokerMissingError
    if isinstance(error, wrong):
        return Failure(str(error), WRONG)
    if isinstance(error, SinkError | TopicError | EmbeddedBrokerError):
        return Failure(str(error), FAILED)
    return None
