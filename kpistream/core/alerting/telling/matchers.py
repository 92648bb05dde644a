"""Matchers: which labels an alert must have, as `channel=email` or `campaign=~"autumn.*"`.

They mean what Alertmanager's do: a label that is missing is empty, and a pattern stands for the
whole value. How patterns are kept harmless is in :mod:`kpistream.core.alerting.telling.patterns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, Literal

import msgspec

from kpistream.core.alerting.telling.patterns import compiled

MAX_VALUE_CHARS: Final = 256
"""The longest value or pattern."""

MAX_LABEL_CHARS: Final = 64

Operator = Literal["=", "!=", "=~", "!~"]

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MATCHER: Final = re.compile(r"([^=!~\s]*)\s*(=~|!~|!=|=)\s*(.*)", re.DOTALL)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\n])')


class Matcher(msgspec.Struct, frozen=True):
    """What one label must be: a value (`=`), not it (`!=`), a pattern (`=~`), or not it (`!~`).

    Raises ValueError for a label that cannot be, a value that is too long, or a bad pattern.
    """

    label: str
    op: Operator
    value: str

    def __post_init__(self) -> None:
        if _LABEL.fullmatch(self.label) is None or len(self.label) > MAX_LABEL_CHARS:
            raise ValueError(f"{self.label!r} is no label; write a name such as channel")
        if len(self.value) > MAX_VALUE_CHARS:
            raise ValueError(f"{self.label}: longer than {MAX_VALUE_CHARS} characters")
        if self.op in ("=~", "!~"):
            compiled(self.value)

    def __str__(self) -> str:
        text = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.op}"{text}"'

    def takes(self, value: str) -> bool:
        """Whether a label with this value is meant; the empty one is a missing label."""
        if self.op == "=":
            return value == self.value
        if self.op == "!=":
            return value != self.value
        return _fits(self.value, value) is (self.op == "=~")

    def match(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels are meant."""
        return self.takes(labels.get(self.label, ""))


class Matchers(tuple[Matcher, ...]):
    """Matchers that must all match; none of them match everything."""

    __slots__ = ()

    def match(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels are meant by all of them."""
        return match_all(self, labels)


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether these labels are meant by all the matchers."""
    return all(matcher.match(labels) for matcher in matchers)


def parse_matcher(text: str) -> Matcher:
    """A matcher as a person writes it; raises ValueError that says what is wrong.

    A value may stand in double quotes, in which a backslash escapes a quote, itself, and `n` for a
    new line; other backslashes are the pattern's.
    """
    found = _MATCHER.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is no matcher; write channel=email or campaign=~"autumn.*"')
    label, op, value = found.groups()
    return Matcher(label, msgspec.convert(op, Operator), _unquoted(value, text))


def parse_matchers(texts: Iterable[str]) -> Matchers:
    """The matchers of several texts; raises ValueError for the first that is none."""
    return Matchers(parse_matcher(text) for text in texts)


def _unquoted(value: str, text: str) -> str:
    if _QUOTED.fullmatch(value):
        return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], value[1:-1])
    if '"' in value:
        raise ValueError(f"{text!r} has a quote without the other one")
    return value


@lru_cache(maxsize=65_536)
def _fits(pattern: str, value: str) -> bool:
    """Whether a pattern stands for a value; remembered, as few values come again and again."""
    return compiled(pattern).matches(value)
