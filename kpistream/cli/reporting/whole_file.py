"""A file that is written as a whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from kpistream.cli.failures import FAILED, Failure


def write_whole(path: Path, text: str) -> None:
    """Write it as a whole, or leave what was there; raises Failure if it cannot be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}", FAILED) from error
