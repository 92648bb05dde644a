r"""Patterns: regular expressions that take time in proportion to the text, whatever they say.

Python's own take longer than anybody waits for some (`(a+)+b`), and people may send them by API. So
a pattern is a list of steps, and a text is read once with the set of steps that may come next
(Thompson, "Regular Expression Search Algorithm", 1968).

The language is what RE2 and Python agree on: `.`, `[a-z]`, `[^a-z]`, `\d \w \s` (ASCII) and
their opposites, `( )`, `|`, `*`, `+`, `?`, `{n,m}`. A pattern stands for the whole text.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MOST_STEPS: Final = 400
"""The longest pattern, its repetitions written out."""

MOST_WORK: Final = 10_000
"""How many parts are looked at, at most, when repetitions are written out."""

MOST_DEPTH: Final = 32
"""How deep groups may be nested."""

MOST_TIMES: Final = 100
"""The largest number in `{n,m}`."""

_LAST: Final = "\U0010ffff"
_DIGITS: Final = (("0", "9"),)
_WORD: Final = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE: Final = ((" ", " "), ("\t", "\r"))
_SETS: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_PLAIN: Final = frozenset(string.punctuation)


class PatternError(ValueError):
    """A pattern that cannot be read, or is too large, and why."""


@dataclass(frozen=True, slots=True)
class _Chars:
    """A step that takes one character: one in the ranges, or, negated, one in none of them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def takes(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) is not self.negated


@dataclass(frozen=True, slots=True)
class _Either:
    """A step that takes nothing and goes on in each of several places."""

    places: list[int]


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Part
    least: int
    most: int | None


_Part = _Chars | _Sequence | _Choice | _Repeat
_ANY: Final = _Chars((("\0", _LAST),))


class Pattern:
    """A pattern that is ready to match; raises PatternError for what is none."""

    def __init__(self, text: str) -> None:
        """Read it. A `^` at its start and a `$` at its end are allowed, and change nothing."""
        self._steps = _Writer(_Reader(text).read()).steps
        self._start = self._reach([0])

    def matches(self, text: str) -> bool:
        """Whether the pattern stands for the whole text."""
        places = self._start
        for char in text:
            steps = self._steps
            taking = [
                place + 1
                for place in places
                if isinstance(step := steps[place], _Chars) and step.takes(char)
            ]
            if not taking:
                return False
            places = self._reach(taking)
        return len(self._steps) - 1 in places

    def _reach(self, places: list[int]) -> set[int]:
        """All the places where one can be without taking a character."""
        reached: set[int] = set()
        while places:
            place = places.pop()
            if place not in reached:
                reached.add(place)
                step = self._steps[place]
                if isinstance(step, _Either):
                    places.extend(step.places)
        return reached


@lru_cache(maxsize=4_096)
def compiled(text: str) -> Pattern:
    """The pattern of a text, read once; raises PatternError."""
    return Pattern(text)


class _Reader:
    """Reads a pattern's text, part by part."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._end = len(text)
        self._depth = 0

    def read(self) -> _Part:
        self._skip_anchors()
        part = self._choice()
        if self._at < self._end:
            raise self._error("a ) that closes nothing")
        return part

    def _skip_anchors(self) -> None:
        self._at = 1 if self._text.startswith("^") else 0
        body = self._text.removesuffix("$")
        escapes = len(body) - len(body.rstrip("\\"))
        if len(body) < len(self._text) and escapes % 2 == 0:
            self._end = len(body)

    def _choice(self) -> _Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else _Choice(tuple(parts))

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._one()))
        return _Sequence(tuple(parts))

    def _one(self) -> _Part:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()
        if char == ".":
            return _ANY
        if char in "^$":
            raise self._error(f"{char} inside; a pattern stands for the whole text without it")
        if char in "*+?{":
            raise self._error(f"{char} repeats nothing; write \\{char} for the character")
        return _Chars(((char, char),))

    def _group(self) -> _Part:
        if self._peek() == "?":
            if self._text[self._at : self._at + 2] != "?:":
                raise self._error("(? is not supported, except (?:...)")
            self._at += 2
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._error(f"more than {MOST_DEPTH} groups inside each other")
        part = self._choice()
        if self._peek() != ")":
            raise self._error("a ( that nothing closes")
        self._at += 1
        self._depth -= 1
        return part

    def _repeated(self, part: _Part) -> _Part:
        times = self._times()
        if times is None:
            return part
        if self._peek() == "?":  # as few as possible: the same, since all of the text is matched
            self._at += 1
        if self._peek() in ("*", "+", "?", "{"):
            raise self._error("repeated twice; put it in a group")
        return _Repeat(part, *times)

    def _times(self) -> tuple[int, int | None] | None:
        char = self._peek()
        if char not in ("*", "+", "?", "{"):
            return None
        self._at += 1
        if char == "{":
            return self._counted()
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]

    def _counted(self) -> tuple[int, int | None]:
        end = self._text.find("}", self._at, self._end)
        low, comma, high = self._text[self._at : max(end, self._at)].partition(",")
        if end < 0 or not _is_number(low) or (high and not _is_number(high)):
            raise self._error("write {2}, {2,} or {2,5}, or \\{ for the character")
        self._at = end + 1
        least = int(low)
        most = int(high) if high else (None if comma else least)
        if max(least, most or 0) > MOST_TIMES:
            raise self._error(f"more than {MOST_TIMES} times")
        if most is not None and most < least:
            raise self._error(f"{{{least},{most}}} ends before it begins")
        return least, most

    def _escape(self) -> _Chars:
        char = self._take("\\ at the end; write \\\\ for the character")
        if char.lower() in _SETS:
            return _Chars(_SETS[char.lower()], negated=char.isupper())
        if char in _PLAIN:
            return _Chars(((char, char),))
        raise self._error(f"\\{char} is not supported")

    def _set(self) -> _Chars:
        negated = self._peek() == "^"
        self._at += negated
        ranges: list[tuple[str, str]] = []
        while (char := self._take("a [ that nothing closes")) != "]":
            ranges.extend(self._set_item(char))
        if not ranges:
            raise self._error("an empty []; write \\] for the character")
        return _Chars(tuple(ranges), negated)

    def _set_item(self, char: str) -> tuple[tuple[str, str], ...]:
        if char == "[":
            raise self._error("[ in a []; write \\[ for the character")
        low = self._escape() if char == "\\" else _Chars(((char, char),))
        is_range = self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]"
        if low.negated:
            raise self._error("\\D, \\W and \\S do not go into []")
        if not is_range:
            return low.ranges
        self._at += 1
        high_char = self._take("a [ that nothing closes")
        high = self._escape() if high_char == "\\" else _Chars(((high_char, high_char),))
        return (self._range(low, high),)

    def _range(self, low: _Chars, high: _Chars) -> tuple[str, str]:
        ends = [one.ranges[0] for one in (low, high)]
        is_plain = all(len(one.ranges) == 1 and not one.negated for one in (low, high))
        if not is_plain or any(a != b for a, b in ends) or ends[0] > ends[1]:
            raise self._error("a range in [] goes from a character to a later one")
        return ends[0][0], ends[1][0]

    def _peek(self) -> str:
        return self._text[self._at] if self._at < self._end else ""

    def _take(self, missing: str = "the end") -> str:
        char = self._peek()
        if not char:
            raise self._error(missing)
        self._at += 1
        return char

    def _error(self, problem: str) -> PatternError:
        return PatternError(f"{self._text!r} is no pattern: {problem}")


class _Writer:
    """Writes a part as steps, the last of which is the end."""

    def __init__(self, part: _Part) -> None:
        self.steps: list[_Chars | _Either] = []
        self._work = 0
        self._write(part)
        self.steps.append(_Either([]))

    def _write(self, part: _Part) -> None:
        self._work += 1
        if len(self.steps) > MOST_STEPS or self._work > MOST_WORK:
            raise PatternError("the pattern is too large when its repetitions are written out")
        match part:
            case _Chars():
                self.steps.append(part)
            case _Sequence(parts):
                for one in parts:
                    self._write(one)
            case _Choice(parts):
                self._write_choice(parts)
            case _Repeat():
                self._write_repeat(part)

    def _write_choice(self, parts: tuple[_Part, ...]) -> None:
        fork = self._fork()
        exits = []
        for one in parts:
            fork.places.append(len(self.steps))
            self._write(one)
            exits.append(self._fork())
        for leaving in exits:
            leaving.places.append(len(self.steps))

    def _write_repeat(self, repeat: _Repeat) -> None:
        for _ in range(repeat.least):
            self._write(repeat.part)
        if repeat.most is None:
            self._write_loop(repeat.part)
            return
        exits = []
        for _ in range(repeat.most - repeat.least):
            exits.append(self._fork(len(self.steps) + 1))
            self._write(repeat.part)
        for leaving in exits:
            leaving.places.append(len(self.steps))

    def _write_loop(self, part: _Part) -> None:
        start = len(self.steps)
        fork = self._fork(start + 1)
        self._write(part)
        self._fork(start)
        fork.places.append(len(self.steps))

    def _fork(self, *places: int) -> _Either:
        fork = _Either(list(places))
        self.steps.append(fork)
        return fork


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6
