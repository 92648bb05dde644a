"""Lines of JSON on standard output."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def write_json(document: Any, flush: bool = True) -> None:
    """Write one object as one line; ``flush`` for whoever reads along."""
    sys.stdout.buffer.write(_encode(document) + b"\n")
    if flush:
        sys.stdout.buffer.flush()
