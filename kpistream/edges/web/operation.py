"""Operations: what can be asked and said, each declared once.

Paths, who is let in, and the OpenAPI document all follow from these declarations.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

from aiohttp import web

Access = Literal["open", "read", "write"]
"""Who may: everybody, who may read, or who may change something."""

Method = Literal["GET", "POST", "DELETE"]

Words = Literal["kpis", "windows", "slices", "boards", "dimensions"]
"""The words of the catalogue and the settings that a parameter may be."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON: Final = "application/json"
API: Final = "/api/v1/"


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something in the query or the path: of a JSON schema, or one of the ``words``.

    ``many`` says that it may be given several times, for alternatives, up to ``most`` times.
    """

    name: str
    description: str
    schema: Mapping[str, Any] | None = None
    words: Words | None = None
    many: bool = False
    most: int | None = None
    required: bool = False
    place: Literal["query", "path"] = "query"


DIMENSIONS: Final = Parameter(
    "members", "Of this member of the dimension.", {"type": "string"}, many=True
)
"""Stands for one parameter for each dimension, with alternatives."""

MEMBERS: Final = Parameter("members", "Of the slice with this member.", {"type": "string"})
"""Stands for one parameter for each dimension, which can be given once."""

SCOPE: Final = Parameter(
    "scope",
    "`worker` for what the asked worker knows itself, instead of the whole cluster.",
    {"type": "string", "enum": ["worker"]},
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked or said: where, with what, what is answered, and who may.

    ``body`` and ``answer`` are types of msgspec that describe JSON; ``problems`` are the statuses
    of problems beyond those that follow from ``access``. A HEAD is answered wherever a GET is.
    """

    method: Method
    path: str
    id: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    body: type | None = None
    answer: Any = None
    media: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    problems: tuple[int, ...] = (400,)
    access: Access = "read"
    ended_by: str = ""
    """The id of the operation that ends what this one makes; the answer says where that is."""
    also: Mapping[int, Any] | None = None
    """Other statuses that are answered, and what with; they are no problems."""


Route = tuple[Operation, Handler]
