"""The OpenAPI document as it is committed: that of any worker.

``python -m kpistream.edges.web.openapi > docs/openapi.json`` writes it anew. Which KPIs, windows
and dimensions there are, and whether a token is needed, says the document that a worker serves.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from kpistream.edges.web.alerts import ACKNOWLEDGE, ALERT, ALERTS
from kpistream.edges.web.deliveries import DELIVERIES
from kpistream.edges.web.document import OPENAPI, openapi_document
from kpistream.edges.web.health import HEALTH, HEALTHZ, READYZ
from kpistream.edges.web.history import HISTORY
from kpistream.edges.web.kpis import KPIS
from kpistream.edges.web.live.operations import LIVE, VIEW
from kpistream.edges.web.metrics import METRICS
from kpistream.edges.web.objectives import OBJECTIVES
from kpistream.edges.web.operation import Operation
from kpistream.edges.web.readings import READINGS
from kpistream.edges.web.receivers import RECEIVERS
from kpistream.edges.web.series import SERIES
from kpistream.edges.web.silences import END, SILENCE, SILENCES
from kpistream.edges.web.slices import SLICES
from kpistream.edges.web.suppressions import SUPPRESSIONS

OPERATIONS: Final[tuple[Operation, ...]] = (
    KPIS,
    READINGS,
    SERIES,
    SLICES,
    ALERTS,
    HISTORY,
    ALERT,
    ACKNOWLEDGE,
    SUPPRESSIONS,
    SILENCES,
    SILENCE,
    END,
    DELIVERIES,
    RECEIVERS,
    OBJECTIVES,
    HEALTH,
    OPENAPI,
    METRICS,
    VIEW,
    LIVE,
    HEALTHZ,
    READYZ,
)
"""All that there is at every worker."""


def written(document: Mapping[str, Any]) -> str:
    """A document as it is committed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written(openapi_document(OPERATIONS)))
