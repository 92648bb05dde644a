"""A value that moves slowly and lastingly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from kpistream.core.alerting.rules.conditions import Drift, in_words
from kpistream.core.alerting.scales.blocks import Block, Blocks
from kpistream.core.alerting.scales.kept import Kept
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import MAD_EFFICIENCY, Measured, Scale
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.statistics.drift import average_run_length, cusum
from kpistream.core.statistics.robust import mad, median
from kpistream.core.statistics.student import student_tail
from kpistream.core.statistics.tails import normal_quantile_tail

WEEK_S: Final = 7 * 86_400
NEW_S: Final = 2 * WEEK_S
"""Drift is looked for in so much of the newest past; what was before tells what is usual."""

FEWEST_USUAL: Final = 21
"""From fewer windows the level is not known well enough; of 24 hours, that is three weeks."""

FEWEST_LIKE: Final = 3
"""So many windows of the same phase of the week tell what is usual in it."""

LIMIT_TO_SHOW: Final = 3.0

POWERS: Final[Mapping[str, float]] = {"proportion": 2 / 3, "sum": 1 / 3}
"""By which power values of a kind are nearly normal."""

MEDIAN_LOSS: Final = math.pi / 2
"""The variance of a median by that of a mean, of normal values."""


class _Found(NamedTuple):
    statistic: float
    shift: float
    freedom: float
    base: float


class DriftScale(Scale):
    """The tabular CUSUM (Page 1954) of the last two weeks, in robust deviations of those before.

    Where a week is a whole number of windows, each is compared with the same one of three weeks or
    more. What is usual is compared with itself likewise, each value without its own
    share in the median, so that few weeks do not seem to be steadier than they are; and no value is
    taken to be steadier than its number of events, and the median's, allow. The level of the past
    is not known exactly either: the shift to be found is larger by four times its error, so that
    each value must be beyond two more of them.

    Values are compared on a scale on which few events make them nearly normal too: proportions by
    the power 2/3, which makes Poisson counts symmetric (Anscombe 1953), sums by the cube root
    (Wilson and Hilferty 1931), all others by the logarithm; as they are if some are below 0.

    The average time to a false alarm is by Siegmund (1985), for a deviation that is known; the
    p-value from it is taken over to Student's distribution, with as few degrees of freedom as a
    robust deviation is sure.
    """

    is_timed = True

    def __init__(self, leaf: Drift, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        length = measured.window.length_s or 3_600
        self._blocks = Blocks(measured, max(FEWEST_USUAL * 2, 8 * WEEK_S // length))
        self._kept: Kept[tuple[list[Block], _Found | None]] = Kept()

    def _found(self, look: Look) -> _Found | None:
        blocks = self._blocks.of(look)
        kept = self._kept.get(look.part)
        if kept is None or kept[0] is not blocks:
            kept = self._kept[look.part] = (
                blocks,
                self._search(blocks, self._measured.error_by_event(look)),
            )
        return kept[1]

    def _search(self, blocks: list[Block], by_event: float) -> _Found | None:
        """``by_event`` is the error of a value on one event, as a part of the value."""
        if not blocks:
            return None
        power = self._power(blocks)
        compared = [block._replace(value=_bent(block.value, power)) for block in blocks]
        edge = blocks[-1].start_s - NEW_S
        usual = [block for block in compared if block.start_s <= edge]
        new = [block for block in compared if block.start_s > edge]
        phased = self._of_known_phase(usual, new)
        if len(usual) < FEWEST_USUAL or not phased:
            return None
        level = power * abs(median([block.value for block in usual])) if power else 1.0
        found = self._sum_up(*phased, by_event * level)
        return found and found._replace(base=_unbent(found.base, power))

    def _power(self, blocks: list[Block]) -> float:
        """The power by which values are compared; 0 stands for logarithms, 1 for none."""
        least = min(block.value for block in blocks)
        power = POWERS.get(self._measured.uncertainty.kind, 0.0)
        return power if least > 0 or (least == 0 and power) else 1.0

    def _of_known_phase(
        self, usual: list[Block], new: list[Block]
    ) -> tuple[dict[int, list[Block]], list[tuple[int, Block]]] | None:
        """What is usual by phase of the week, and what is new in these phases."""
        phases: dict[int, list[Block]] = {}
        for block in usual:
            phases.setdefault(self._phase(block), []).append(block)
        known = {phase: like for phase, like in phases.items() if len(like) >= FEWEST_LIKE}
        placed = [(p, block) for block in new if (p := self._phase(block)) in known]
        return (known, placed) if placed else None

    def _phase(self, block: Block) -> int:
        length = self._blocks.length_s
        return block.start_s % WEEK_S // length if WEEK_S % length == 0 else 0

    def _sum_up(
        self,
        phases: dict[int, list[Block]],
        new: Sequence[tuple[int, Block]],
        by_event: float,
    ) -> _Found | None:
        bases = {phase: median([b.value for b in like]) for phase, like in phases.items()}
        rests = [rest for like in phases.values() for rest in _without_own_share(like)]
        spread = mad(rests)
        if spread <= 0:
            return None
        chance = by_event * math.sqrt(1 + MEDIAN_LOSS / min(map(len, phases.values())))
        scores = [
            (block.value - bases[phase]) / max(spread, chance / math.sqrt(max(block.sample, 1)))
            for phase, block in new
        ]
        shift = self._leaf.shift + 4 * math.sqrt(MEDIAN_LOSS / len(rests))
        found = cusum(scores, shift, LIMIT_TO_SHOW)
        wanted = {"up": (1,), "down": (-1,), "any": (1, -1)}[self._leaf.way]
        statistic = found.statistic if found.direction in wanted else 0.0
        freedom = max(2.0, MAD_EFFICIENCY * len(rests))
        return _Found(statistic, shift, freedom, median(list(bases.values())))

    def baseline(self, look: Look) -> float | None:
        found = self._found(look)
        return None if found is None else found.base

    def plain(self, look: Look) -> bool | None:
        found = self._found(look)
        return None if found is None else found.statistic > LIMIT_TO_SHOW

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        if not holds:
            return None if holds is None else 1.0
        found = self._found(look)
        if found is None:
            return None
        length = average_run_length(found.statistic, found.shift)
        sides = 2 if self._leaf.way == "any" else 1
        p = min(1.0, sides * WEEK_S / self._blocks.length_s / length)
        return p if p >= 0.5 else student_tail(normal_quantile_tail(p), found.freedom)

    def evidence(self, look: Look) -> Evidence:
        method = "CUSUM in robust deviations"
        line, p = self.baseline(look), self.weigh(look)
        return self._measured.evidence(look, in_words(self._leaf), method, line, p)


def _bent(value: float, power: float) -> float:
    return value**power if power else math.log(value)


def _unbent(value: float, power: float) -> float:
    return value ** (1 / power) if power else math.exp(value)


def _without_own_share(like: Sequence[Block]) -> list[float]:
    """How far each value is from the median of the others."""
    values = [block.value for block in like]
    return [v - median(values[:n] + values[n + 1 :]) for n, v in enumerate(values)]
