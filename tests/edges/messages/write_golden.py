"""Writes the golden files anew: `python -m tests.edges.messages.write_golden`. Look at the diff."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kpistream.edges.messages import SHAPES, Message
from tests.edges.messages import sample

FOLDER = Path(__file__).parent / "golden"

MESSAGES: Mapping[str, Message] = {
    "explained": sample.message(sample.roas()),
    "mixed": sample.message(
        sample.roas(),
        sample.unsubscribes(),
        sample.over(),
        truncated=3,
        group_key="{}:{}",
        group_labels={},
        reason="repeat",
    ),
    "hostile": sample.message(sample.hostile()),
}


def written(kind: str, name: str) -> list[dict[str, Any]]:
    """The requests of a shape for one of the messages, as JSON can say them."""
    requests = SHAPES[kind](MESSAGES[name], sample.CREDENTIALS)
    return [{**asdict(request), "body": json.loads(request.body)} for request in requests]


def path(kind: str, name: str) -> Path:
    """The golden file of a shape and a message."""
    return FOLDER / f"{kind}_{name}.json"


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for kind in SHAPES:
        for name in MESSAGES:
            text = json.dumps(written(kind, name), indent=2)
            path(kind, name).write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
