"""What somebody wants to look at: a board of KPIs, a window, a slice, and what to break down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from multidict import MultiMapping

from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, normalise_member, set_of
from kpistream.edges.web.cluster import SCOPE
from kpistream.edges.web.query import alternatives, bad_request, only, refuse_unknown

USUAL_WINDOW: Final = "1h"
USUAL_BOARD: Final = "overview"
MOST_WITHOUT_A_BOARD: Final = 7
"""So many KPIs are shown where the catalogue has no dashboards: as many as one may have."""

NO_BOARD: Final = "all"

_PARAMS: Final = ("board", "window", "by", "kpi")


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """A board of KPIs over a window, for one slice; ``kpi`` of them broken down ``by`` a dimension.

    ``by`` and ``kpi`` are empty where there is nothing to break down.
    """

    board: str
    window: str
    by: str
    kpi: str
    part: Slice = ()

    @classmethod
    def parse(cls, params: MultiMapping[str], plan: Plan) -> Self:
        """The question in these parameters, the usual one for what they leave out.

        Raises Problem 400 for a word that does not exist.
        """
        dimensions = plan.slicing.dimensions
        refuse_unknown(params, (*_PARAMS, SCOPE[0], *dimensions))
        boards = dashboards_of(plan.catalogue)
        board = _one_of(params, "board", boards, _usual(USUAL_BOARD, boards))
        windows = [window.name for window in plan.windows]
        window = _one_of(params, "window", windows, _usual(USUAL_WINDOW, windows))
        part = tuple((d, normalise_member(params[d])) for d in dimensions if params.get(d))
        if set_of(part) not in plan.slicing.sets:
            sets = [", ".join(names) or "none" for names in plan.slicing.sets]
            raise bad_request(f"there are no slices by {', '.join(set_of(part))}", sets)
        ways = [d for d in dimensions if _broken_down(part, d, dimensions) in plan.slicing.sets]
        by = _one_of(params, "by", dimensions, _usual("", ways))
        kpi = _one_of(params, "kpi", plan.catalogue.kpis, _usual("", boards[board]))
        return cls(board, window, by if by in ways else "", kpi, part)

    def to_dict(self) -> dict[str, Any]:
        """The published form."""
        plain = {"board": self.board, "window": self.window, "by": self.by, "kpi": self.kpi}
        return {**plain, "slice": dict(self.part)}

    def params(self) -> list[tuple[str, str]]:
        """The parameters that ask for it, such that nothing is left to what is usual."""
        named = {"board": self.board, "window": self.window, "by": self.by, "kpi": self.kpi}
        return [*((name, word) for name, word in named.items() if word), *self.part]

    def broken_down(self, dimensions: Sequence[str]) -> tuple[str, ...] | None:
        """The set of dimensions of the slices in the breakdown; None without one."""
        return _broken_down(self.part, self.by, dimensions)


def dashboards_of(catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """The dashboards; one of the first KPIs if there are none."""
    if catalogue.dashboards:
        return catalogue.dashboards
    return {NO_BOARD: tuple(catalogue.kpis)[:MOST_WITHOUT_A_BOARD]}


def _broken_down(part: Slice, by: str, dimensions: Sequence[str]) -> tuple[str, ...] | None:
    named = set_of(part)
    if not by or by in named:
        return None
    return tuple(d for d in dimensions if d == by or d in named)


def _usual(wanted: str, names: Iterable[str]) -> str:
    """The one that is wanted, if it is there, or else the first; nothing if there is none."""
    names = list(names)
    return wanted if wanted in names else next(iter(names), "")


def _one_of(params: MultiMapping[str], name: str, allowed: Collection[str], usual: str) -> str:
    word = only(params, name)
    alternatives(params, name, allowed)
    return usual if word is None else word
