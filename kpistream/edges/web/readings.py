"""Readings: the values of the KPIs, here and on the other workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final

import msgspec
from aiohttp import web

from kpistream.core.monitoring.readings import Board, Reading
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_bytes
from kpistream.edges.web.aside import Aside
from kpistream.edges.web.gathering import Gathering, Parts
from kpistream.edges.web.knowledge import Found, Knowledge
from kpistream.edges.web.operation import API, DIMENSIONS, SCOPE, Operation, Parameter, Route
from kpistream.edges.web.query import ReadingsQuery
from kpistream.edges.web.vocabulary import Vocabulary

READINGS: Final = Operation(
    "GET",
    f"{API}readings",
    "readings",
    "The values of the KPIs.",
    (
        Parameter("kpi", "Of this KPI.", words="kpis", many=True),
        Parameter("window", "Over this window.", words="windows", many=True),
        Parameter("slice", "Of slices by exactly these dimensions.", words="slices", many=True),
        DIMENSIONS,
        Parameter(
            "before",
            "One period earlier; takes exactly one `kpi` and one `window`.",
            {"type": "string", "enum": ["true", "false"]},
        ),
        SCOPE,
    ),
    answer=published.Readings,
    problems=(400, 503),
)

_Document = Mapping[str, Any]


class ReadingsRoutes:
    """Answers with what the board has, and with what is worked out for who asks.

    Large answers are made in another thread, so that none holds up the pipeline.
    """

    def __init__(self, knowledge: Knowledge, gathering: Gathering, aside: Aside) -> None:
        self._knowledge = knowledge
        self._gathering = gathering
        self._aside = aside
        self._words = Vocabulary.of(knowledge.plan)

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(READINGS, self.readings)]

    async def readings(self, request: web.Request) -> web.Response:
        """The readings that match the question."""
        query = ReadingsQuery.parse(request.query, self._words)
        parts = await self._gathering.parts("readings", request.query, query.sets)
        board = self._knowledge.board
        found, is_truncated, is_made = await self._find(query, board)
        notes = {"truncated": is_truncated, "worked_out": is_made, "before": query.before}
        own = partial(_answer, found, notes)
        return json_bytes(await self._aside(partial(_encode, board.as_of, own, parts)))

    async def _find(
        self, query: ReadingsQuery, board: Board
    ) -> tuple[Sequence[Reading], bool, bool]:
        """Readings, whether there are more, and whether they were worked out for the answer."""
        if query.before:
            return *self._make(query), False
        found = await self._aside(lambda: tuple(query.find(board)))
        if found or query.kpi_and_window is None:
            return found, False, False
        made, is_truncated = self._make(await self._aside(lambda: query.beyond(board)))
        return made, is_truncated, bool(made)

    def _make(self, query: ReadingsQuery) -> Found:
        """Readings of one KPI over one window, unless no slice can be as it was asked for."""
        if query.kpi_and_window is None or not query.sets:
            return (), False
        return self._knowledge.read(*query.kpi_and_window, query.before, query.wants)


def _answer(found: Sequence[Reading], notes: Mapping[str, bool]) -> _Document:
    return {**notes, "readings": list(map(_published, found))}


def _encode(as_of: float, own: Callable[[], _Document], parts: Parts) -> bytes:
    """The answer, with those notes on it that are true.

    What is kept up to date somewhere is the answer; what was worked out is one if there is nothing
    else. So it makes no difference which worker has which slices.
    """
    answers = [own(), *parts.answers]
    kept = [one for one in answers if one["readings"] and not one.get("worked_out")]
    taken = kept or answers
    notes = ("truncated", "worked_out", "before")
    document = {
        "as_of": parts.as_of(as_of),
        **{name: True for name in notes if any(one.get(name) for one in taken)},
        "readings": _each_once(taken),
        "missing": parts.missing,
    }
    return msgspec.json.encode(document)


def _published(reading: Reading) -> _Document:
    """A reading as one of many: its kind goes without saying, its currency never does."""
    document = reading.to_dict() | {"currency": reading.currency}
    del document["kind"]
    return document


def _each_once(answers: Sequence[_Document]) -> Sequence[_Document]:
    """Their readings, each once: while a slice changes hands, two workers may have it."""
    if len(answers) == 1:
        readings: Sequence[_Document] = answers[0]["readings"]
        return readings
    first: dict[Any, _Document] = {}
    for one in chain.from_iterable(answer["readings"] for answer in answers):
        first.setdefault((one["kpi"], one["window"], *one["slice"].items(), one["currency"]), one)
    return list(first.values())
