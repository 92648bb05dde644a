"""The judge: every rule over the slices of a partition, and the alerts that come of it.

A slice is weighed again when something in it changed; conditions that time alone can fulfil, every
ten seconds. What is weighed is a p-value per slice. Of all slices of a rule those are accepted
that the procedure of Benjamini and Hochberg (1995) accepts at the rule's confidence, so that many
slices do not make many false alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Final

import msgspec

from kpistream.core.alerting import life
from kpistream.core.alerting.alerts import Alert, AlertState, begun, fingerprint
from kpistream.core.alerting.rules.conditions import Absence
from kpistream.core.alerting.rules.rule import DEPENDENTS, Rule
from kpistream.core.alerting.scales.building import ScaleBuilder
from kpistream.core.alerting.scales.look import Desk, Look, LookAgain
from kpistream.core.alerting.why.why import Evidence, Why
from kpistream.core.monitoring.kpi_reader import KpiReader
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice
from kpistream.core.statistics.discoveries import benjamini_hochberg

MOST_FRESH: Final = 4
"""So many pasts of slices are worked out anew in a beat of a worker; each takes 0.1 s at most."""

STEP_S: Final = 10
"""Time alone is looked at this often."""


class Judged:
    """One rule, with what is known of every slice that it is about."""

    def __init__(self, plan: Plan, rule: Rule, readers: Mapping[str, KpiReader]) -> None:
        self.rule = rule
        self.scale = ScaleBuilder(plan, rule).build(rule.when)
        self.topics: Set[str] = frozenset().union(*(readers[kpi].topics for kpi, _ in rule.pairs))
        self.headline = ScaleBuilder(plan, rule).measured(rule.kpi, rule.window)
        self.currency = readers[rule.kpi].currency
        self.unit = plan.catalogue.kpis[rule.kpi].unit
        self.inhibits: tuple[str, ...] = ()
        self.is_absence = any(isinstance(leaf, Absence) for leaf in rule.leaves)
        self.accepted: Set[Slice] = frozenset()
        """The slices for which the condition holds, as surely as the rule wants it."""
        self._ps: dict[Slice, float] = {}
        self._tested: set[Slice] = set()
        self._is_stale = False
        self._tests = 0

    def weigh(self, look: Look) -> None:
        """Weigh the condition for a slice anew."""
        part, p = look.part, self._p(look)
        if p is None:
            self.forget(part)
            return
        self._tested.add(part)
        if p >= 1.0:
            if self._ps.pop(part, None) is not None:
                self._is_stale = True
        elif self._ps.get(part) != p:
            self._ps[part] = p
            self._is_stale = True

    def _p(self, look: Look) -> float | None:
        if self.rule.confidence is not None:
            p = self.scale.weigh(look)
        else:
            holds = self.scale.plain(look)
            p = None if holds is None else float(not holds)
        if p is not None and p < 1 and self.rule.hold_off_s:
            return p if look.desk.is_as_old(look.part, self.rule.hold_off_s) else None
        return p

    def evidence(self, look: Look) -> Evidence:
        """What the condition was judged on; of a raw rule without a p-value, which nobody asked."""
        evidence = self.scale.evidence(look)
        if self.rule.confidence is not None:
            return evidence
        return msgspec.structs.replace(evidence, method="raw", p=None)

    def is_about(self, alert: Alert) -> bool:
        """Whether an alert is one that the rule could give rise to now."""
        return self.rule.matches(alert.slice) and alert.currency == self.currency

    def forget(self, part: Slice) -> None:
        """Note that nothing can be said of a slice."""
        self._tested.discard(part)
        if self._ps.pop(part, None) is not None:
            self._is_stale = True

    def accept(self) -> Set[Slice]:
        """Which slices the condition holds for, all of them considered together."""
        if self._is_stale or len(self._tested) != self._tests:
            self._is_stale, self._tests = False, len(self._tested)
            level = 1 - self.rule.confidence if self.rule.confidence is not None else 0.5
            self.accepted = frozenset(benjamini_hochberg(self._ps, level, len(self._tested)))
        return self.accepted

    def is_complete(self, look: Look) -> bool:
        """Whether the newest readings of the slice lack nothing."""
        for kpi, window in self.rule.pairs:
            reading = look.desk.named_reading(look.part, kpi, window)
            if reading is not None and reading.trust == "incomplete":
                return False
        return True


class Judge:
    """The rules of a plan, and the alerts over the slices of one partition."""

    def __init__(
        self,
        plan: Plan,
        desk: Desk,
        readers: Mapping[str, KpiReader],
        most_fresh: int | None = None,
    ) -> None:
        """``most_fresh`` pasts are worked out in a beat; None sets no limit."""
        self._most_fresh = most_fresh
        self.refreshed: list[Alert] = []
        """Alerts that fire with newer values than people were told, since this was cleared."""
        self.alerts: dict[str, Alert] = {}
        """By fingerprint; ended ones stay until they are forgotten."""
        self._judged = {rule.name: Judged(plan, rule, readers) for rule in plan.rules}
        for judged in self._judged.values():
            judged.inhibits = tuple(self._inhibited(judged))
        self._about: dict[Slice, tuple[Judged, ...]] = {}
        self._active: dict[str, dict[Slice, str]] = {name: {} for name in self._judged}
        self._look = Look(desk)
        self._touched: set[Slice] = set()
        self._step = -1
        self._is_step = False

    def _inhibited(self, judged: Judged) -> Iterator[str]:
        for name in judged.rule.inhibits:
            if name != DEPENDENTS:
                yield name
        if DEPENDENTS in judged.rule.inhibits:
            for other in self._judged.values():
                if other.topics & judged.topics and not other.is_absence:
                    yield other.rule.name

    def restore(self, alert: Alert) -> None:
        """Take up an alert that was made durable."""
        self.alerts[alert.fingerprint] = alert
        self._note(alert)

    def touch(self, part: Slice) -> None:
        """Note that a slice has other readings than it had."""
        self._touched.add(part)

    def forget(self, part: Slice) -> None:
        """Note that a slice has gone."""
        for judged in self._about.pop(part, ()):
            judged.forget(part)
        self._touched.discard(part)

    # -- judging -----------------------------------------------------------------------------------

    def judge(self, now_s: float, parts: Iterable[Slice], silent: Set[str]) -> list[Alert]:
        """The alerts that changed state by ``now_s`` (epoch seconds); ``parts`` are all slices.

        Rules whose sources are not all measured up to now (``silent`` topics) keep their state.
        """
        look = self._look
        look.now_s, look.left = now_s, self._most_fresh
        touched, self._touched = self._touched, set()
        self._is_step = int(now_s) // STEP_S != self._step
        self._step = int(now_s) // STEP_S
        self._weigh(touched, parts, silent)
        news: list[Alert] = []
        for judged in self._judged.values():
            if not judged.topics & silent:
                news += self._judge_rule(judged, now_s)
        news += self._retire(now_s)
        return news

    def _weigh(self, touched: Set[Slice], parts: Iterable[Slice], silent: Set[str]) -> None:
        for part in touched:
            for judged in self._rules_about(part):
                if not (silent and judged.topics & silent):
                    self._weigh_slice(judged, part)
        if self._is_step and any(judged.scale.is_timed for judged in self._judged.values()):
            for part in parts:
                for judged in self._rules_about(part):
                    if judged.scale.is_timed and not judged.topics & silent:
                        self._weigh_slice(judged, part)

    def _weigh_slice(self, judged: Judged, part: Slice) -> None:
        self._look.part = part
        try:
            judged.weigh(self._look)
        except LookAgain:
            self._touched.add(part)

    def _rules_about(self, part: Slice) -> tuple[Judged, ...]:
        found = self._about.get(part)
        if found is None:
            found = self._about[part] = tuple(
                judged for judged in self._judged.values() if judged.rule.matches(part)
            )
        return found

    def _judge_rule(self, judged: Judged, now_s: float) -> Iterator[Alert]:
        accepted, active = judged.accept(), self._active[judged.rule.name]
        if not accepted and not active:
            return
        for part in [*active, *sorted(part for part in accepted if part not in active)]:
            self._look.part = part
            key = active.get(part) or fingerprint(judged.rule.name, part, judged.currency)
            changed = self._step_alert(judged, key, part, part in accepted, now_s)
            if changed is not None:
                yield changed

    def _step_alert(
        self, judged: Judged, key: str, part: Slice, accepted: bool, now_s: float
    ) -> Alert | None:
        look, rule, old = self._look, judged.rule, self.alerts.get(key)
        if old is not None and now_s <= old.changed_at:
            return None
        if not rule.matches(part) or not judged.is_complete(look):
            return None
        if old is not None and not judged.is_about(old):
            return None
        is_firing = old is not None and old.state is AlertState.firing
        try:
            holding = judged.scale.stays(look) if is_firing else accepted
        except LookAgain:
            return None
        if old is None or not old.is_active:
            if not holding:
                return None
            fired_at = old.fired_at if old is not None else ()
            fresh = begun(rule, part, judged.currency, judged.unit, judged.inhibits, now_s)
            old = msgspec.structs.replace(fresh, fired_at=fired_at)
        alert = life.step(old, rule, holding=holding, now_s=now_s)
        changed = alert.state is not old.state
        if changed or self._is_step:
            seen = self._seen(judged, alert)
            if not changed and alert.state is AlertState.firing and seen is not alert:
                self.refreshed.append(seen)
            alert = seen
        self.alerts[key] = alert
        self._note(alert)
        return alert if changed else None

    def _seen(self, judged: Judged, alert: Alert) -> Alert:
        """The alert with what is to be seen of its slice now; itself if that is nothing new."""
        look, headline = self._look, judged.headline
        reading = look.desk.reading(alert.slice, alert.kpi, headline.at(look))
        value = None if reading is None else reading.value
        sample = 0 if reading is None else reading.sample
        if (value, sample) == (alert.value, alert.sample) and alert.evidence.condition:
            return alert
        try:
            baseline, evidence = judged.scale.baseline(look), judged.evidence(look)
        except LookAgain:
            return alert
        return msgspec.structs.replace(
            alert, value=value, sample=sample, baseline=baseline, evidence=evidence
        )

    def window_of(self, alert: Alert) -> int:
        """The index of the window that an alert was judged on."""
        judged = self._judged[alert.rule]
        self._look.part = alert.slice
        return judged.headline.at(self._look)

    def explain(self, alert: Alert, why: Why | None) -> Alert:
        """The alert with what explains it."""
        alert = msgspec.structs.replace(alert, why=why)
        self.alerts[alert.fingerprint] = alert
        return alert

    def drop(self, key: str) -> None:
        """Forget an alert that ended."""
        del self.alerts[key]

    def _note(self, alert: Alert) -> None:
        active = self._active.setdefault(alert.rule, {})
        if alert.is_active:
            active[alert.slice] = alert.fingerprint
        else:
            active.pop(alert.slice, None)

    def _retire(self, now_s: float) -> Iterator[Alert]:
        """The ends of alerts whose rule is gone, or is about other slices now."""
        for name, active in self._active.items():
            judged = self._judged.get(name)
            for key in list(active.values()):
                if judged is not None and judged.is_about(self.alerts[key]):
                    continue
                old = self.alerts[key]
                alert = life.retire(old, now_s)
                if alert is not old:
                    self.alerts[key] = alert
                    self._note(alert)
                    yield alert
