"""Does every alert reach somebody? Which rules does each receiver get?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kpistream.cli.checking.findings import Findings
from kpistream.cli.checking.reach import can_reach, strange_words, unreached
from kpistream.cli.wiring.receivers import ReceiverSpec
from kpistream.core.alerting.rules.rule import Rule
from kpistream.settings import Settings


def check_reach(
    settings: Settings, receivers: Sequence[ReceiverSpec], rules: Sequence[Rule], findings: Findings
) -> None:
    """Say which rules each receiver gets, and advise where an alert would get to nobody."""
    for spec in receivers:
        taken = [rule for rule in rules if can_reach(rule, spec.plan)]
        findings.checked.append(f"receiver {spec.name}: {_where(spec)}, {_named(taken, rules)}")
        findings.warnings += [
            str(settings.error((*spec.place, *below), problem))
            for below, problem in strange_words(rules, spec.plan)
        ]
    if receivers:
        findings.warnings += [
            f"rule {rule.name}: its alerts reach no receiver"
            for rule in unreached(rules, [spec.plan for spec in receivers])
        ]
    elif rules:
        findings.checked.append("no receivers: alerts are in the API and the metrics only")


def _where(spec: ReceiverSpec) -> str:
    return f"{spec.kind} at {spec.host}"


def _named(taken: Sequence[Rule], rules: Sequence[Rule]) -> str:
    if not taken:
        return "no rule"
    if len(taken) == len(rules):
        return f"all {len(rules)} rules" if len(rules) > 1 else "the one rule"
    return _listed(rule.name for rule in taken)


def _listed(names: Iterable[str]) -> str:
    return "rules " + ", ".join(names)
