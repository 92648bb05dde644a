"""The reference page of all metrics, written from their declarations.

``python -m kpistream.edges.metrics.table > docs/metrics.md`` writes it anew.
"""

from __future__ import annotations

import sys
from typing import Final

from kpistream.edges.metrics.collector import MAX_SERIES
from kpistream.edges.metrics.families import FAMILIES, Family

_INTRODUCTION: Final = f"""\
# Metrics

Each worker serves `/metrics`, in the Prometheus text format or OpenMetrics, as the scraper asks.

- Of the labels `channel` to `site`, `channel` and `campaign` always exist, the others when their
  dimension is part of a configured slice. A user's own dimensions follow. A dimension that is no
  part of a series' slice is empty.
- `slice` names the set of dimensions: `total`, `channel`, `channel_campaign`. Choose one before
  adding up, or traffic counts twice.
- `currency` is empty without money. Never add up over currencies.
- To add up a ratio over slices, divide the sum of numerators by the sum of denominators.
- A KPI whose denominator is 0 has no series there: never 0, NaN or infinity.
- An objective is on the worker that owns its slice; what its metrics say is in
  [objectives](objectives.md). `kpistream_unpriced_*` is money that no rate turns into the reporting
  currency: no reading has it, so a value above 0 means that readings miss something.
- A worker exports at most {MAX_SERIES:,} series. The total is kept first, then the slices with the
  most events; `kpistream_series_dropped` says how many series were left out.
- A slice is on one worker, a partition too: add up `kpistream_events_total` over the workers for
  the exact count of each outcome since the topic began. When a partition moves, one worker's
  counter falls and `rate()` takes that for a restart.
- `/metrics` also has the `process_*` and `python_*` metrics of the worker.

| Metric | Type | Labels | Meaning |
|---|---|---|---|
"""


def markdown() -> str:
    """The whole page."""
    return _INTRODUCTION + "".join(map(_row, FAMILIES))


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
    return f"| `{family.name}` | {family.kind} | {labels} | {family.help} |\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
