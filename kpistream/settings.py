"""Settings: from flags, the environment (``KPISTREAM_...``) and a YAML file, in that order.

Only the command line reads them; everything else is handed what it needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError

from kpistream.core.catalogue_layers import SECTIONS, catalogue_part
from kpistream.core.currencies import EXPONENTS
from kpistream.core.days import Days
from kpistream.core.event_types import SHIPPED as SHIPPED_EVENTS
from kpistream.core.located_yaml import (
    ConfigError,
    ConfigErrors,
    Located,
    config_errors,
    did_you_mean,
    load,
)
from kpistream.core.located_yaml import (
    Path as Place,
)
from kpistream.core.slices import DIMENSIONS
from kpistream.core.windows import parse_length, parse_window

PREFIX: Final = "KPISTREAM_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
SHIPPED: Final = Path(__file__).parent

_SECRETS: Final = frozenset({"broker_password", "id_key", "webhooks"})

_JSON: Final = {
    "slices": '[[], ["channel"], ["channel", "campaign"]]',
    "topics": '{"click": "clicks", "order": "orders"}',
    "duplicate_horizons": '{"order": "1d"}',
    "member_limits": '{"campaign": 5000}',
}
"""Settings that a variable gives as JSON alone, each with an example."""

DEFAULT_SLICES: Final[tuple[list[str], ...]] = (
    [],
    ["channel"],
    ["campaign"],
    ["channel", "campaign"],
)
DEFAULT_WINDOWS: Final = (
    "5m",
    "1h",
    "24h",
    "7d",
    "30d",
    "today",
    "this_week",
    "this_month",
    "this_quarter",
)
DEFAULT_TOPICS: Final[Mapping[str, str]] = MappingProxyType(
    {name: event.topic for name, event in SHIPPED_EVENTS.items()}
)
DEFAULT_FILE: Final = Path("kpistream.yml")
"""The file of settings that is read where a command is started, if it is there."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")]


def _checked_length(text: str) -> str:
    parse_length(text)
    return text


Length = Annotated[str, AfterValidator(_checked_length)]
"""A span such as ``60s`` or ``1d``."""


class Webhook(BaseModel):
    """A receiver of alerts; its URL may hold a secret, so it is never printed."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    url: SecretStr


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

    catalogue: Path = SHIPPED / "catalogue.yml"
    """File of measures and KPIs."""
    rules: Annotated[list[Path], NoDecode] = Field(
        default_factory=lambda: [SHIPPED / "alerts" / "marketing.yml"]
    )
    """Files of alert rules; ``[]`` for none; in the environment with commas, or JSON."""
    windows: Annotated[list[str], NoDecode] = Field(default_factory=lambda: list(DEFAULT_WINDOWS))
    """Rolling windows by their length, such as 5m or 30d, and calendar windows: ``today``,
    ``this_week``, ``this_month``, ``this_quarter``; in the environment with commas, or JSON."""
    zone: str = "UTC"
    """The time zone whose days, weeks and months calendar windows follow, such as
    ``Europe/Paris``."""
    slices: list[list[str]] = Field(default_factory=lambda: list(DEFAULT_SLICES))
    """Sets of dimensions; the empty set is the total."""
    member_limit: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """The most members of a dimension with slices of their own; smaller ones share
    ``__other__``."""
    member_limits: dict[str, Annotated[int, Field(ge=1, le=100_000)]] = Field(
        default_factory=dict[str, int]
    )
    """The same for single dimensions."""
    currency: str = "EUR"
    """The currency that money is reported in, as ISO 4217 code."""
    rates: Path | None = None
    """File of dated exchange rates (CSV); money without a rate is set apart, and counted."""
    rates_max_age: Length = "7d"
    """How old a rate may be to be used for a day."""

    max_skew: Length = "60s"
    """How far after its arrival an event may claim to have occurred."""
    silence: Length = "60s"
    """How far a source may lag behind before readings that need it are incomplete."""
    duplicate_horizons: dict[str, Length] = Field(
        default_factory=lambda: {"order": "1d", "cost": "1d", "customer": "1d", "lead": "1d"}
    )
    """Event type to how long a repeated event id is a duplicate; 15m for the others."""
    max_event_bytes: Annotated[int, Field(ge=1024, le=1_048_576)] = 65_536
    """The largest event that is read; a larger one becomes a dead letter."""
    id_key: SecretStr = SecretStr("kpistream")
    """Keys the hashes that stand for event ids and people; a new key forgets who was seen."""

    webhooks: Annotated[list[Webhook], NoDecode] = Field(default_factory=list)
    """Receivers of alerts, named after their URL unless otherwise; in the environment URLs with
    commas, or JSON."""
    external_url: str = ""
    """Where people reach this monitor; goes into alerts."""

    web_host: str = "127.0.0.1"
    """Address that a worker's web server listens on; ``0.0.0.0`` for all of the machine's."""
    web_port: Annotated[int, Field(ge=0, le=65_535)] = 6066
    """Port that a worker's web server listens on; 0 for a free one."""
    flush_interval: Annotated[float, Field(ge=0.05, le=10)] = 0.5
    """Seconds between two flushes of a worker."""
    session_timeout: Annotated[float, Field(ge=6, le=300)] = 30.0
    """Seconds after which Kafka gives a dead worker's partitions to the others."""
    _own: Located | None = PrivateAttr(default=None)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least important lines that a worker logs; DEBUG shows tracebacks."""

    @field_validator("rules", "windows", mode="before")
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
        for name in names:
            parse_window(name)
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

    @field_validator("webhooks")
    @classmethod
    def _http_only(cls, webhooks: list[Webhook]) -> list[Webhook]:
        for webhook in webhooks:
            if not webhook.url.get_secret_value().startswith(("http://", "https://")):
                raise ValueError(f"the url of {webhook.name} must begin with http:// or https://")
        if len({webhook.name for webhook in webhooks}) < len(webhooks):
            raise ValueError("two webhooks have the same name")
        return webhooks

    @property
    def own(self) -> Located | None:
        """What the file of settings adds to the catalogue; None if it adds nothing."""
        return self._own

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
        return init_settings, env_settings, _FileSource(settings_cls)


class _FileSource(InitSettingsSource):
    """The YAML file as a source; which one is set for the time of one load."""

    data: Mapping[str, Any] = {}

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, dict(type(self).data))


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """The settings; raises :class:`ConfigErrors` that name the file, line and key, or variable.

    Args:
        config: the YAML file; unless given, the one that ``KPISTREAM_CONFIG`` names, or else
            ``kpistream.yml`` if there is one. It may hold sections of the catalogue, too.
        flags: settings from the command line; None stands for one that was not given.
    """
    whole = _read(config or _from_environment())
    own = catalogue_part(whole)
    located = _without_catalogue(whole)
    _refuse_unknown_variables()
    given = {name: value for name, value in flags.items() if value is not None}
    _FileSource.data = located.data or {}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise _explain(error, located, given) from None
    except SettingsError as error:
        raise _unreadable_variable(error) from None
    finally:
        _FileSource.data = {}
    settings._own = own if own.data else None
    _add_own_topics(settings, own)
    if mistakes := [*_unknown_names(settings, own, located, given)]:
        raise ConfigErrors(mistakes)
    return settings


def _without_catalogue(located: Located) -> Located:
    data = {key: v for key, v in (located.data or {}).items() if key not in SECTIONS}
    return Located(located.filename, data, located.lines)


def _own_names(own: Located, section: str) -> dict[str, Any]:
    """What a section of the user's declares, before anybody knows whether it is right."""
    declared = own.data.get(section)
    if isinstance(declared, list):
        return dict.fromkeys(filter(lambda name: isinstance(name, str), declared))
    return declared if isinstance(declared, dict) else {}


def _add_own_topics(settings: Settings, own: Located) -> None:
    """Read a user's own event types from the topics that their declarations name."""
    for name, shape in _own_names(own, "events").items():
        if name not in DEFAULT_TOPICS and isinstance(shape, dict):
            topic = shape.get("topic")
            settings.topics.setdefault(name, topic if isinstance(topic, str) else f"{name}s")


def _unknown_names(
    settings: Settings, own: Located, located: Located, given: Mapping[str, Any]
) -> Iterator[ConfigError]:
    """Event types and dimensions that do not exist, and topics that two event types share."""
    events = [*DEFAULT_TOPICS, *_own_names(own, "events")]
    dimensions = [*DIMENSIONS, *_own_names(own, "dimensions")]
    wrong: list[tuple[Place, str, list[str]]] = [
        ((key, name), f"unknown event type {name!r}{did_you_mean(name, events)}", events)
        for key in ("topics", "duplicate_horizons")
        for name in getattr(settings, key)
        if name not in events
    ]
    named: list[tuple[Place, str]] = [
        (("slices", n, m), dimension)
        for n, dimensions_ in enumerate(settings.slices)
        for m, dimension in enumerate(dimensions_)
    ]
    named += [(("member_limits", name), name) for name in settings.member_limits]
    wrong += [
        (path, f"unknown dimension {name!r}{did_you_mean(name, dimensions)}", dimensions)
        for path, name in named
        if name not in dimensions
    ]
    topics = list(settings.topics.values())
    if len(set(topics)) < len(topics):
        wrong.append((("topics",), "two event types cannot share a topic", []))
    variables = EnvSettingsSource(Settings)()
    for path, problem, allowed in wrong:
        yield _placed(located.error(path, problem, allowed or None), variables, given)


def _from_environment() -> Path | None:
    path = os.environ.get(CONFIG_VARIABLE)
    if path:
        return Path(path)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _read(config: Path | None) -> Located:
    if config is None:
        return Located("settings", {})
    try:
        located = load(config.read_text(encoding="utf-8"), str(config))
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise ConfigErrors([ConfigError(str(config), 1, "", problem)]) from None
    except UnicodeDecodeError:
        raise ConfigErrors([ConfigError(str(config), 1, "", "is not UTF-8 text")]) from None
    if located.data is not None and not isinstance(located.data, dict):
        raise ConfigErrors([located.error((), "must be a mapping of settings")])
    return located


def _refuse_unknown_variables() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG_VARIABLE}
    unknown = [
        name for name in os.environ if name.startswith(PREFIX) and name.split("__")[0] not in known
    ]
    if unknown:
        raise ConfigErrors(
            ConfigError("environment", 0, name, "unknown variable", sorted(known))
            for name in unknown
        )


def _explain(error: ValidationError, located: Located, given: Mapping[str, Any]) -> ConfigErrors:
    """Each mistake where it was made: a flag, a variable or a line of the file."""
    variables = EnvSettingsSource(Settings)()
    everything = {**(located.data or {}), **variables, **given}
    read = Located(located.filename, everything, located.lines)
    return ConfigErrors(
        _placed(_told(mistake), variables, given)
        for mistake in config_errors(error, read, Settings)
    )


def _placed(
    mistake: ConfigError, variables: Mapping[str, Any], given: Mapping[str, Any]
) -> ConfigError:
    """A mistake as one of the flag or the variable that the setting was taken from, if any."""
    name = _top(mistake.key)
    inside = mistake.key.removeprefix(name)
    if name in given:
        flag = f"--{name.replace('_', '-')}{inside}"
        return replace(mistake, filename="flag", line=0, key=flag)
    if name in variables:
        return replace(mistake, filename="environment", line=0, key=PREFIX + name.upper() + inside)
    return mistake


def _told(error: ConfigError) -> ConfigError:
    """A mistake without the value if that may be a secret."""
    if _top(error.key) not in _SECRETS:
        return error
    return replace(error, problem=error.problem.partition(", not ")[0])


def _unreadable_variable(error: SettingsError) -> ConfigErrors:
    """A variable for a list or a mapping whose text cannot be read."""
    named = re.search(r'field "(\w+)"', str(error))
    name = named[1] if named else ""
    example = f", such as {_JSON[name]}" if name in _JSON else ""
    return ConfigErrors(
        [ConfigError("environment", 0, PREFIX + name.upper(), f"must be JSON{example}")]
    )


def _top(key: str) -> str:
    """The setting that a dotted key such as ``slices[0]`` belongs to."""
    return key.partition(".")[0].partition("[")[0]


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
