"""An objective that will not be reached at its pace."""

from __future__ import annotations

from kpistream.core.alerting.rules.conditions import Behind, in_words
from kpistream.core.alerting.scales.look import Look
from kpistream.core.alerting.scales.scale import Measured, Scale
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.monitoring.progress import Status


class BehindScale(Scale):
    """The status of an objective, which is arithmetic and no test (`docs/objectives.md`)."""

    is_timed = True

    def __init__(self, leaf: Behind, measured: Measured) -> None:
        self._leaf = leaf
        self._measured = measured
        late = {Status.off_track, Status.missed}
        self._alarming = late | {Status.at_risk} if leaf.at_risk else late

    def baseline(self, look: Look) -> float | None:
        return None

    def plain(self, look: Look) -> bool | None:
        status = look.desk.status(self._leaf.objective)
        if status in (None, Status.unknown, Status.not_started):
            return None
        return status in self._alarming

    def weigh(self, look: Look) -> float | None:
        holds = self.plain(look)
        return None if holds is None else float(not holds)

    def evidence(self, look: Look) -> Evidence:
        return self._measured.evidence(look, in_words(self._leaf), "pace", None, None)
