"""A report's page while it is written: what its sections share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from kpistream.cli.reporting.elements import Element, add
from kpistream.cli.reporting.speech import Speech
from kpistream.core.reporting.report import KpiResult, Report
from kpistream.core.texts import in_language
from kpistream.core.windows.days import Days


class Sheet:
    """A report, the language that it is told in, and the place where its sections go."""

    def __init__(self, report: Report, say: Speech) -> None:
        self.report = report
        self.say = say
        self.main = Element("main")
        self.kpis = {one.id: one for one in report.kpis}
        self._days = Days(report.zone)

    @property
    def is_compared(self) -> bool:
        """Whether there is a period before to compare with."""
        return self.report.span_before is not None

    @property
    def told_until_s(self) -> float:
        """Up to when it tells: the end of the period, or now if that is to come."""
        return min(self.report.span.ends, self.report.as_of).timestamp()

    def section(self, name: str, of: str = "") -> Element:
        """A new section below those before."""
        section = add(self.main, "section")
        add(section, "h2", self.say(name, of))
        return section

    def moment(self, at: datetime) -> str:
        """What the clocks of the report's zone show."""
        return self.say.moment(self._days.wall(at.timestamp()))

    def where(self, part: Mapping[str, str]) -> str:
        """A slice by its dimensions and members."""
        return self.say.where(part) or self.say("total")

    def told(self, text: str) -> str:
        """What a KPI or a rule says; as it stands in it if nobody has translated it."""
        return in_language(text, self.report.texts, self.say.language)

    def name(self, kpi: str) -> str:
        """The name of a KPI; its id, if that is all there is."""
        shown = self.kpis.get(kpi)
        return self.say.of(shown.name if shown else self.report.names.get(kpi, {}), kpi)

    def value(self, one: KpiResult, value: float | None) -> str:
        """A value of a KPI, in its unit."""
        return self.say.value(value, one.unit, one.currency)

    def difference(self, one: KpiResult, value: float) -> str:
        """A difference of two values of a KPI, with its sign."""
        return self.say.difference(value, one.unit, one.currency)
