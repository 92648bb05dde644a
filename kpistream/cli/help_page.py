"""The help of a command: paragraphs that fill their lines, and words instead of Python's types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command whose help reads well."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take the help as it is, but for the ends of its lines."""
        super().__init__(*arguments, **options)
        self.help = _flowing(self.help)

    def get_params(self, ctx: Any) -> Any:
        """The parameters, without what nobody types."""
        return _without_types(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose help reads well."""

    def get_params(self, ctx: Any) -> Any:
        """The parameters, without what nobody types."""
        return _without_types(super().get_params(ctx))


def _flowing(text: str | None) -> str | None:
    """Paragraphs of one line each, for the terminal to break: one breaks none again by itself."""
    if text is None:
        return None
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _without_types(parameters: Iterable[Any]) -> list[Any]:
    """Flags without `<bool>`, which they do not take; arguments with their name alone."""
    found = list(parameters)
    for parameter in found:
        if parameter.param_type_name == "argument":
            parameter.display_type_rich = _nothing
        elif parameter.is_flag:
            parameter.metavar = ""
    return found


def _nothing(ctx: Any) -> str:
    return ""
