"""Silences: what nobody is told of for a while, as people list, want and end them."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.silences import (
    MOST_ACTIVE,
    MOST_MATCHERS,
    Silence,
    SilenceEnded,
)
from kpistream.core.instants import rfc3339
from kpistream.core.windows.windows import parse_length
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.body import Author, Body, Words, read_body
from kpistream.edges.web.cluster import PeerAway
from kpistream.edges.web.desk import Desk
from kpistream.edges.web.moments import moment
from kpistream.edges.web.notifying_worker import NotifyingWorker
from kpistream.edges.web.operation import API, SCOPE, Operation, Parameter, Route
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import refuse_unknown

LONGEST_AHEAD_S: Final = 366 * 86_400

Matchers = Annotated[
    list[Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": 256})]],
    msgspec.Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_MATCHERS}),
]
Length = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^[1-9][0-9]{0,5}[smhd]$"})]

_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")

SILENCES: Final = Operation(
    "GET",
    f"{API}silences",
    "silences",
    "The silences that hold, are to come, or ended in the last five days.",
    (SCOPE,),
    answer=published.Silences,
    problems=(400, 503),
)


class SilenceBody(Body):
    """A silence that somebody wants: from ``starts_at`` (now) to ``ends_at``, or for so long."""

    matchers: Matchers
    author: Author
    comment: Words = ""
    starts_at: published.Moment | None = None
    ends_at: published.Moment | None = None
    length: Length | None = msgspec.field(default=None, name="for")


SILENCE: Final = Operation(
    "POST",
    f"{API}silences",
    "silence",
    "Tell nobody of some alerts for a while; takes either `for` or `ends_at`.",
    body=SilenceBody,
    answer=published.Silence,
    status=HTTPStatus.ACCEPTED,
    problems=(400, 409, 413, 415, 503),
    access="write",
    ended_by="end_silence",
)


class EndBody(Body):
    """What who ends a silence says."""

    author: Author


END: Final = Operation(
    "DELETE",
    f"{API}silences/{{id}}",
    "end_silence",
    "End a silence: of what still fires, people are told.",
    (Parameter("id", "Of the silence.", {"type": "string"}, required=True, place="path"),),
    body=EndBody,
    answer=published.EndedSilence,
    status=HTTPStatus.ACCEPTED,
    problems=(400, 404, 409, 413, 415, 503),
    access="write",
)


class SilencesRoutes:
    """Answers with the notifier's silences, and passes on what people say about them.

    The wall clock (epoch seconds) and new ids are passed in by tests.
    """

    def __init__(
        self,
        notifying: NotifyingWorker,
        *,
        clock_s: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:16],
    ) -> None:
        self._notifying = notifying
        self._clock_s = clock_s
        self._new_id = new_id

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(SILENCES, self.silences), (SILENCE, self.silence), (END, self.end_silence)]

    async def silences(self, request: web.Request) -> web.Response:
        """The silences that hold, are to come or ended within days, the newest first."""
        refuse_unknown(request.query, ("scope",))
        return json_answer(await self._notifying.answer("silences", request.query, self._own))

    async def silence(self, request: web.Request) -> web.Response:
        """Somebody wants to hear nothing of some alerts for a while."""
        refuse_unknown(request.query, ())
        said = await read_body(request, SilenceBody)
        now_s = self._clock_s()
        silence = _wanted(said, self._new_id(), now_s)
        await self._need_room()
        await self._notifying.say(silence)
        answer = json_answer(_published(silence, now_s), HTTPStatus.ACCEPTED)
        answer.headers["Location"] = f"{API}silences/{silence.id}"
        return answer

    async def end_silence(self, request: web.Request) -> web.Response:
        """Somebody wants to hear of those alerts again."""
        refuse_unknown(request.query, ())
        said = await read_body(request, EndBody)
        id, now_s = request.match_info["id"], self._clock_s()
        await self._need_silence(id)
        await self._notifying.say(SilenceEnded(id=id, at=now_s, author=said.author))
        return json_answer({"id": id, "ended_at": rfc3339(now_s)}, HTTPStatus.ACCEPTED)

    def _own(self, desk: Desk) -> Mapping[str, Any]:
        now_s = self._clock_s()
        return {"silences": [_published(silence, now_s) for silence in desk.silences()]}

    async def _known(self) -> list[Mapping[str, Any]] | None:
        """The silences there are; None if nobody says so."""
        desk = self._notifying.desk
        try:
            document = await self._notifying.ask("silences") if desk is None else self._own(desk)
        except PeerAway:
            return None
        return list(document["silences"])

    async def _need_room(self) -> None:
        # While nobody says how many there are, the notifier leaves out what is too much.
        known = await self._known() or []
        if sum(silence["state"] != "ended" for silence in known) >= MOST_ACTIVE:
            detail = f"{MOST_ACTIVE:,} silences are active or to come; end some first"
            raise Problem(HTTPStatus.CONFLICT, detail)

    async def _need_silence(self, id: str) -> None:
        known = await self._known() if _ID.fullmatch(id) else []
        if known is None:
            return
        found = next((silence for silence in known if silence["id"] == id), None)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such silence")
        if found["state"] == "ended":
            raise Problem(HTTPStatus.CONFLICT, "the silence has ended already")


def _wanted(said: SilenceBody, id: str, now_s: float) -> Silence:
    """The silence that somebody asks for; raises Problem 400 that says what is wrong with it."""
    try:
        starts_at = now_s if said.starts_at is None else moment("starts_at", said.starts_at)
        silence = Silence(
            id=id,
            matchers=parse_matchers(said.matchers),
            starts_at=starts_at,
            ends_at=_end(said, starts_at),
            author=said.author,
            comment=said.comment,
            created_at=now_s,
        )
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None
    if starts_at > now_s + LONGEST_AHEAD_S:
        raise Problem(HTTPStatus.BAD_REQUEST, "starts_at is more than a year ahead")
    if silence.ends_at <= now_s:
        raise Problem(HTTPStatus.BAD_REQUEST, "ends_at is over already")
    return silence


def _end(said: SilenceBody, starts_at: float) -> float:
    if said.length is not None and said.ends_at is None:
        return starts_at + parse_length(said.length)
    if said.ends_at is not None and said.length is None:
        return moment("ends_at", said.ends_at)
    raise ValueError("a silence has either `for`, such as 2h, or `ends_at`")


def _published(silence: Silence, now_s: float) -> dict[str, Any]:
    is_active = silence.covers(now_s)
    state = "active" if is_active else "ended" if silence.until <= now_s else "pending"
    return {
        "id": silence.id,
        "state": state,
        "matchers": list(map(str, silence.matchers)),
        "starts_at": rfc3339(silence.starts_at),
        "ends_at": rfc3339(silence.until),
        "author": silence.author,
        "comment": silence.comment,
        "created_at": rfc3339(silence.created_at),
    }
