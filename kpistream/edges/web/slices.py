"""Slices: which parts of the traffic there are."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from kpistream.core.slices import Slice, slice_name
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.gathering import Gathering
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.operation import API, SCOPE, Operation, Parameter, Route
from kpistream.edges.web.query import alternatives, limit_in, refuse_unknown
from kpistream.edges.web.vocabulary import Vocabulary

USUAL_SLICES: Final = 1_000
MOST_SLICES: Final = 10_000

SLICES: Final = Operation(
    "GET",
    f"{API}slices",
    "slices",
    "The slices of which something is known.",
    (
        Parameter("slice", "By exactly these dimensions.", words="slices", many=True),
        Parameter(
            "limit",
            "So many at most.",
            {"type": "integer", "minimum": 1, "maximum": MOST_SLICES, "default": USUAL_SLICES},
        ),
        SCOPE,
    ),
    answer=published.Slices,
    problems=(400, 503),
)


class SlicesRoutes:
    """Answers with the slices of all workers."""

    def __init__(self, knowledge: Knowledge, gathering: Gathering) -> None:
        self._knowledge = knowledge
        self._gathering = gathering
        self._words = Vocabulary.of(knowledge.plan)

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(SLICES, self.slices)]

    async def slices(self, request: web.Request) -> web.Response:
        """The slices of the sets that are asked for."""
        refuse_unknown(request.query, ("slice", "limit", "scope"))
        names = alternatives(request.query, "slice", self._words.slices)
        most = limit_in(request.query, MOST_SLICES, USUAL_SLICES)
        pairs = zip(self._words.slices, self._words.sets, strict=True)
        sets = [names_ for name, names_ in pairs if not names or name in names]
        parts = await self._gathering.parts("slices", request.query, sets)
        own, is_truncated = self._knowledge.slices(sets, most)
        # While they change hands, two workers may have the same ones.
        every = [*map(_published, own), *parts.all("slices")]
        found = list({(one["set"], *sorted(one["members"].items())): one for one in every}.values())
        document = {
            "as_of": parts.as_of(self._knowledge.board.as_of),
            "slices": found[:most],
            "truncated": is_truncated or parts.is_truncated or len(found) > most,
            "missing": parts.missing,
        }
        return json_answer(document)


def _published(part: Slice) -> dict[str, Any]:
    return {"set": slice_name(part), "members": dict(part)}
