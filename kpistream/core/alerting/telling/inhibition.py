"""Inhibition: an alert that fires mutes those that follow from it.

A firing alert that names rules in ``inhibits`` mutes alerts of those rules whose slice has the same
members in all dimensions that both slices have; a total's alert has none, and mutes every slice's.
An alert that is muted mutes others all the same. Among rules that mute each other, directly or
through others, the older alert mutes the newer; so in every ring of alerts one is not muted.
"""

from __future__ import annotations

from collections import Counter

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.slices import Slice, set_of

_Dimensions = tuple[str, ...]


class _Sources:
    """Firing alerts over slices of one set of dimensions, found by members of some of these."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}
        self._found: dict[frozenset[str], dict[Slice, dict[str, Alert]]] = {}

    def __bool__(self) -> bool:
        return bool(self._alerts)

    def add(self, alert: Alert) -> None:
        self._alerts[alert.fingerprint] = alert
        for shared, found in self._found.items():
            found.setdefault(_members(alert.slice, shared), {})[alert.fingerprint] = alert

    def remove(self, alert: Alert) -> None:
        self._alerts.pop(alert.fingerprint, None)
        for shared, found in self._found.items():
            members = _members(alert.slice, shared)
            found.get(members, {}).pop(alert.fingerprint, None)
            if not found.get(members):
                found.pop(members, None)

    def like(self, part: Slice, shared: frozenset[str]) -> list[Alert]:
        """Those with the same members of the shared dimensions."""
        if shared not in self._found:
            found = self._found[shared] = {}
            for alert in self._alerts.values():
                found.setdefault(_members(alert.slice, shared), {})[alert.fingerprint] = alert
        return list(self._found[shared].get(_members(part, shared), {}).values())


class Inhibition:
    """The firing alerts that mute others."""

    def __init__(self) -> None:
        self._active: dict[str, Alert] = {}
        self._sources: dict[str, dict[_Dimensions, _Sources]] = {}
        self._named: dict[str, Counter[str]] = {}
        self._muted_through: dict[str, frozenset[str]] = {}

    def update(self, alert: Alert) -> bool:
        """Take in an alert's newest state; whether something it muted may now be told."""
        held = self._active.get(alert.fingerprint)
        is_source = alert.state is AlertState.firing and bool(alert.inhibits)
        if held is not None and is_source and _is_same_source(held, alert):
            return False
        if held is not None:
            self._remove(held)
        if is_source:
            self._add(alert)
        return held is not None

    def inhibitors(self, alert: Alert) -> list[str]:
        """The fingerprints of the alerts that mute this one, the oldest first."""
        found = [
            source
            for dimensions, sources in self._sources.get(alert.rule, {}).items()
            for source in sources.like(alert.slice, _shared(dimensions, alert.slice))
            if self._mutes(source, alert)
        ]
        return [source.fingerprint for source in sorted(found, key=_age)]

    def _mutes(self, source: Alert, alert: Alert) -> bool:
        if source.fingerprint == alert.fingerprint:
            return False
        is_mutual = source.rule == alert.rule or source.rule in self._reach(alert.rule)
        return not is_mutual or _age(source) < _age(alert)

    def _reach(self, rule: str) -> frozenset[str]:
        """The rules that a rule's alerts mute, directly or through others."""
        known = self._muted_through.get(rule)
        if known is None:
            reached: set[str] = set()
            ahead = [rule]
            while ahead:
                named = set(self._named.get(ahead.pop(), ())) - reached
                reached |= named
                ahead.extend(named)
            known = self._muted_through[rule] = frozenset(reached)
        return known

    def _add(self, alert: Alert) -> None:
        self._active[alert.fingerprint] = alert
        named = self._named.setdefault(alert.rule, Counter())
        for rule in set(alert.inhibits):
            kinds = self._sources.setdefault(rule, {})
            kinds.setdefault(set_of(alert.slice), _Sources()).add(alert)
            named[rule] += 1
            if named[rule] == 1:
                self._muted_through.clear()

    def _remove(self, alert: Alert) -> None:
        del self._active[alert.fingerprint]
        named, dimensions = self._named[alert.rule], set_of(alert.slice)
        for rule in set(alert.inhibits):
            kinds = self._sources[rule]
            kinds[dimensions].remove(alert)
            if not kinds[dimensions]:
                del kinds[dimensions]
            named[rule] -= 1
            if not named[rule]:
                del named[rule]
                self._muted_through.clear()


def _age(alert: Alert) -> tuple[float, str]:
    return alert.changed_at, alert.fingerprint


def _is_same_source(one: Alert, other: Alert) -> bool:
    return one.inhibits == other.inhibits and one.changed_at == other.changed_at


def _shared(dimensions: _Dimensions, part: Slice) -> frozenset[str]:
    return frozenset(dimensions) & frozenset(set_of(part))


def _members(part: Slice, dimensions: frozenset[str]) -> Slice:
    return tuple(sorted(pair for pair in part if pair[0] in dimensions))
