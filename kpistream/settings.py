"""Settings: from flags, the environment (``KPISTREAM_...``) and a YAML file, in that order.

Only the command line reads them; everything else is handed what it needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError

from kpistream.core.currencies import EXPONENTS
from kpistream.core.events import DEFAULT_TOPICS
from kpistream.core.located_yaml import ConfigError, ConfigErrors, Located, config_errors, load
from kpistream.core.slices import Slicing
from kpistream.core.windows import parse_length, parse_window

PREFIX: Final = "KPISTREAM_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
SHIPPED: Final = Path(__file__).parent

_SECRETS: Final = frozenset({"broker_password", "id_key", "webhooks"})

Dimension = Literal["channel", "campaign", "segment", "device", "country", "site"]
DEFAULT_SLICES: Final[tuple[list[Dimension], ...]] = (
    [],
    ["channel"],
    ["campaign"],
    ["channel", "campaign"],
)
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")]


class Webhook(BaseModel):
    """A receiver of alerts; its URL may hold a secret, so it is never printed."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    url: SecretStr


class Settings(BaseSettings):
    """Everything that can be set, with what holds unless it is."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    broker: str = "127.0.0.1:9092"
    """Bootstrap servers, ``host:port``, separated by commas."""
    broker_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    broker_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    broker_username: str | None = None
    broker_password: SecretStr | None = None
    broker_ca_file: Path | None = None
    app_id: Name = "kpistream"
    """Names the consumer group and prefixes the topics that kpistream makes for itself."""
    topics: dict[str, Name] = Field(default_factory=lambda: dict(DEFAULT_TOPICS))
    """Event type to topic; a type that is left out is not read."""
    partitions: Annotated[int, Field(ge=1, le=1024)] = 4
    """Of each topic that kpistream creates."""
    replication_factor: Annotated[int, Field(ge=1, le=9)] = 1

    catalogue: Path = SHIPPED / "catalogue.yml"
    rules: list[Path] = Field(default_factory=lambda: [SHIPPED / "alerts" / "marketing.yml"])
    """Files of alert rules."""
    windows: list[str] = Field(default_factory=lambda: ["5m", "1h", "24h"])
    slices: list[list[Dimension]] = Field(default_factory=lambda: list(DEFAULT_SLICES))
    """Sets of dimensions; the empty set is the total."""
    currency: str = "EUR"
    """The currency that money is reported in."""

    max_skew: str = "60s"
    """How far after its arrival an event may claim to have occurred."""
    silence: str = "60s"
    """How far a source may lag behind before readings that need it are incomplete."""
    duplicate_horizons: dict[str, str] = Field(
        default_factory=lambda: {"order": "1d", "cost": "1d"}
    )
    """Event type to how long a repeated event id is a duplicate; 15m for the others."""
    max_event_bytes: Annotated[int, Field(ge=1024, le=1_048_576)] = 65_536
    id_key: SecretStr = SecretStr("kpistream")
    """Keys the hashes that stand for event ids; a new key forgets which were seen."""

    webhooks: Annotated[list[Webhook], NoDecode] = Field(default_factory=list)
    """Receivers of alerts; in the environment URLs separated by commas, or JSON."""
    external_url: str = ""
    """Where people reach this monitor; goes into alerts."""

    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65_535)] = 6066
    flush_interval: Annotated[float, Field(ge=0.05, le=10)] = 0.5
    """Seconds between two flushes of a worker."""
    session_timeout: Annotated[float, Field(ge=6, le=300)] = 30.0
    """Seconds after which Kafka gives a dead worker's partitions to the others."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("windows")
    @classmethod
    def _known_windows(cls, names: list[str]) -> list[str]:
        if not names:
            raise ValueError("name at least one window, such as 5m")
        for name in names:
            parse_window(name)
        return names

    @field_validator("max_skew", "silence")
    @classmethod
    def _length(cls, text: str) -> str:
        parse_length(text)
        return text

    @field_validator("duplicate_horizons")
    @classmethod
    def _lengths(cls, horizons: dict[str, str]) -> dict[str, str]:
        _check_events(horizons)
        for text in horizons.values():
            parse_length(text)
        return horizons

    @field_validator("topics")
    @classmethod
    def _known_events(cls, topics: dict[str, str]) -> dict[str, str]:
        _check_events(topics)
        if not topics:
            raise ValueError("name the topic of at least one event type")
        if len(set(topics.values())) < len(topics):
            raise ValueError("two event types cannot share a topic")
        return topics

    @field_validator("slices")
    @classmethod
    def _some_slices(cls, sets: list[list[Dimension]]) -> list[list[Dimension]]:
        if not sets:
            raise ValueError("name at least one set of dimensions; [] is the total")
        Slicing(sets)
        return sets

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
            value = _split_webhooks(value)
        if not isinstance(value, list):
            return value
        return [
            {"name": f"webhook-{n}", "url": item} if isinstance(item, str) else item
            for n, item in enumerate(value, start=1)
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
    def id_key_number(self) -> int:
        """The 64-bit key of the id hashes."""
        key = self.id_key.get_secret_value().encode()
        return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")

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
        config: the YAML file; unless given, the one that ``KPISTREAM_CONFIG`` names, if any.
        flags: settings from the command line; None stands for one that was not given.
    """
    located = _read(config or _from_environment())
    _refuse_unknown_variables()
    given = {name: value for name, value in flags.items() if value is not None}
    _FileSource.data = located.data or {}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise _explain(error, located, given) from None
    except SettingsError as error:
        raise _unreadable_variable(error) from None
    finally:
        _FileSource.data = {}


def _from_environment() -> Path | None:
    path = os.environ.get(CONFIG_VARIABLE)
    return Path(path) if path else None


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
    file_data = located.data or {}
    in_file, elsewhere = [], []
    for detail in error.errors(include_url=False, include_input=False):
        name = str(detail["loc"][0])
        variable = PREFIX + name.upper()
        message = detail["msg"].removeprefix("Value error, ")
        if name in given:
            elsewhere.append(ConfigError("flag", 0, f"--{name.replace('_', '-')}", message))
        elif any(set_name.split("__")[0] == variable for set_name in os.environ):
            elsewhere.append(ConfigError("environment", 0, variable, message))
        elif name in file_data:
            in_file.append(detail)
        else:
            elsewhere.append(ConfigError("settings", 0, name, message))
    if not in_file:
        return ConfigErrors(elsewhere)
    translated = config_errors(error, located, Settings)
    return ConfigErrors(elsewhere + [_told(e) for e in translated if _top(e.key) in file_data])


def _told(error: ConfigError) -> ConfigError:
    """A mistake in the file, without the value if that may be a secret."""
    if _top(error.key) not in _SECRETS:
        return error
    return replace(error, problem=error.problem.partition(", not ")[0])


def _unreadable_variable(error: SettingsError) -> ConfigErrors:
    """A variable for a list or a mapping whose text cannot be read."""
    named = re.search(r'field "(\w+)"', str(error))
    variable = PREFIX + (named[1].upper() if named else "")
    problem = 'must be JSON, such as ["5m", "1h"] for a list'
    return ConfigErrors([ConfigError("environment", 0, variable, problem)])


def _top(key: str) -> str:
    """The setting that a dotted key such as ``slices[0]`` belongs to."""
    return key.partition(".")[0].partition("[")[0]


def _split_webhooks(text: str) -> Any:
    text = text.strip()
    if text.startswith("["):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise ValueError("is neither JSON nor URLs separated by commas") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _check_events(named: Mapping[str, Any]) -> None:
    unknown = [name for name in named if name not in DEFAULT_TOPICS]
    if unknown:
        raise ValueError(f"unknown event type {unknown[0]!r}; allowed: {', '.join(DEFAULT_TOPICS)}")
