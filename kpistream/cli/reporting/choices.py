"""What a report shows: the dashboards, and the dimensions that KPIs are broken down by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from kpistream.cli.failures import WRONG, Failure
from kpistream.core.located_yaml import did_you_mean

DEFAULT_BOARD: Final = "overview"
DEFAULT_DIMENSION: Final = "channel"


def chosen_boards(
    wanted: Iterable[str] | None, dashboards: Mapping[str, Sequence[str]], kpis: Iterable[str]
) -> dict[str, Sequence[str]]:
    """The dashboards to show: those wanted, or else the overview, or else the first there is.

    Without any, there is one of the first KPIs, as on the live page.
    """
    known = dashboards or _of_first(kpis)
    usual = [DEFAULT_BOARD] if DEFAULT_BOARD in known else [*known][:1]
    names = list(dict.fromkeys(wanted or usual))
    for name in names:
        if name not in known:
            problem = f"unknown dashboard {name!r}{did_you_mean(name, known)}"
            raise Failure(f"{problem}; there are {', '.join(known)}", WRONG)
    return {name: known[name] for name in names}


def _of_first(kpis: Iterable[str]) -> Mapping[str, Sequence[str]]:
    # Here, since every command reads this file, and few need a web server.
    from kpistream.edges.web.live.view_query import MOST_WITHOUT_A_BOARD, NO_BOARD

    return {NO_BOARD: tuple(islice(kpis, MOST_WITHOUT_A_BOARD))}


def chosen_dimensions(wanted: Iterable[str] | None, sets: Collection[str]) -> list[str]:
    """The dimensions to break KPIs down by: those wanted, or else by channel if that is kept."""
    if not wanted:
        return [DEFAULT_DIMENSION] if DEFAULT_DIMENSION in sets else []
    names = list(dict.fromkeys(wanted))
    for name in names:
        if name not in sets or name == "total":
            known = [one for one in sets if one not in ("total", "")]
            problem = f"there are no slices by {name!r}{did_you_mean(name, known)}"
            raise Failure(f"{problem}; there are some by {', '.join(known) or 'nothing'}", WRONG)
    return names
