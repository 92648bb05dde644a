"""The contract of the events for machines, written from the event types.

``python -m kpistream.cli.pages.contract_page`` writes it anew: ``docs/asyncapi.yaml``, and a JSON
Schema of each type in ``docs/schemas``. Another directory than ``docs`` may follow.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from kpistream.cli.pages import asyncapi
from kpistream.core.events import json_schema
from kpistream.core.events.event_types import SHIPPED, EventType

ASYNCAPI: Final = "asyncapi.yaml"

_HEAD: Final = (
    "# Written by `python -m kpistream.cli.pages.contract_page`; docs/events.md is for people.\n"
)


class _Dumper(yaml.SafeDumper):
    """Writes what comes twice twice: readers without anchors read it too."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def documents(types: Iterable[EventType]) -> dict[str, str]:
    """The name of each file to its text; a user's own types may be among the types."""
    kinds = list(types)
    schemas = {f"schemas/{kind.name}.json": _json(json_schema.document(kind)) for kind in kinds}
    return {ASYNCAPI: _yaml(asyncapi.document(kinds)), **schemas}


def write(files: Mapping[str, str], directory: Path) -> None:
    """Write these files, which may replace others."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _yaml(data: Any) -> str:
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return _HEAD + str(text)


if __name__ == "__main__":
    write(documents(SHIPPED.values()), Path(*sys.argv[1:2] or ["docs"]))
