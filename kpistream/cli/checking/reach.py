"""Reach: which receivers the alerts of a rule can get to, as far as it can be known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kpistream.core.alerting.rules.rule import ANY_MEMBER, Rule
from kpistream.core.alerting.telling.matchers import Matcher
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.located_yaml import Path, did_you_mean


def can_reach(rule: Rule, plan: ReceiverPlan) -> bool:
    """Whether an alert of the rule can be one that the receiver is told of.

    What members its slice has, and which currency, shows only when it fires: any is possible.
    """
    if plan.severities is not None and rule.severity.value not in plan.severities:
        return False
    if plan.owners is not None and rule.owner not in plan.owners:
        return False
    labels, open_labels = known_labels(rule), open_labels_of(rule)
    return all(one.label in open_labels or one.match(labels) for one in plan.match)


def known_labels(rule: Rule) -> dict[str, str]:
    """The labels that every alert of the rule has, with their values."""
    fixed = {name: member for name, member in rule.slice.items() if member != ANY_MEMBER}
    return {
        **rule.labels,
        **fixed,
        "alertname": rule.name,
        "severity": rule.severity.value,
        "kpi": rule.kpi,
        "window": rule.window,
        "owner": rule.owner,
    }


def open_labels_of(rule: Rule) -> set[str]:
    """The labels whose values show only when the rule fires."""
    return {"currency", *(name for name, member in rule.slice.items() if member == ANY_MEMBER)}


def unreached(rules: Iterable[Rule], plans: Sequence[ReceiverPlan]) -> list[Rule]:
    """The rules whose alerts nobody is told of."""
    return [rule for rule in rules if not any(can_reach(rule, plan) for plan in plans)]


def strange_words(rules: Sequence[Rule], plan: ReceiverPlan) -> Iterator[tuple[Path, str]]:
    """Labels and owners that no rule has: where they stand below a receiver, and what is wrong."""
    labels = {name for rule in rules for name in (*known_labels(rule), *open_labels_of(rule))}
    owners = {rule.owner for rule in rules}
    for n, matcher in enumerate(plan.match):
        if _wants(matcher) and matcher.label not in labels:
            hint = did_you_mean(matcher.label, labels)
            yield ("match", n), f"no rule's alerts have a label {matcher.label!r}{hint}"
    for owner in sorted((plan.owners or set()) - owners):
        yield ("owners",), f"no rule has the owner {owner!r}{did_you_mean(owner, owners)}"


def _wants(matcher: Matcher) -> bool:
    """Whether a missing label does not fit it."""
    return not matcher.takes("")
