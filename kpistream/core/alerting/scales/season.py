"""What a value should be by the same hours of the same weekday in past weeks."""

from __future__ import annotations

import math
from typing import Final, NamedTuple
from zlib import crc32

from kpistream.core.alerting.past.history_day import SLOT_S
from kpistream.core.alerting.rules.conditions import Change, Side, in_words
from kpistream.core.alerting.scales.change import differs
from kpistream.core.alerting.scales.kept import Kept
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import MAD_EFFICIENCY, Measured, Scale
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.slices import slice_key
from kpistream.core.statistics.robust import mad, median
from kpistream.core.statistics.student import student_tail

WEEK_S: Final = 7 * 86_400
FEWEST_WEEKS: Final = 3
"""From fewer weeks nothing is concluded."""

WEEKS: Final = 8
EARLIER: Final = 24
"""So many earlier windows tell how far a value usually is from its season."""

FEWEST_EARLIER: Final = 8

KEPT_S: Final = 600
KEPT_OF_WINDOW: Final = 48
"""What is expected over a window moves on by this part of it; by ten minutes at least."""


class Expectation(NamedTuple):
    """A median over weeks, and how far values usually are from theirs, in logarithms."""

    base: float
    spread: float
    freedom: float


class Season:
    """The expectations of one KPI and window, each kept for some minutes, or more if it is long."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured
        length_s = measured.window.length_s or 0
        self._turn_s = max(KEPT_S, length_s // KEPT_OF_WINDOW)
        self._spread_turn_s = max(SLOT_S, length_s // 4)
        self._kept: Kept[tuple[int, Expectation | None]] = Kept()
        self._spreads: Kept[tuple[int, tuple[float, float] | None]] = Kept()

    def of(self, look: Look) -> Expectation | None:
        """What is expected now; None before enough weeks are known, and on special days."""
        if not look.desk.history.knows(look.part):
            return None
        turn = int(look.now_s) // self._turn_s
        kept = self._kept.get(look.part)
        if kept is None or kept[0] != turn:
            look.spend()
            kept = self._kept[look.part] = turn, self._expect(look)
        return kept[1]

    def _expect(self, look: Look) -> Expectation | None:
        if self._measured.is_special(look):
            return None
        start, end = look.desk.bounds(self._measured.at(look))
        values = self._weeks(look, int(start), int(end))
        if len(values) < FEWEST_WEEKS:
            return None
        spread = self._spread(look, int(start), int(end))
        # Of a value that is not above 0 there is no logarithm, so nothing is concluded.
        if spread is None or median(values) < 0:
            return None
        return Expectation(median(values), *spread)

    def _weeks(self, look: Look, start_s: int, end_s: int) -> list[float]:
        """The values week by week back, newest first."""
        desk = look.desk
        weeks = desk.history.weeks(
            look.part, start_s, end_s, WEEKS, desk.is_special, self._measured.measures
        )
        values = map(self._measured.value, weeks)
        return [value.value for value in values if value is not None]

    def _spread(self, look: Look, start_s: int, end_s: int) -> tuple[float, float] | None:
        """The robust spread of earlier windows around their own medians, and its freedom."""
        # Slices turn at moments of their own, so that not all are worked out anew in one beat.
        length_s = self._spread_turn_s
        turn = (int(look.now_s) + crc32(slice_key(look.part)) % length_s) // length_s
        kept = self._spreads.get(look.part)
        if kept is None or kept[0] != turn:
            kept = self._spreads[look.part] = turn, self._measure_spread(look, start_s, end_s)
        return kept[1]

    def _measure_spread(self, look: Look, start_s: int, end_s: int) -> tuple[float, float] | None:
        step = max(SLOT_S, end_s - start_s)
        distances = []
        for number in range(1, EARLIER + 1):
            back = number * step - WEEK_S
            values = self._weeks(look, start_s - back, end_s - back)
            if len(values) > FEWEST_WEEKS:
                distances.append(_log(values[0]) - _log(median(values[1:])))
        if len(distances) < FEWEST_EARLIER:
            return None
        return mad(distances), max(2.0, MAD_EFFICIENCY * len(distances))


def _log(value: float) -> float:
    return math.log(max(value, 1e-12))


class SeasonScale(Scale):
    """The distance of a value from the median of past weeks, in logarithms, over its usual size.

    That size is 1.4826 times the median absolute deviation of earlier windows (Hampel 1974), or
    the value's own standard error if that is larger; the p-value is Student's. The KPI's own test
    of the value against the median must be as sure: of few events, a logarithm is far from normal.
    """

    is_timed = True

    def __init__(self, leaf: Change, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        self._season = Season(measured)

    def baseline(self, look: Look) -> float | None:
        expected = self._season.of(look)
        return None if expected is None else expected.base

    def plain(self, look: Look) -> bool | None:
        reading = self._measured.reading(look)
        if reading is None:
            return None
        expected = self._season.of(look)
        if expected is None:
            return None
        unit = 1 / (reading.denominator or 1)
        return differs(reading.value, expected.base, self._leaf.way, self._leaf.by, unit)

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        reading, expected = self._measured.reading(look), self._season.of(look)
        if reading is None or expected is None:
            return None
        sums = self._measured.sums(look)
        error = self._measured.uncertainty.error(sums) or 0.0
        unit = 0.5 / (reading.denominator or 1)
        value = max(reading.value, unit)
        scale = max(expected.spread, error / value)
        distance = abs(math.log(value / max(expected.base, unit)))
        sides = 2 if self._leaf.way == "any" else 1
        side: Side = "above" if reading.value > expected.base else "below"
        by_past = student_tail(distance / scale, expected.freedom) if scale > 0 else 0.0
        p = max(by_past, self._by_chance(look, expected, side))
        return self._measured.over_a_week(look, min(1.0, sides * p))

    def _by_chance(self, look: Look, expected: Expectation, side: Side) -> float:
        """The p-value of the value alone, if what is expected were known."""
        uncertainty = self._measured.uncertainty
        if uncertainty.kind == "none":
            return 0.0
        return uncertainty.tail(self._measured.sums(look), expected.base, side)

    def evidence(self, look: Look) -> Evidence:
        method = "median and MAD of the same hours of past weeks"
        line, p = self.baseline(look), self.weigh(look)
        return self._measured.evidence(look, in_words(self._leaf), method, line, p)
