"""Silences: what people do not want to be told of for a while, and who said so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from kpistream.core.alerting.telling.matchers import Matcher, match_all

LONGEST_S: Final = 366 * 86_400.0
"""A silence ends within a year."""

KEEP_ENDED_S: Final = 5 * 86_400.0
"""How long one that has ended can be looked up."""

MOST_ACTIVE: Final = 1_000
"""How many may be active or to come at once."""

MOST_KEPT: Final = 5_000
"""How many are kept with those that ended; beyond it, who ended first is forgotten first."""

MOST_REMEMBERED: Final = 20_000
"""Of so many alerts it is remembered which silences are about them."""

MOST_MATCHERS: Final = 20
MAX_WORDS: Final = 500


class TooManySilences(ValueError):
    """There are so many silences that no further one is taken; people have to end some."""


class Silence(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Alerts that fit all matchers are not told of from ``starts_at`` up to ``ends_at``.

    Times are epoch seconds; ``ended_at`` is when somebody ended it early. Raises ValueError for one
    that would silence everything (each matcher takes a missing label), ends before it starts, goes
    on for more than a year, or says not who wants it.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    author: str
    comment: str = ""
    created_at: float
    ended_at: float | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= MAX_WORDS or not 0 < len(self.author) <= MAX_WORDS:
            raise ValueError(f"a silence has an id and an author, up to {MAX_WORDS} characters")
        if len(self.comment) > MAX_WORDS or len(self.matchers) > MOST_MATCHERS:
            raise ValueError(f"at most {MAX_WORDS} characters and {MOST_MATCHERS} matchers")
        if all(matcher.takes("") for matcher in self.matchers):
            raise ValueError("a silence needs a matcher that wants a label, such as channel=email")
        if not self.starts_at < self.ends_at:
            raise ValueError("a silence ends after it starts")
        if not self.ends_at - self.starts_at <= LONGEST_S:
            raise ValueError("a silence ends within a year")

    @property
    def until(self) -> float:
        """When it ends or ended, in epoch seconds."""
        return self.ends_at if self.ended_at is None else min(self.ends_at, self.ended_at)

    def covers(self, at_s: float) -> bool:
        """Whether it holds at this instant (epoch seconds)."""
        return self.starts_at <= at_s < self.until

    def match(self, labels: Mapping[str, str]) -> bool:
        """Whether it is about an alert with these labels."""
        return match_all(self.matchers, labels)


class SilenceEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Somebody ended a silence at ``at`` (epoch seconds)."""

    id: str
    at: float
    author: str = ""


class HeldSilence(msgspec.Struct, frozen=True, array_like=True):
    """A silence and the offset of what was said last of it; the larger offset is the newer."""

    offset: int
    silence: Silence


class Silences:
    """The silences there are, and which of them are about an alert.

    A silence with an `=` matcher is looked at only for alerts with that label and value, so that
    many silences about a campaign each cost an alert of another one nothing. Which are about an
    alert is remembered, and kept right as they come and go.
    """

    def __init__(self) -> None:
        self._held: dict[str, HeldSilence] = {}
        self._by_label: dict[tuple[str, str] | None, dict[str, Silence]] = {}
        self._about: dict[tuple[tuple[str, str], ...], dict[str, Silence]] = {}

    def __iter__(self) -> Iterator[Silence]:
        return (held.silence for held in self._held.values())

    def put(self, offset: int, silence: Silence, now_s: float) -> HeldSilence | None:
        """Take one in, or its newest wording; None if newer was said of it already.

        Raises TooManySilences.
        """
        held = self._held.get(silence.id)
        if held is not None and held.offset >= offset:
            return None
        if silence.until > now_s and self._count_others(silence, now_s) >= MOST_ACTIVE:
            raise TooManySilences(f"{MOST_ACTIVE} silences are active or to come; end some first")
        return self.hold(HeldSilence(offset, silence))

    def end(self, offset: int, ended: SilenceEnded) -> HeldSilence | None:
        """End one early; None if there is none, or newer was said of it already."""
        held = self._held.get(ended.id)
        if held is None or held.offset >= offset or held.silence.until <= ended.at:
            return None
        return self.hold(
            HeldSilence(offset, msgspec.structs.replace(held.silence, ended_at=ended.at))
        )

    def hold(self, held: HeldSilence) -> HeldSilence:
        """Keep it in place of what was said of it before."""
        self._remove(held.silence.id)
        self._held[held.silence.id] = held
        self._by_label.setdefault(self._place(held.silence), {})[held.silence.id] = held.silence
        for labels, about in self._about.items():
            if held.silence.match(dict(labels)):
                about[held.silence.id] = held.silence
        return held

    def forget(self, now_s: float) -> list[str]:
        """Forget those that ended long ago; their ids."""
        ended = sorted((s.until, s.id) for s in self if s.until <= now_s)
        surplus = len(self._held) - MOST_KEPT
        gone = [
            id
            for place, (until, id) in enumerate(ended)
            if place < surplus or now_s - until > KEEP_ENDED_S
        ]
        for id in gone:
            self._remove(id)
        return gone

    def about(self, labels: Mapping[str, str], now_s: float) -> list[Silence]:
        """The silences that cover an alert with these labels now, who ends first first."""
        key = tuple(labels.items())
        about = self._about.get(key)
        if about is None:
            if len(self._about) >= MOST_REMEMBERED:
                self._about.clear()
            about = self._about[key] = self._find(labels)
        found = [silence for silence in about.values() if silence.covers(now_s)]
        return sorted(found, key=lambda silence: (silence.until, silence.id))

    def _find(self, labels: Mapping[str, str]) -> dict[str, Silence]:
        """The silences about these labels, whenever they cover."""
        return {
            id: silence
            for place in (None, *labels.items())
            for id, silence in self._by_label.get(place, {}).items()
            if silence.match(labels)
        }

    def _count_others(self, silence: Silence, now_s: float) -> int:
        return sum(other.until > now_s for other in self if other.id != silence.id)

    def _place(self, silence: Silence) -> tuple[str, str] | None:
        """Of its `=` matchers the one with the fewest silences."""
        places = [(m.label, m.value) for m in silence.matchers if m.op == "=" and m.value]
        return min(places, key=lambda place: len(self._by_label.get(place, ())), default=None)

    def _remove(self, id: str) -> None:
        if self._held.pop(id, None) is None:
            return
        for about in self._about.values():
            about.pop(id, None)
        for place, silences in self._by_label.items():
            if silences.pop(id, None) is not None:
                if not silences:
                    del self._by_label[place]
                return
