"""Cleaning: texts of others without what could steer a terminal."""

from __future__ import annotations

from typing import Any

from kpistream.cli.monitor_api import printable


def cleaned(document: Any) -> Any:
    """A document of which each text and each name is printable, in one line."""
    match document:
        case str():
            return clean_text(document)
        case dict():
            return {cleaned(name): cleaned(value) for name, value in document.items()}
        case list():
            return [cleaned(value) for value in document]
    return document


def clean_text(text: str) -> str:
    """A text in one line; what cannot be printed is a question mark."""
    return text if text.isprintable() else printable(" ".join(text.split()))
