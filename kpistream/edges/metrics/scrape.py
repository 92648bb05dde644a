"""A scrape: what a worker exports at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from prometheus_client.core import Metric

from kpistream.core.monitoring.readings import Reading
from kpistream.edges.metrics.selection import Selection


class Scrape(NamedTuple):
    """Metrics, the readings that fit in beside them, and readings of the windows before."""

    metrics: Sequence[Metric]
    chosen: Selection
    before: Sequence[Reading]
