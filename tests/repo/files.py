"""The files of the repository, as data."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def yaml_of(path: str) -> Any:
    return yaml.safe_load(text_of(path))


def json_of(path: str) -> Any:
    return json.loads(text_of(path))


def toml_of(path: str) -> Any:
    return tomllib.loads(text_of(path))
