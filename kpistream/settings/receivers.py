"""The settings about who is told of alerts, and when not."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_network
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.telling.matchers import parse_matcher
from kpistream.core.windows.windows import parse_length

NEVER: Final = "never"
DAYS_OF_WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of :meth:`datetime.date.weekday`."""

HTTP: Final = ("http://", "https://")

ReceiverName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")]

Kind = Literal["webhook", "alertmanager", "slack", "teams", "discord", "pagerduty", "apprise"]
"""The shape in which a receiver is told."""


def _seconds(value: Any) -> Any:
    """The seconds of a length such as ``5m``; numbers are seconds already."""
    return float(parse_length(value)) if isinstance(value, str) else value


def _or_never(value: Any) -> Any:
    return None if value == NEVER else _seconds(value)


def _checked_matcher(text: str) -> str:
    parse_matcher(text)
    return text


def _checked_network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is no network such as 10.1.0.0/16 or 10.1.2.3/32") from None
    return text


def _checked_clock(text: str) -> str:
    try:
        if len(text) != len("00:00"):
            raise ValueError
        dt.time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time of the day such as 22:00") from None
    return text


def _checked_date(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date such as 2026-11-27") from None
    return text


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=2_678_400)]
"""A number of seconds, or a length such as ``5m``."""

SecondsOrNever = Annotated[
    Annotated[float, Field(gt=0, le=31_622_400)] | None, BeforeValidator(_or_never)
]
"""The same, or ``never``."""

MatcherText = Annotated[str, AfterValidator(_checked_matcher)]
NetworkText = Annotated[str, AfterValidator(_checked_network)]
ClockText = Annotated[str, AfterValidator(_checked_clock)]
DateText = Annotated[str, AfterValidator(_checked_date)]


class Webhook(BaseModel):
    """A receiver of alerts; its URL may hold a secret, so it is never printed."""

    model_config = ConfigDict(extra="forbid")

    name: ReceiverName
    url: SecretStr


class ReceiverSettings(BaseModel):
    """Somebody who is told of alerts: how they are reached, of which, how often."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: ReceiverName
    kind: Kind = "webhook"
    url: SecretStr | None = None
    secrets: list[SecretStr] = []
    routing_key: SecretStr | None = None
    headers: dict[str, SecretStr] = {}
    allow: list[NetworkText] = []
    match: list[MatcherText] = []
    severities: Annotated[list[Severity], Field(min_length=1)] | None = None
    owners: Annotated[list[str], Field(min_length=1)] | None = None
    group_by: list[str] = ["alertname"]
    group_wait: Seconds = 0.5
    group_interval: Seconds = 10.0
    repeat_interval: SecondsOrNever = 14_400.0
    send_resolved: bool = True
    mute: list[str] = []

    @model_validator(mode="after")
    def _fits_its_kind(self) -> ReceiverSettings:
        if self.url is None and self.kind != "pagerduty":
            raise ValueError(f"a receiver of kind {self.kind} needs a `url`")
        if self.routing_key is None and self.kind == "pagerduty":
            raise ValueError("a receiver of kind pagerduty needs a `routing_key`")
        if self.routing_key is not None and self.kind != "pagerduty":
            raise ValueError("only a receiver of kind pagerduty has a `routing_key`")
        if self.secrets and self.kind != "webhook":
            raise ValueError("only a receiver of kind webhook is signed with `secrets`")
        if (self.headers or self.allow) and self.kind == "apprise":
            raise ValueError("a receiver of kind apprise has neither `headers` nor `allow`")
        return self


class MuteTimeSettings(BaseModel):
    """A span of local time in which receivers that name it are not told of what fires."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[
        list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(min_length=1)
    ] = list(DAYS_OF_WEEK)
    begin: ClockText = Field("00:00", alias="from")
    end: ClockText = Field("00:00", alias="to")
    first: DateText | None = None
    last: DateText | None = None

    @model_validator(mode="after")
    def _in_order(self) -> MuteTimeSettings:
        if self.first and self.last and self.last < self.first:
            raise ValueError(f"`last` {self.last} is before `first` {self.first}")
        return self


class SpecialDaySettings(BaseModel):
    """Days that say nothing about others: a sale, a launch. Both ends are included."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    begin: DateText = Field(alias="from")
    end: DateText = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> SpecialDaySettings:
        if self.end < self.begin:
            raise ValueError(f"`to` {self.end} is before `from` {self.begin}")
        return self
