"""A question about the course of KPIs, as asked in a URL's query."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

from multidict import MultiMapping

from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, normalise_member, set_of
from kpistream.core.windows.steps import (
    edges_between,
    edges_for_window,
    step_end,
    usual_step_s,
    window_step_s,
)
from kpistream.core.windows.windows import Window, parse_length
from kpistream.edges.web.cluster import SCOPE
from kpistream.edges.web.moments import moment
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.query import alternatives, bad_request, only, refuse_unknown

MOST_KPIS: Final = 20
USUAL_WINDOW: Final = "24h"


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Some KPIs of one slice, over a window's span so far or between two moments.

    ``to_s`` is None for up to now, ``step_s`` for one that suits the span; all are in seconds.
    """

    kpis: tuple[str, ...]
    part: Slice
    window: Window | None
    from_s: float = 0.0
    to_s: float | None = None
    step_s: int | None = None

    @classmethod
    def parse(cls, params: MultiMapping[str], plan: Plan) -> Self:
        """The question in these parameters; raises Problem 400 for one that makes no sense."""
        named = ("kpi", "window", "from", "to", "step", SCOPE[0])
        refuse_unknown(params, (*named, *plan.slicing.dimensions))
        try:
            kpis, window, span = _kpis(params, plan), _window(params, plan), _span(params)
            step = only(params, "step")
            step_s = None if step is None else parse_length(step)
        except ValueError as error:
            raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None
        if window is not None and span is not None:
            raise Problem(HTTPStatus.BAD_REQUEST, "either a window, or from and to")
        if span is None:
            return cls(kpis, _part(params, plan), window or _usual(plan), step_s=step_s)
        return cls(kpis, _part(params, plan), None, *span, step_s)

    def edges(self, now_s: float, plan: Plan) -> tuple[int, list[int]]:
        """The step in seconds, and the edges; raises Problem 400 if they cannot be."""
        try:
            if self.window is not None:
                step_s = self.step_s or window_step_s(self.window, now_s)
                return step_s, edges_for_window(self.window, now_s, plan.days, step_s)
            span_s = (now_s if self.to_s is None else self.to_s) - self.from_s
            step_s = self.step_s or usual_step_s(span_s)
            to_s = step_end(now_s, step_s, plan.days) if self.to_s is None else self.to_s
            return step_s, edges_between(self.from_s, to_s, step_s, plan.days)
        except ValueError as error:
            raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None


def _kpis(params: MultiMapping[str], plan: Plan) -> tuple[str, ...]:
    known = tuple(plan.catalogue.kpis)
    if not alternatives(params, "kpi", known):
        raise bad_request("kpi is missing", known)
    kpis = tuple(dict.fromkeys(params.getall("kpi")))
    if len(kpis) > MOST_KPIS:
        raise ValueError(f"{len(kpis)} KPIs; {MOST_KPIS} are the most")
    return kpis


def _window(params: MultiMapping[str], plan: Plan) -> Window | None:
    named = only(params, "window")
    alternatives(params, "window", tuple(window.name for window in plan.windows))
    return next((window for window in plan.windows if window.name == named), None)


def _usual(plan: Plan) -> Window:
    named = (window for window in plan.windows if window.name == USUAL_WINDOW)
    return next(named, plan.windows[0])


def _span(params: MultiMapping[str]) -> tuple[float, float | None] | None:
    begin, end = only(params, "from"), only(params, "to")
    if begin is None:
        if end is not None:
            raise ValueError("to without from")
        return None
    return moment("from", begin), None if end is None else moment("to", end)


def _part(params: MultiMapping[str], plan: Plan) -> Slice:
    members = {d: only(params, d) for d in plan.slicing.dimensions}
    part = tuple((d, normalise_member(member)) for d, member in members.items() if member)
    if set_of(part) not in plan.slicing.sets:
        sets = [", ".join(names) or "none" for names in plan.slicing.sets]
        raise bad_request(f"there are no slices by {', '.join(set_of(part)) or 'none'}", sets)
    return part
