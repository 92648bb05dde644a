"""Logs: lines on standard error, those of the libraries too."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, Final

import structlog

from kpistream.cli.noise import OneOfAKind, is_not_as_ever, without_mark

_LIBRARIES: Final = ("faust", "mode", "aiokafka", "asyncio", "aiohttp")


def log_to_stderr(level: str, libraries: str = "WARNING") -> None:
    """Log from ``level`` on; what libraries say from their own, unless ``level`` is DEBUG.

    Tracebacks are for DEBUG: at other levels an error is one line.
    """
    debug = level == "DEBUG"
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(
                    colors=sys.stderr.isatty(),
                    exception_formatter=structlog.dev.plain_traceback,
                    pad_event_to=0,
                ),
            ],
        )
    )
    if not debug:
        handler.addFilter(_is_of_interest)
        handler.addFilter(_without_traceback)
        handler.addFilter(without_mark)
        handler.addFilter(is_not_as_ever)
        handler.addFilter(OneOfAKind())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Each on its own: Faust would set the root to DEBUG and discard three records a row.
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel("DEBUG" if debug else libraries)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _is_of_interest(record: logging.LogRecord) -> bool:
    """Whether a line is about our work, or a warning, and not a framework's step inside a class."""
    caller = Path(record.pathname).parts
    return record.levelno > logging.INFO or not {"faust", "mode"} & set(caller)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = record.stack_info = None
    if isinstance(record.msg, dict):
        record.msg.pop("exc_info", None)
    return True
