"""The settings: what can be set, within which bounds, and what holds unless it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from kpistream.core.located_yaml import ConfigError, Located
from kpistream.core.located_yaml import Path as Place
from kpistream.core.money.currencies import EXPONENTS
from kpistream.core.windows.days import Days
from kpistream.core.windows.windows import parse_length, parse_window
from kpistream.settings.defaults import (
    DEFAULT_HORIZONS,
    DEFAULT_SLICES,
    DEFAULT_TOPICS,
    DEFAULT_WINDOWS,
    PREFIX,
    SHIPPED,
    SHIPPED_RULES,
)
from kpistream.settings.origin import Origin
from kpistream.settings.receivers import (
    HTTP,
    MuteTimeSettings,
    ReceiverName,
    ReceiverSettings,
    SpecialDaySettings,
    Webhook,
)

DAY_S: Final = 86_400

Hashed = TypeVar("Hashed", bound=Hashable)

SHORTEST_TOKEN: Final = 16
_MAKE_ONE: Final = "make one with: openssl rand -hex 16"
_TOKEN: Final = re.compile(r"[!-~]+")
_HOST: Final = r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_ORIGIN: Final = re.compile(rf"https?://(?:\*\.)?{_HOST}")
_URL: Final = re.compile(rf"https?://{_HOST}(?:/[!-~]*)?")

Name = ReceiverName


def _checked_length(text: str) -> str:
    parse_length(text)
    return text


def _checked_days(text: str) -> str:
    if parse_length(text) % DAY_S:
        raise ValueError(f"{text!r} is no number of whole days such as 7d")
    return text


def _checked_window(name: str) -> str:
    if "@" in name:
        raise ValueError(f"{name!r} is for rules: they say how old data must be by `settle`")
    parse_window(name)
    return name


Length = Annotated[str, AfterValidator(_checked_length)]
"""A span such as ``60s`` or ``1d``."""

WholeDays = Annotated[str, AfterValidator(_checked_days)]
"""A span such as ``7d``."""

WindowName = Annotated[str, AfterValidator(_checked_window)]
"""A window such as ``5m`` or ``this_month``."""

MemberLimit = Annotated[int, Field(ge=1, le=100_000)]


class Settings(BaseSettings):
    """Everything that can be set, with what holds unless it is.

    What stands below a setting is its description, in docs/settings.md too.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    broker: str = "127.0.0.1:9092"
    """Bootstrap servers, ``host:port``, separated by commas."""
    broker_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to connect: SSL encrypts, SASL says who connects."""
    broker_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """How SASL proves who connects."""
    broker_username: str | None = None
    """Who connects, with SASL."""
    broker_password: SecretStr | None = None
    """Proves it, with SASL; never shown."""
    broker_ca_file: Path | None = None
    """Certificates (PEM) to trust instead of the system's, with SSL."""
    app_id: Name = "kpistream"
    """Names the consumer group and prefixes the topics that kpistream makes for itself."""
    topics: dict[str, Name] = Field(default_factory=lambda: dict(DEFAULT_TOPICS))
    """Event type to topic; a type that is left out is not read, one of your own always is."""
    partitions: Annotated[int, Field(ge=1, le=1024)] = 4
    """Of each topic that kpistream creates."""
    replication_factor: Annotated[int, Field(ge=1, le=9)] = 1
    """Of each topic that kpistream creates; 3 is usual where there are three brokers."""
    alerts_kept: WholeDays = "200d"
    """How far the log of alerts reaches back, for reports; 200d is a quarter and the one in which
    it is read. A topic that exists stays as it is, and ``kpistream check`` says what differs."""

    catalogue: Path = SHIPPED / "catalogue.yml"
    """File of measures and KPIs; your own go into the file of settings, and need no other."""
    rules: Annotated[list[Path], NoDecode] = Field(
        default_factory=lambda: [SHIPPED / "alerts" / f"{name}.yml" for name in SHIPPED_RULES]
    )
    """Files of alert rules; ``[]`` for none; in the environment with commas, or JSON."""
    windows: Annotated[list[WindowName], NoDecode] = Field(
        default_factory=lambda: list(DEFAULT_WINDOWS)
    )
    """Rolling windows by their length, such as 5m or 30d, and calendar windows: ``today``,
    ``this_week``, ``this_month``, ``this_quarter``; in the environment with commas, or JSON."""
    zone: str = "UTC"
    """The time zone whose days, weeks and months calendar windows follow, such as
    ``Europe/Paris``."""
    slices: list[list[str]] = Field(default_factory=lambda: list(map(list, DEFAULT_SLICES)))
    """Sets of dimensions; the empty set is the total."""
    member_limit: MemberLimit = 1000
    """The most members of a dimension with slices of their own, taken as they come; the rest shares
    ``__other__``, and one more than twice as large as the smallest takes its place."""
    member_limits: dict[str, MemberLimit] = Field(default_factory=dict[str, int])
    """The same for single dimensions."""
    currency: str = "EUR"
    """The currency that money is reported in, as ISO 4217 code."""
    rates: Path | None = None
    """File of dated exchange rates (CSV); money without a rate is set apart, and counted."""
    rates_max_age: WholeDays = "7d"
    """How old a rate may be to be used for a day."""

    max_skew: Length = "60s"
    """How far after its arrival an event may claim to have occurred."""
    silence: Length = "60s"
    """How far a source may lag behind before readings that need it are incomplete."""
    duplicate_horizons: dict[str, Length] = Field(default_factory=lambda: dict(DEFAULT_HORIZONS))
    """Event type to how long a repeated event id is a duplicate; 15m for the others."""
    max_event_bytes: Annotated[int, Field(ge=1024, le=1_048_576)] = 65_536
    """The largest event that is read; a larger one becomes a dead letter."""
    id_key: SecretStr = SecretStr("kpistream")
    """Keys the hashes that stand for event ids and people; a new key forgets who was seen. Under
    the package's own, which is public, hashes of ids that can be guessed could be recomputed."""

    webhooks: Annotated[list[Webhook], NoDecode] = Field(default_factory=list)
    """Short for receivers of kind webhook that are told of every alert, named after their URL
    unless otherwise; in the environment URLs with commas, or JSON."""
    receivers: list[ReceiverSettings] = Field(default_factory=list[ReceiverSettings])
    """Who is told of which alerts, how and when: [notifications](notifications.md)."""
    mute_times: dict[str, MuteTimeSettings] = Field(default_factory=dict[str, MuteTimeSettings])
    """Spans of local time that receivers can name in ``mute``."""
    holidays: str | None = None
    """The country whose public holidays are left out of what is usual, as ISO 3166 code, with a
    part of it if need be: ``FR``, ``DE-BY``."""
    special_days: list[SpecialDaySettings] = Field(default_factory=list[SpecialDaySettings])
    """Other days that are left out of what is usual."""
    external_url: str = ""
    """Where people reach this monitor; goes into alerts."""
    dashboard_url: str = ""
    """Where people see the course of a KPI; ``{kpi}``, ``{window}``, ``{slice}``, ``{board}``,
    ``{from}`` and ``{to}`` stand for those of an alert."""

    web_host: str = "127.0.0.1"
    """Address that a worker's web server listens on; ``0.0.0.0`` for all of the machine's."""
    web_port: Annotated[int, Field(ge=0, le=65_535)] = 6066
    """Port that a worker's web server listens on; 0 for a free one."""
    web_url: str = ""
    """Where other workers reach this one, unless ``http://<web_host>:<web_port>``, with the name of
    the machine for an address that stands for all of its own."""
    read_tokens: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list[SecretStr])
    """What who reads must know, at least 16 characters each; several while one replaces another.
    Without them, that is possible on the worker's machine alone, and ``web_host`` must be loopback.
    In the environment with commas, or JSON."""
    write_tokens: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list[SecretStr])
    """What who silences and acknowledges alerts must know, likewise; they let read, too. Without
    them, that is possible on the worker's machine alone."""
    frame_ancestors: Annotated[list[str], NoDecode] = Field(default_factory=list[str])
    """Origins whose pages may show the live page in a frame, such as
    ``https://intranet.example.org``; in the environment with commas, or JSON."""
    flush_interval: Annotated[float, Field(ge=0.05, le=10)] = 0.5
    """Seconds between two flushes of a worker."""
    session_timeout: Annotated[float, Field(ge=6, le=300)] = 30.0
    """Seconds after which Kafka gives a dead worker's partitions to the others."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least important lines that a worker logs; DEBUG shows tracebacks."""

    _own: Located | None = PrivateAttr(default=None)
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @field_validator(
        "rules", "windows", "read_tokens", "write_tokens", "frame_ancestors", mode="before"
    )
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if not value.strip():
            raise ValueError("is empty; an empty list is []")
        return _split_list(value)

    @field_validator("windows")
    @classmethod
    def _known_windows(cls, names: list[str]) -> list[str]:
        if not names:
            raise ValueError("name at least one window, such as 5m")
        if twice := _repeated(names):
            raise ValueError(f"{twice!r} is written twice")
        return names

    @field_validator("topics")
    @classmethod
    def _some_topics(cls, topics: dict[str, str]) -> dict[str, str]:
        if not topics:
            raise ValueError("name the topic of at least one event type")
        return topics

    @field_validator("slices")
    @classmethod
    def _some_slices(cls, sets: list[list[str]]) -> list[list[str]]:
        if not sets:
            raise ValueError("name at least one set of dimensions; [] is the total")
        for names in sets:
            if twice := _repeated(names):
                raise ValueError(f"{twice!r} is twice in the set {', '.join(names)}")
        if _repeated(map(frozenset, sets)) is not None:
            raise ValueError("a set of dimensions is written twice")
        return sets

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        Days(zone)
        return zone

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        if code not in EXPONENTS:
            raise ValueError(f"{code!r} is not an active ISO 4217 code such as EUR")
        return code

    @field_validator("webhooks", mode="before")
    @classmethod
    def _webhook_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = _split_list(value)
        if not isinstance(value, list):
            return value
        return [
            {"name": _webhook_name(item), "url": item} if isinstance(item, str) else item
            for item in value
        ]

    @field_validator("read_tokens", "write_tokens")
    @classmethod
    def _good_tokens(cls, tokens: list[SecretStr]) -> list[SecretStr]:
        for token in tokens:
            text = token.get_secret_value()
            if len(text) < SHORTEST_TOKEN:
                raise ValueError(f"one has fewer than {SHORTEST_TOKEN} characters; {_MAKE_ONE}")
            if _TOKEN.fullmatch(text) is None:
                raise ValueError(f"one has a character that no header may have; {_MAKE_ONE}")
        return tokens

    @field_validator("frame_ancestors")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if _ORIGIN.fullmatch(origin) is None:
                raise ValueError(f"{origin!r} is no origin such as https://intranet.example.org")
        return origins

    @field_validator("web_url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        if url and _URL.fullmatch(url) is None:
            raise ValueError(f"{url!r} is no URL such as http://worker-1:6066")
        return url.rstrip("/")

    @field_validator("webhooks")
    @classmethod
    def _http_only(cls, webhooks: list[Webhook]) -> list[Webhook]:
        for webhook in webhooks:
            if not webhook.url.get_secret_value().startswith(HTTP):
                raise ValueError(f"the url of {webhook.name} must begin with http:// or https://")
        if len({webhook.name for webhook in webhooks}) < len(webhooks):
            raise ValueError("two webhooks have the same name")
        return webhooks

    @field_validator("id_key")
    @classmethod
    def _some_key(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value().strip():
            raise ValueError("must not be empty: anybody could trace who was seen")
        return key

    @property
    def own(self) -> Located | None:
        """What the file of settings adds to the catalogue; None if it adds nothing."""
        return self._own

    def error(self, path: Place, problem: str, allowed: Iterable[str] | None = None) -> ConfigError:
        """A mistake in the setting at `path`, where it was set."""
        return self._origin.error(path, problem, allowed)

    def loaded(self, origin: Origin, own: Located) -> None:
        """Take note of where the settings come from, and of what belongs to the catalogue."""
        self._origin = origin
        self._own = own if own.data else None

    @property
    def id_key_number(self) -> int:
        """The 64-bit key of the id hashes."""
        return int.from_bytes(hashlib.blake2b(self.id_key_bytes, digest_size=8).digest(), "big")

    @property
    def id_key_bytes(self) -> bytes:
        """The key of the hashes that stand for people."""
        return self.id_key.get_secret_value().encode()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags first, then the environment, then the file that :func:`load_settings` read."""
        return init_settings, env_settings, FileSource(settings_cls)


class FileSource(InitSettingsSource):
    """The YAML file as a source; which one is set for the time of one load."""

    data: Mapping[str, Any] = {}

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, dict(type(self).data))


class _Alone(Settings):
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_of(**given: Any) -> Settings:
    """These settings, and for all others what holds unless set: no file, no variable is read."""
    return _Alone(**given)


def _repeated(items: Iterable[Hashed]) -> Hashed | None:
    """The first item that was there before; None if there is none."""
    seen: set[Hashed] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None


def _split_list(text: str) -> Any:
    """The list that a flag or a variable spells with commas or as JSON."""
    text = text.strip()
    if text.startswith("["):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise ValueError("is neither JSON nor a list with commas") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _webhook_name(url: str) -> str:
    return f"webhook-{hashlib.blake2b(url.encode(), digest_size=3).hexdigest()}"
