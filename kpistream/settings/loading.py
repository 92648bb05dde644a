"""Loading the settings from all that can set them, and telling what is wrong where."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings.exceptions import SettingsError

from kpistream.core.catalogue.layers import SECTIONS
from kpistream.core.located_yaml import ConfigError, ConfigErrors, config_errors, did_you_mean
from kpistream.settings.defaults import CONFIG_VARIABLE, PREFIX, TOKEN_VARIABLE
from kpistream.settings.file import SettingsFile
from kpistream.settings.model import FileSource, Settings
from kpistream.settings.names import add_own_topics, mistaken_names
from kpistream.settings.origin import Origin

_JSON: Final = {
    "slices": '[[], ["channel"], ["channel", "campaign"]]',
    "topics": '{"click": "clicks", "order": "orders"}',
    "duplicate_horizons": '{"order": "1d"}',
    "member_limits": '{"campaign": 5000}',
    "receivers": '[{"name": "shop", "kind": "slack", "url": "https://hooks.example.org/1"}]',
    "mute_times": '{"nights": {"from": "22:00", "to": "07:00"}}',
    "special_days": '[{"name": "sale", "from": "2026-11-27", "to": "2026-11-30"}]',
}
"""Settings that a variable gives as JSON alone, each with an example."""

_REPLACED: Final = {"api_token": "write_tokens (and read_tokens, for who only reads)"}
"""Settings that are no more, and what is in their place."""


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """The settings; raises :class:`ConfigErrors` that name the file, line and key, or variable.

    Args:
        config: the YAML file; unless given, the one that ``KPISTREAM_CONFIG`` names, or else
            ``kpistream.yml`` if there is one. It may hold sections of the catalogue, too. Files
            that it names are found from the folder that it is in.
        flags: settings from the command line; None stands for one that was not given.
    """
    file = SettingsFile.read(config)
    _refuse_unknown_variables()
    given = {name: value for name, value in flags.items() if value is not None}
    settings, origin = _merged(file, given)
    settings.loaded(origin, file.own)
    _find_files(settings, origin)
    add_own_topics(settings, file.own)
    if mistakes := [*mistaken_names(settings, file.own)]:
        raise ConfigErrors(mistakes)
    return settings


def _merged(file: SettingsFile, given: dict[str, Any]) -> tuple[Settings, Origin]:
    FileSource.data = file.settings.data
    try:
        settings = Settings(**given)
        return settings, Origin.of(Settings, given, file.settings)
    except ValidationError as error:
        origin = Origin.of(Settings, given, file.settings)
        mistakes = config_errors(error, origin.everything, Settings)
        raise ConfigErrors(map(_or_a_section, map(origin.placed, mistakes))) from None
    except SettingsError as error:
        raise _unreadable_variable(error) from None
    finally:
        FileSource.data = {}


def _or_a_section(error: ConfigError) -> ConfigError:
    """The same mistake; a key that is no setting can also be a section of the catalogue."""
    if error.key in _REPLACED:
        problem = f"is no setting any more; use {_REPLACED[error.key]}"
        return replace(error, problem=problem, allowed=())
    if error.problem != "unknown key" or "." in error.key:
        return error
    return replace(error, problem=error.problem + did_you_mean(error.key, SECTIONS))


def _find_files(settings: Settings, origin: Origin) -> None:
    """Find the files that the file of settings names, from where that is."""
    for name in ("catalogue", "rates", "broker_ca_file"):
        path = getattr(settings, name)
        if path is not None and origin.is_file(name):
            setattr(settings, name, origin.folder / path)
    if origin.is_file("rules"):
        settings.rules = [origin.folder / path for path in settings.rules]


def _refuse_unknown_variables() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {CONFIG_VARIABLE, TOKEN_VARIABLE}
    unknown = [
        name for name in os.environ if name.startswith(PREFIX) and name.split("__")[0] not in known
    ]
    if unknown:
        raise ConfigErrors(
            ConfigError("environment", 0, name, "unknown variable", sorted(known))
            for name in unknown
        )


def _unreadable_variable(error: SettingsError) -> ConfigErrors:
    """A variable for a list or a mapping whose text cannot be read."""
    named = re.search(r'field "(\w+)"', str(error))
    name = named[1] if named else ""
    example = f", such as {_JSON[name]}" if name in _JSON else ""
    return ConfigErrors(
        [ConfigError("environment", 0, PREFIX + name.upper(), f"must be JSON{example}")]
    )
