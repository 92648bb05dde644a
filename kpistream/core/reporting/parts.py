"""Parts: what each member of a dimension adds to a KPI and to its change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isclose
from typing import Final, NamedTuple

from kpistream.core.reporting.findings import KpiFacts, Measured, Point
from kpistream.core.reporting.report import Breakdown, Cell, MemberRow, Mover

MOST_MEMBERS: Final = 8
MOST_COLUMNS: Final = 4
MOST_MOVERS: Final = 2

_TELLING: Final = 0.2
"""A member moves a KPI if it adds at least such a part of the change."""


class Part(NamedTuple):
    """A member's part of a change: by its share (mix) and by its own rate."""

    mix: float
    rate: float

    @property
    def adds(self) -> float:
        """All that it adds."""
        return self.mix + self.rate


def part_of(total: Measured, member: Measured) -> Part | None:
    """What a member adds to the change of a total, by Bennet's indicators as in `segments`.

    None where a value is no quotient of its numerator and denominator, or not known.
    """
    if total.before is None or member.before is None:
        return None
    if not (_is_quotient(total.now) and _is_quotient(total.before)):
        return None
    if total.now.denominator is None or total.before.denominator is None:
        return Part(0.0, (member.now.numerator or 0.0) - (member.before.numerator or 0.0))
    return _shared(total.now, total.before, member.now, member.before)


def _shared(now: Point, before: Point, mine: Point, earlier: Point) -> Part:
    below, below_before = now.denominator or 1.0, before.denominator or 1.0
    share, share_before = (mine.denominator or 0) / below, (earlier.denominator or 0) / below_before
    typical = ((now.numerator or 0) / below + (before.numerator or 0) / below_before) / 2
    rates = [(one.numerator or 0.0) / one.denominator for one in (mine, earlier) if one.denominator]
    mean = sum(rates) / max(1, len(rates))
    whole = (mine.numerator or 0.0) / below - (earlier.numerator or 0.0) / below_before
    return Part((share - share_before) * (mean - typical), whole - (share - share_before) * mean)


def _is_quotient(point: Point) -> bool:
    if point.value is None or point.numerator is None:
        return False
    quotient = point.numerator / (point.denominator or 1.0)
    return isclose(point.value, quotient, rel_tol=1e-9, abs_tol=1e-12)


def movers(
    total: Measured, members: Mapping[str, Mapping[str, Mapping[str, Measured]]], kpi: str
) -> tuple[Mover, ...]:
    """The members, of all dimensions, that a KPI's change comes from most; the largest first."""
    if total.before is None or total.now.value is None or total.before.value is None:
        return ()
    change = total.now.value - total.before.value
    found = [
        Mover(dimension, name, part.adds)
        for dimension, by_member in members.items()
        for name, by_kpi in by_member.items()
        if kpi in by_kpi and (part := part_of(total, by_kpi[kpi])) is not None
    ]
    telling = [one for one in found if change and one.adds / change >= _TELLING]
    return tuple(sorted(telling, key=lambda one: (-one.adds / change, one.member))[:MOST_MOVERS])


def breakdown(
    dimension: str,
    kpis: Sequence[KpiFacts],
    totals: Mapping[str, Measured],
    members: Mapping[str, Mapping[str, Measured]],
    left_out: int,
) -> Breakdown | None:
    """A dimension by its members: the North Star first, or else the first KPI that they have."""
    known = [one for one in kpis if any(_has_value(by, one.id) for by in members.values())]
    columns = sorted(known, key=lambda one: not one.north_star)[:MOST_COLUMNS]
    if not columns:
        return None
    main = columns[0].id
    rows = [
        _row(name, columns, totals, by)
        for name, by in members.items()
        if any(_has_value(by, one.id) for one in columns)
    ]
    rows.sort(key=lambda row: (*_size(row.cells.get(main)), row.member))
    shown = tuple(rows[:MOST_MEMBERS])
    more = len(rows) - len(shown) + left_out
    return Breakdown(dimension, tuple(one.id for one in columns), shown, more)


def _has_value(by_kpi: Mapping[str, Measured], kpi: str) -> bool:
    return kpi in by_kpi and by_kpi[kpi].now.value is not None


def _size(cell: Cell | None) -> tuple[float, int]:
    """The largest value first; what has none last."""
    if cell is None or cell.value is None:
        return float("inf"), 0
    return -cell.value, -cell.sample


def _row(
    name: str,
    columns: Iterable[KpiFacts],
    totals: Mapping[str, Measured],
    by_kpi: Mapping[str, Measured],
) -> MemberRow:
    columns = list(columns)
    main = columns[0].id
    mine, total = by_kpi.get(main), totals.get(main)
    part = part_of(total, mine) if total is not None and mine is not None else None
    return MemberRow(
        member=name,
        cells={one.id: _cell(one, by_kpi[one.id]) for one in columns if one.id in by_kpi},
        share=None if mine is None or total is None else _share(total.now, mine.now),
        adds=None if part is None else part.adds,
        mix=None if part is None or not part.mix else part.mix,
    )


def _share(total: Point, mine: Point) -> float | None:
    """A member's part of a sum; a quotient has no parts."""
    if total.denominator is not None or mine.value is None or not total.value:
        return None
    return mine.value / total.value


def _cell(facts: KpiFacts, measured: Measured) -> Cell:
    before = None if measured.before is None else measured.before.value
    now = measured.now
    return Cell(now.value, before, now.sample, now.sample >= facts.minimum_sample)
