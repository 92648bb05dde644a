"""Where settings were set, so that a mistake names the flag, the variable or the line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any, Final, Self

from pydantic_settings import BaseSettings, EnvSettingsSource

from kpistream.core.located_yaml import ConfigError, Located, Path
from kpistream.settings.defaults import PREFIX

SECRETS: Final = frozenset(
    {"broker_password", "id_key", "read_tokens", "receivers", "webhooks", "write_tokens"}
)
"""The settings whose values no message may repeat."""

_KEY: Final = re.compile(r"([^.\[]*)(?:\.([^.\[]+))?")


@dataclass(frozen=True, slots=True)
class Origin:
    """What flags, variables and the file set; the first that has a setting has set it."""

    flags: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    file: Located = field(default_factory=lambda: Located("settings", {}))

    @classmethod
    def of(cls, model: type[BaseSettings], flags: Mapping[str, Any], file: Located) -> Self:
        """The origin of settings that these flags, this file and the environment set."""
        return cls(flags, EnvSettingsSource(model)(), file)

    @property
    def everything(self) -> Located:
        """All that is set, with the lines of what the file sets."""
        data = dict(self.file.data)
        for source in (self.variables, self.flags):
            data |= {name: _over(data.get(name), value) for name, value in source.items()}
        return Located(self.file.filename, data, self.file.lines)

    @property
    def folder(self) -> FilePath:
        """Where the file is."""
        return FilePath(self.file.filename).parent

    def is_file(self, name: str) -> bool:
        """Whether the file has set this setting."""
        return self._source(name, None) == "file"

    def error(self, path: Path, problem: str, allowed: Iterable[str] | None = None) -> ConfigError:
        """A mistake in the setting at `path`."""
        return self.placed(self.file.error(path, problem, allowed))

    def placed(self, mistake: ConfigError) -> ConfigError:
        """The same mistake where the setting was set, without the value of a secret."""
        name, entry = _parts(mistake.key)
        inside = mistake.key.removeprefix(name)
        problem = mistake.problem.partition(", not ")[0] if name in SECRETS else mistake.problem
        mistake = replace(mistake, problem=problem)
        match self._source(name, entry):
            case "flag":
                return replace(mistake, filename="flag", line=0, key=f"--{_dashed(name)}{inside}")
            case "variable":
                key = PREFIX + name.upper() + inside
                return replace(mistake, filename="environment", line=0, key=key)
            case "file":
                return mistake
        return replace(mistake, filename="settings", line=0)

    def _source(self, name: str, entry: str | None) -> str | None:
        """Who has set an entry of a setting: the entries of mappings may come from several."""
        sources = {"flag": self.flags, "variable": self.variables, "file": self.file.data}
        setting = [source for source, values in sources.items() if name in values]
        for source in setting:
            value = sources[source][name]
            if entry is None or not isinstance(value, dict) or entry in value:
                return source
        return setting[0] if setting else None


def _parts(key: str) -> tuple[str, str | None]:
    """The setting that a dotted key belongs to, and the entry of it if it is a mapping."""
    match = _KEY.match(key)
    return (match[1], match[2]) if match else (key, None)


def _over(below: Any, above: Any) -> Any:
    """A value over another; mappings are put together."""
    return {**below, **above} if isinstance(below, dict) and isinstance(above, dict) else above


def _dashed(name: str) -> str:
    return name.replace("_", "-")
