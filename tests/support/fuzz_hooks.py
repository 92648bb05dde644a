"""What an OpenAPI schema cannot say: which parameters go together.

Schemathesis loads this when it checks that questions that make sense are answered. What it makes up
to make no sense stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import schemathesis

Query = dict[str, Any]


def _readings(query: Query) -> None:
    if query.get("before") == "true":
        query |= {"kpi": ["clicks"], "window": ["1h"]}


def _moments(query: Query) -> None:
    if "from" in query:
        query["from"] = "2026-03-01T09:00:00Z"
    if "to" in query:
        query["to"] = "2026-03-01T11:00:00+00:30"


def _series(query: Query) -> None:
    _moments(query)
    if "from" in query:
        query.pop("window", None)
    else:
        query.pop("to", None)
    if "step" in query:
        query["step"] = "15m" if query["step"].endswith("m") else "1d"


def _silence(body: Query) -> None:
    body["matchers"] = [f"channel={number}" for number, _ in enumerate(body["matchers"])]
    body |= {"for": "2h", "ends_at": None, "starts_at": None}


QUERIES: Final[Mapping[str, Callable[[Query], None]]] = {
    "readings": _readings,
    "series": _series,
    "history": _moments,
}
BODIES: Final[Mapping[str, Callable[[Query], None]]] = {"silence": _silence}


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
) -> None:
    """Put sense into a question that is meant to have some."""
    id = case.operation.definition.raw["operationId"]
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if id in QUERIES and isinstance(case.query, dict):
        QUERIES[id](case.query)
    if id in BODIES and isinstance(case.body, dict):
        BODIES[id](case.body)
