"""A query: what of all that is live a page shows."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """A board over a window, and by which dimension which of its KPIs is broken down.

    What is None is for the worker to choose.
    """

    board: str | None = None
    window: str | None = None
    by: str | None = None
    kpi: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """What is asked of `/api/v1/live`."""
        return {name: value for name, value in self._asdict().items() if value is not None}
