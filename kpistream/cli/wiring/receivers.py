"""From settings to receivers: where they are, what they are told of, and who gets which rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Final

from pydantic import SecretStr

from kpistream.core.alerting.telling.dispatches import Dispatch
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.mute_times import MuteTime
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.located_yaml import ConfigError, ConfigErrors
from kpistream.core.located_yaml import Path as Place
from kpistream.core.windows.days import Days
from kpistream.edges import webhook
from kpistream.edges.egress import Egress, EgressDenied, Network
from kpistream.edges.messages import Credentials, Links, Message, shape_of
from kpistream.edges.messages import Request as Written
from kpistream.edges.messages.apprise import AppriseMissing, AppriseReceiver, InvalidAppriseUrl
from kpistream.edges.messages.pagerduty import URL as PAGERDUTY
from kpistream.edges.retry import RetryPolicy
from kpistream.edges.signing import InvalidSecret, Signer
from kpistream.edges.webhook import (
    Attempt,
    AttemptResult,
    InvalidHeader,
    InvalidWebhookUrl,
    Target,
    WebhookSender,
)
from kpistream.settings import DAYS_OF_WEEK, HTTP, MuteTimeSettings, ReceiverSettings, Settings
from kpistream.stream.courier import Receiver

APPRISE: Final = "apprise"
"""The kind of receiver that is told by a library, not by HTTP of ours."""

_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

POLICY: Final = RetryPolicy()


@dataclass(frozen=True, slots=True)
class HttpWay:
    """The way to a receiver by HTTP: where it is, and what opens its door; never shown."""

    target: Target
    allow: tuple[Network, ...]
    credentials: Credentials
    signer: Signer | None


@dataclass(frozen=True, slots=True)
class ReceiverSpec:
    """A receiver that can be told; ``place`` is where the settings have it."""

    place: Place
    kind: str
    plan: ReceiverPlan
    way: HttpWay | AppriseReceiver = field(repr=False)

    @property
    def name(self) -> str:
        """What the settings call it."""
        return self.plan.name

    @property
    def host(self) -> str:
        """Where it is, as far as everybody may know."""
        return self.way.target.host if isinstance(self.way, HttpWay) else APPRISE

    def to_dict(self) -> dict[str, Any]:
        """What everybody may know of it: no secrets, of its URL the host alone."""
        plan = self.plan
        return {
            "name": plan.name,
            "kind": self.kind,
            "host": self.host,
            "match": list(map(str, plan.match)),
            "severities": _sorted(plan.severities),
            "owners": _sorted(plan.owners),
            "group_by": list(plan.group_by),
            "group_wait": plan.group_wait_s,
            "group_interval": plan.group_interval_s,
            "repeat_interval": plan.repeat_interval_s,
            "send_resolved": plan.send_resolved,
            "mute": [mute.name for mute in plan.mute_times],
        }


def _sorted(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else sorted(map(str, names))


MOST_HALF_TAKEN: Final = 100
"""Of so many messages it is remembered which requests were taken."""


class HttpReceiver:
    """A receiver that is told by HTTP, in the shape of its kind."""

    def __init__(
        self, spec: ReceiverSpec, way: HttpWay, sender: WebhookSender, links: Links
    ) -> None:
        self._plan = spec.plan
        self._credentials = way.credentials
        self._shape = shape_of(spec.kind)
        self._sender = sender
        self._links = links
        self._taken: dict[str, set[str]] = {}
        """By message that was not taken whole, the requests that were."""

    @property
    def plan(self) -> ReceiverPlan:
        """What it is told, and when."""
        return self._plan

    @property
    def policy(self) -> RetryPolicy:
        """How patiently."""
        return POLICY

    async def tell(self, dispatch: Dispatch) -> Attempt:
        """Try each request of the message that was not taken yet; the first failure is told.

        One that is refused keeps no other back. After a restart all are tried again: each has an
        id that drops a repeat.
        """
        requests = self._shape(Message.of(dispatch, self._links), self._credentials)
        if len(self._taken) > MOST_HALF_TAKEN:
            self._taken.clear()
        taken = self._taken.setdefault(dispatch.message_id, set())
        attempts = []
        for request in requests:
            if request.message_id not in taken:
                attempts.append(await self._attempt(request, dispatch.tries + 1))
                if attempts[-1].result is AttemptResult.delivered:
                    taken.add(request.message_id)
        failed = [a for a in attempts if a.result is not AttemptResult.delivered]
        if not failed:
            del self._taken[dispatch.message_id]
        return [*failed, attempts[-1]][0]

    async def _attempt(self, request: Written, number: int) -> Attempt:
        sent = webhook.Request(
            body=request.body,
            message_id=request.message_id,
            headers=request.headers,
            method=request.method,
            target=None if request.url is None else Target.parse(request.url),
        )
        return await self._sender.attempt(sent, number)


class LibraryReceiver:
    """A receiver that Apprise tells."""

    def __init__(self, plan: ReceiverPlan, library: AppriseReceiver, links: Links) -> None:
        self._plan = plan
        self._library = library
        self._links = links

    @property
    def plan(self) -> ReceiverPlan:
        """What it is told, and when."""
        return self._plan

    @property
    def policy(self) -> RetryPolicy:
        """How patiently."""
        return POLICY

    async def tell(self, dispatch: Dispatch) -> Attempt:
        """Try once; the library does not say why it failed."""
        number = dispatch.tries + 1
        if await self._library.tell(Message.of(dispatch, self._links)):
            return Attempt(APPRISE, number, AttemptResult.delivered)
        return Attempt(APPRISE, number, AttemptResult.failed, problem="Apprise could not deliver")


async def open_receivers(
    specs: Iterable[ReceiverSpec],
    settings: Settings,
    boards: Mapping[str, str],
    stack: AsyncExitStack,
) -> list[Receiver]:
    """The receivers, with connections that the stack closes; ``boards`` are those of the KPIs."""
    links = Links(settings.external_url, settings.dashboard_url, boards)
    return [await _opened(spec, links, stack) for spec in specs]


async def _opened(spec: ReceiverSpec, links: Links, stack: AsyncExitStack) -> Receiver:
    way = spec.way
    if isinstance(way, AppriseReceiver):
        return LibraryReceiver(spec.plan, way, links)
    sender = WebhookSender(way.target, POLICY, egress=Egress(way.allow), signer=way.signer)
    return HttpReceiver(spec, way, await stack.enter_async_context(sender), links)


# -- reading ---------------------------------------------------------------------------------------


def read_receivers(settings: Settings) -> list[ReceiverSpec]:
    """All receivers; raises :class:`ConfigErrors` with everything that is wrong with them."""
    reader = _Reader(settings)
    specs = reader.read()
    if reader.errors:
        raise ConfigErrors(reader.errors)
    return specs


class _Reader:
    """Makes receivers of settings, and collects what is wrong on the way."""

    def __init__(self, settings: Settings) -> None:
        self.errors: list[ConfigError] = []
        self._settings = settings
        days = Days(settings.zone)
        self._mutes = {
            name: _mute_time(name, written, days) for name, written in settings.mute_times.items()
        }
        self._check_links()

    def read(self) -> list[ReceiverSpec]:
        found = [self._spec(*one) for one in self._written()]
        return [spec for spec in found if spec is not None]

    def _written(self) -> Iterator[tuple[Place, Place, ReceiverSettings]]:
        """Each receiver, where it stands, and where its URL does."""
        for n, short in enumerate(self._settings.webhooks):
            yield ("webhooks", n), ("webhooks", n), ReceiverSettings(name=short.name, url=short.url)
        for n, receiver in enumerate(self._settings.receivers):
            yield ("receivers", n), ("receivers", n, "url"), receiver

    def _spec(self, place: Place, at: Place, written: ReceiverSettings) -> ReceiverSpec | None:
        way: HttpWay | AppriseReceiver | None
        if written.kind == APPRISE:
            way = self._library_way(place, at, written)
        else:
            way = self._http_way(place, at, written)
        if way is None:
            return None
        return ReceiverSpec(place, written.kind, self._plan(written), way)

    def _library_way(
        self, place: Place, at: Place, written: ReceiverSettings
    ) -> AppriseReceiver | None:
        try:
            return AppriseReceiver(_plain(written.url) or "")
        except AppriseMissing as error:
            self._refuse((*place, "kind"), str(error))
        except InvalidAppriseUrl as error:
            self._refuse(at, str(error))
        return None

    def _http_way(self, place: Place, at: Place, written: ReceiverSettings) -> HttpWay | None:
        before, url = len(self.errors), _plain(written.url) or PAGERDUTY
        target = self._target(at, written.name, url)
        self._check_secrets(place, written)
        self._check_headers(place, written)
        allow = tuple(map(ip_network, written.allow))
        if target is not None:
            allow += loopback_of(target.host)
            self._check_host(at, target, allow)
        if target is None or len(self.errors) > before:
            return None
        headers = {name: text.get_secret_value() for name, text in written.headers.items()}
        credentials = Credentials(url=url, routing_key=_plain(written.routing_key), headers=headers)
        secrets = [secret.get_secret_value() for secret in written.secrets]
        return HttpWay(target, allow, credentials, Signer(secrets) if secrets else None)

    def _target(self, at: Place, name: str, url: str) -> Target | None:
        if not url.strip().startswith(HTTP):
            self._refuse(at, f"the url of {name} must begin with http:// or https://")
            return None
        try:
            return Target.parse(url)
        except InvalidWebhookUrl as error:
            self._refuse(at, f"{name}: {error}")
            return None

    def _check_host(self, at: Place, target: Target, allow: Sequence[Network]) -> None:
        try:
            Egress(allow).check_host(target.host)
        except EgressDenied as denied:
            self._refuse(at, str(denied))

    def _check_secrets(self, place: Place, written: ReceiverSettings) -> None:
        for m, secret in enumerate(written.secrets):
            try:
                Signer([secret.get_secret_value()])
            except InvalidSecret as error:
                self._refuse((*place, "secrets", m), str(error))

    def _check_headers(self, place: Place, written: ReceiverSettings) -> None:
        for name, text in written.headers.items():
            try:
                webhook.Request(
                    body=b"", message_id="none", headers={name: text.get_secret_value()}
                )
            except InvalidHeader as error:
                self._refuse((*place, "headers", name), str(error))

    def _check_links(self) -> None:
        try:
            Links(self._settings.external_url, self._settings.dashboard_url)
        except ValueError as error:
            self._refuse(("dashboard_url",), str(error))

    def _plan(self, written: ReceiverSettings) -> ReceiverPlan:
        return ReceiverPlan(
            name=written.name,
            match=parse_matchers(written.match),
            severities=None if written.severities is None else frozenset(written.severities),
            owners=None if written.owners is None else frozenset(written.owners),
            group_by=tuple(written.group_by),
            group_wait_s=written.group_wait,
            group_interval_s=written.group_interval,
            repeat_interval_s=written.repeat_interval,
            send_resolved=written.send_resolved,
            mute_times=tuple(self._mutes[name] for name in written.mute),
        )

    def _refuse(self, at: Place, problem: str) -> None:
        self.errors.append(self._settings.error(at, problem))


def loopback_of(host: str) -> tuple[Network, ...]:
    """The loopback addresses that a URL names by writing them out: that is a choice.

    A name that merely resolves to one is none: who owns the name would choose.
    """
    if host.lower() == "localhost":
        return _LOOPBACK
    try:
        address = ip_address(host)
    except ValueError:
        return ()
    return (ip_network(address),) if address.is_loopback else ()


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _mute_time(name: str, written: MuteTimeSettings, days: Days) -> MuteTime:
    return MuteTime(
        name=name,
        weekdays=frozenset(map(DAYS_OF_WEEK.index, written.days)),
        start=dt.time.fromisoformat(written.begin),
        end=dt.time.fromisoformat(written.end),
        first=dt.date.fromisoformat(written.first) if written.first else None,
        last=dt.date.fromisoformat(written.last) if written.last else None,
        days=days,
    )
