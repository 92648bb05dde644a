"""The file of settings: which one it is, and its two parts, settings and catalogue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Self

from kpistream.core.catalogue.layers import SECTIONS, catalogue_part
from kpistream.core.located_yaml import ConfigError, ConfigErrors, Located, load
from kpistream.settings.defaults import CONFIG_VARIABLE, DEFAULT_FILE


class SettingsFile(NamedTuple):
    """The settings of a file, and what it adds to the catalogue; both know their lines."""

    settings: Located
    own: Located

    @classmethod
    def read(cls, config: Path | None) -> Self:
        """The file that is named, or else the one that is used without; empty without any.

        Raises ConfigErrors if it cannot be read, and if it is no mapping.
        """
        path = config or _usual()
        whole = Located("settings", {}) if path is None else load(read_text(path), str(path))
        data = {} if whole.data is None else whole.data
        if not isinstance(data, dict):
            raise ConfigErrors([whole.error((), "must be a mapping of settings")])
        settings = {key: value for key, value in data.items() if key not in SECTIONS}
        return cls(Located(whole.filename, settings, whole.lines), catalogue_part(whole))


def read_text(path: Path) -> str:
    """The text of a file that a person wrote; raises ConfigErrors if it cannot be read."""
    problem = unreadable(path) or "is not UTF-8 text"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ConfigErrors([ConfigError(str(path), 1, "", problem)]) from None


def unreadable(path: Path) -> str | None:
    """Why a file cannot be read; None if it can."""
    try:
        with path.open("rb"):
            return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"cannot be read: {reason}"


def _usual() -> Path | None:
    """The file that a variable names, or the one in the working directory."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
