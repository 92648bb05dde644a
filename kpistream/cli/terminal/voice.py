"""A voice: how values, changes and moments are said in a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from math import isfinite
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kpistream.cli.terminal.phrases import PHRASES
from kpistream.cli.terminal.vocabulary import KpiInfo, Vocabulary
from kpistream.core.kpis.kpi import Language
from kpistream.core.names import board_name, dimension_name, member_name, slice_name
from kpistream.edges.messages.numbers import duration_text, money_text, number_text

Turn = Literal["better", "worse", "unchanged"]

_FRENCH: Final = str.maketrans({",": "\u00a0", ".": ","})

_NOTHING: Final = 0.005
"""A change that is smaller, in per cent or points, is none."""


@dataclass(frozen=True)
class Change:
    """How a value moved against the period before: an arrow, how much, and what to think of it."""

    arrow: str
    size: str
    turn: Turn


@dataclass(frozen=True)
class Voice:
    """Says in one language what a vocabulary names."""

    vocabulary: Vocabulary
    language: Language = "en"

    def say(self, phrase: str, *given: str) -> str:
        """A phrase by its name."""
        return PHRASES[phrase][self.language].format(*given)

    def word(self, name: str) -> str:
        """A word of the API, such as a state; as it is if nobody has translated it."""
        return self.say(name) if name in PHRASES else name

    def name(self, kpi: str, width: int | None = None) -> str:
        """A KPI's name; its short form in brackets where the rest has no room."""
        long = self.either(self.vocabulary.kpi(kpi).name) or kpi
        if width is None or len(long) <= width:
            return long
        plain, _, short = long.removesuffix(")").rpartition(" (")
        return next((text for text in (plain, short) if 0 < len(text) <= width), long)

    def either(self, texts: Mapping[str, str]) -> str:
        """A text in this language, or in the one that there is."""
        return texts.get(self.language) or next(iter(texts.values()), "")

    def told(self, text: str) -> str:
        """What a KPI or a rule says; as it stands in it if nobody has translated it."""
        return self.either(self.vocabulary.texts.get(text, {})) or text

    def dimension(self, dimension: str) -> str:
        """The name of a dimension."""
        return dimension_name(dimension, self.language)

    def board(self, board: str) -> str:
        """The name of a dashboard or a funnel."""
        return board_name(board, self.language)

    def member(self, member: str) -> str:
        """A member of a dimension; what is none is told in words."""
        return member_name(member, self.language)

    def where(self, part: Mapping[str, str]) -> str:
        """A slice by its dimensions and members; nothing for the total."""
        return slice_name(part, self.language)

    def window(self, window: str) -> str:
        """A window: `1h`, `this week`."""
        return self.word(window)

    def value(self, kpi: str, value: float | None, currency: str | None = None) -> str:
        """A value in its KPI's unit: `3.1 %`, `41.20 EUR`, `12 min`; a ROAS is 4.5."""
        if value is None:
            return self.say("no_value")
        if not isfinite(value):
            return str(value)
        known = self.vocabulary.kpi(kpi)
        match known.unit:
            case "ratio" if not known.has_money:
                return self._local(f"{number_text(value * 100)} %")
            case "money":
                return self.money(value, currency or self.vocabulary.currency)
            case "seconds":
                return self._duration(value)
        return self._local(number_text(value))

    def money(self, amount: float, currency: str | None) -> str:
        """An amount: `41.20 EUR`, `1,234 EUR`."""
        sign = "-" if amount < 0 else ""
        number, _, code = money_text(abs(amount), currency).partition(" ")
        return f"{sign}{self._local(number)} {code}".rstrip()

    def count(self, number: int) -> str:
        """A whole number: `1,204`."""
        return self._local(f"{number:,}")

    def share(self, part: float) -> str:
        """A part of one: `62 %`."""
        return self._local(f"{number_text(part * 100, 2)} %")

    def change(self, kpi: str, value: float | None, before: float | None) -> Change | None:
        """How a value moved: by points of a rate or a score, else by its share; None: unknown."""
        if value is None or before is None or not isfinite(value - before):
            return None
        known = self.vocabulary.kpi(kpi)
        size = self._moved(known, value, before)
        if size is None:
            return Change("=", "", "unchanged")
        is_better = (value > before) == (known.sign > 0)
        return Change("▲" if value > before else "▼", size, "better" if is_better else "worse")

    def _moved(self, kpi: KpiInfo, value: float, before: float) -> str | None:
        """By how much; None if that is nothing."""
        if kpi.unit == "ratio" and not kpi.has_money:
            return self._rounded((value - before) * 100, self.say("pp"))
        if kpi.unit == "points" or not before:
            unit = self.say("points") if kpi.unit == "points" else ""
            return self._rounded(value - before, unit)
        return self._rounded((value - before) / abs(before) * 100, "%")

    def _rounded(self, number: float, unit: str) -> str | None:
        if abs(number) < _NOTHING:
            return None
        return self._local(f"{number_text(abs(number), 2)} {unit}".rstrip())

    def moment(self, text: str | None) -> str:
        """A moment of the API in the zone of the worker: `2026-03-01 10:00:00 UTC`."""
        if not text:
            return self.say("no_time")
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return text
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S %Z}"

    @cached_property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.vocabulary.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    def _duration(self, seconds: float) -> str:
        text = self._local(duration_text(seconds))
        return text.replace("days", "jours") if self.language == "fr" else text

    def _local(self, text: str) -> str:
        return text.translate(_FRENCH) if self.language == "fr" else text
