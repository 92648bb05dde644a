"""The paths about who is told of alerts: silences, acknowledgements, deliveries, receivers."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from multidict import MultiMapping

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.dispatches import NEVER, Delivery
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.notifier import Control
from kpistream.core.alerting.telling.silences import MOST_ACTIVE, Silence, SilenceEnded
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.core.instants import rfc3339
from kpistream.core.windows import parse_length
from kpistream.edges.web.answers import json_answer
from kpistream.edges.web.body import read_body
from kpistream.edges.web.desk import BrokerAway, Desk
from kpistream.edges.web.guard import Guard
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import refuse_unknown

MOST_DELIVERIES: Final = 1_000
USUAL_DELIVERIES: Final = 100

ALERTS_A_TURN: Final = 100
"""So many alerts are looked at before something else may run."""

NOT_THE_OWNER: Final = (
    "another worker has the notifier, the one partition of the topic of alerts; ask that one"
)

_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")

Words = Annotated[str, msgspec.Meta(max_length=500)]
Author = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class AcknowledgeBody(msgspec.Struct, forbid_unknown_fields=True):
    """What who acknowledges says."""

    author: Author
    comment: Words = ""


class EndBody(msgspec.Struct, forbid_unknown_fields=True):
    """What who ends a silence says."""

    author: Author


class SilenceBody(msgspec.Struct, forbid_unknown_fields=True):
    """A silence that somebody wants: from ``starts_at`` (now) to ``ends_at``, or for so long."""

    matchers: list[str]
    author: Author
    comment: Words = ""
    starts_at: str | None = None
    ends_at: str | None = None
    length: str | None = msgspec.field(default=None, name="for")


class Notifications:
    """The handlers of these paths.

    ``desk`` is what the worker knows, None before it runs; ``receivers`` is what everybody may know
    of them. The wall clock (epoch seconds) and new ids are passed in by tests.
    """

    def __init__(
        self,
        desk: Callable[[], Desk | None],
        receivers: Sequence[Mapping[str, Any]],
        alerts: Callable[[], Sequence[Alert]],
        guard: Guard,
        *,
        clock_s: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:16],
    ) -> None:
        self._desk = desk
        self._receivers = receivers
        self._alerts = alerts
        self._guard = guard
        self._clock_s = clock_s
        self._new_id = new_id

    def routes(self) -> list[web.RouteDef]:
        """The paths with their handlers."""
        return [
            web.get("/api/v1/alerts/{fingerprint}", self.alert),
            web.post("/api/v1/alerts/{fingerprint}/acknowledge", self.acknowledge),
            web.get("/api/v1/silences", self.silences),
            web.post("/api/v1/silences", self.silence),
            web.delete("/api/v1/silences/{id}", self.end_silence),
            web.get("/api/v1/deliveries", self.deliveries),
            web.get("/api/v1/receivers", self.receivers),
        ]

    # -- what is asked -----------------------------------------------------------------------------

    def published(self, alert: Alert) -> dict[str, Any]:
        """An alert with what keeps people from being told of it, null if another worker knows."""
        desk = self._desk()
        suppression = desk.suppression(alert) if desk is not None else None
        return {**alert.to_dict(), "suppression": suppression and _suppression(suppression)}

    async def published_all(self, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
        """Many alerts; the pipeline gets its turns meanwhile."""
        found: list[dict[str, Any]] = []
        for alert in alerts:
            found.append(self.published(alert))
            if len(found) % ALERTS_A_TURN == 0:
                await asyncio.sleep(0)
        return found

    async def alert(self, request: web.Request) -> web.Response:
        """One alert of this worker."""
        refuse_unknown(request.query, ())
        return json_answer(self.published(self._known_alert(request)))

    async def silences(self, request: web.Request) -> web.Response:
        """The silences that hold, are to come or ended within days, the newest first."""
        refuse_unknown(request.query, ())
        now_s = self._clock_s()
        found = [_silence(silence, now_s) for silence in self._owner().silences()]
        return json_answer({"silences": found})

    async def deliveries(self, request: web.Request) -> web.Response:
        """The newest message of each receiver and group, the newest first."""
        refuse_unknown(request.query, ("limit",))
        found = self._owner().deliveries(_limit(request.query))
        return json_answer({"deliveries": [_delivery(delivery) for delivery in found]})

    async def receivers(self, request: web.Request) -> web.Response:
        """The receivers, without anything that opens their doors."""
        refuse_unknown(request.query, ())
        desk = self._desk()
        disabled = desk.disabled if desk is not None and desk.is_owner else None
        known = [
            {**one, "disabled": None if disabled is None else one["name"] in disabled}
            for one in self._receivers
        ]
        return json_answer({"receivers": known})

    # -- what is said ------------------------------------------------------------------------------

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Somebody looks after an alert."""
        self._guard.check(request)
        said = await read_body(request, AcknowledgeBody)
        alert = self._known_alert(request)
        if alert.state is not AlertState.firing:
            detail = f"the alert is {alert.state.value}; only a firing one is acknowledged"
            raise Problem(HTTPStatus.CONFLICT, detail)
        acknowledgement = Acknowledgement(
            fingerprint=alert.fingerprint,
            since=alert.changed_at,
            author=said.author,
            comment=said.comment,
            at=self._clock_s(),
        )
        await self._say(acknowledgement)
        return json_answer(_acknowledgement(acknowledgement), HTTPStatus.ACCEPTED)

    async def silence(self, request: web.Request) -> web.Response:
        """Somebody wants to hear nothing of some alerts for a while."""
        self._guard.check(request)
        said = await read_body(request, SilenceBody)
        now_s = self._clock_s()
        silence = _wanted(said, self._new_id(), now_s)
        self._need_room(now_s)
        await self._say(silence)
        answer = json_answer(_silence(silence, now_s), HTTPStatus.ACCEPTED)
        answer.headers["Location"] = f"/api/v1/silences/{silence.id}"
        return answer

    async def end_silence(self, request: web.Request) -> web.Response:
        """Somebody wants to hear of those alerts again."""
        self._guard.check(request)
        said = await read_body(request, EndBody)
        id, now_s = request.match_info["id"], self._clock_s()
        self._need_silence(id, now_s)
        await self._say(SilenceEnded(id=id, at=now_s, author=said.author))
        return json_answer({"id": id, "ended_at": rfc3339(now_s)}, HTTPStatus.ACCEPTED)

    async def _say(self, control: Control) -> None:
        desk = self._desk()
        if desk is None:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the worker is not connected yet")
        try:
            await desk.say(control)
        except BrokerAway as away:
            detail = f"{away}; it may hold all the same: look, and say it again if it does not"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from away

    # -- what must be so ---------------------------------------------------------------------------

    def _owner(self) -> Desk:
        """The desk of the worker with the notifier."""
        desk = self._desk()
        if desk is None or not desk.is_owner:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, NOT_THE_OWNER)
        return desk

    def _known_alert(self, request: web.Request) -> Alert:
        wanted = request.match_info["fingerprint"]
        for alert in self._alerts():
            if alert.fingerprint == wanted:
                return alert
        detail = "this worker has no such alert; another one may have it, if there are others"
        raise Problem(HTTPStatus.NOT_FOUND, detail)

    def _need_room(self, now_s: float) -> None:
        desk = self._desk()
        if desk is None or not desk.is_owner:
            return  # the worker with the notifier leaves it out, and says so in its log
        if sum(silence.until > now_s for silence in desk.silences()) >= MOST_ACTIVE:
            detail = f"{MOST_ACTIVE:,} silences are active or to come; end some first"
            raise Problem(HTTPStatus.CONFLICT, detail)

    def _need_silence(self, id: str, now_s: float) -> None:
        desk = self._desk()
        is_known = desk is not None and desk.is_owner
        found = [one for one in desk.silences() if one.id == id] if desk and is_known else []
        if not _ID.fullmatch(id) or (is_known and not found):
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such silence")
        if found and found[0].until <= now_s:
            raise Problem(HTTPStatus.CONFLICT, "the silence has ended already")


# -- reading ---------------------------------------------------------------------------------------


def _limit(params: MultiMapping[str]) -> int:
    text = params.get("limit", str(USUAL_DELIVERIES))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_DELIVERIES):
        detail = f"limit {text[:20]!r} is no number from 1 to {MOST_DELIVERIES:,}"
        raise Problem(HTTPStatus.BAD_REQUEST, detail)
    return int(text)


LONGEST_AHEAD_S: Final = 366 * 86_400


def _wanted(said: SilenceBody, id: str, now_s: float) -> Silence:
    """The silence that somebody asks for; raises Problem 400 that says what is wrong with it."""
    try:
        starts_at = now_s if said.starts_at is None else _moment("starts_at", said.starts_at)
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
        return _moment("ends_at", said.ends_at)
    raise ValueError("a silence has either `for`, such as 2h, or `ends_at`")


def _moment(name: str, text: str) -> float:
    """Epoch seconds of RFC 3339."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{name} {text[:40]!r} is no moment with a zone as 2026-03-01T10:00:00Z")
    return moment.timestamp()


# -- showing ---------------------------------------------------------------------------------------


def _suppression(found: Suppression) -> dict[str, Any]:
    said = found.acknowledged
    return {
        "silenced_by": list(found.silenced_by),
        "inhibited_by": list(found.inhibited_by),
        "acknowledged": None if said is None else _acknowledgement(said),
        "muted_receivers": list(found.muted),
    }


def _acknowledgement(said: Acknowledgement) -> dict[str, Any]:
    return {
        "fingerprint": said.fingerprint,
        "since": rfc3339(said.since),
        "author": said.author,
        "comment": said.comment,
        "at": rfc3339(said.at),
    }


def _silence(silence: Silence, now_s: float) -> dict[str, Any]:
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


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "receiver": delivery.receiver,
        "group": dict(delivery.group),
        "message_id": delivery.message_id,
        "alerts": [
            {"fingerprint": print_, "state": state.value, "changed_at": rfc3339(changed_at)}
            for print_, state, changed_at in delivery.told
        ],
        "truncated": delivery.truncated,
        "reason": delivery.reason,
        "outcome": delivery.outcome,
        "tries": delivery.tries,
        "status": delivery.status,
        "problem": delivery.problem,
        "first_try_at": rfc3339(delivery.first_try_at),
        "last_try_at": rfc3339(delivery.last_try_at),
        "retry_at": None if delivery.retry_at == NEVER else rfc3339(delivery.retry_at),
    }
