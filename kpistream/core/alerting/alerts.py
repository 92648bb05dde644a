"""Alerts: a rule's state for one slice, what names it, and how it is written down."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from kpistream.core.alerting.rules.rule import Rule, Severity
from kpistream.core.alerting.why.why import Evidence, Why
from kpistream.core.instants import rfc3339
from kpistream.core.slices import Slice, slice_key


class AlertState(StrEnum):
    """Where an alert is in its life."""

    inactive = "inactive"
    pending = "pending"
    firing = "firing"
    resolved = "resolved"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's state for one slice (and currency), with the newest value it was judged on.

    ``since`` is when the condition began to hold, ``changed_at`` when ``state`` was entered,
    ``held_at`` when the condition held last, ``fired_at`` the newest moments at which it began to
    fire, all in epoch seconds. ``value`` is None when there is no reading; ``baseline`` is what it
    was compared with, a line or an earlier value, in the KPI's unit.
    """

    rule: str
    state: AlertState
    slice: Slice
    kpi: str
    window: str
    unit: str = ""
    value: float | None
    baseline: float | None = None
    sample: int
    since: float
    changed_at: float
    held_at: float = 0.0
    fired_at: tuple[float, ...] = ()
    fingerprint: str
    severity: Severity
    owner: str
    action: str
    summary: str
    labels: dict[str, str] = {}
    inhibits: tuple[str, ...] = ()
    """The names of the rules that are not told of while this one fires."""
    currency: str | None = None
    evidence: Evidence
    why: Why | None = None

    @property
    def identity(self) -> tuple[str, AlertState, float]:
        """What names this transition: the same for every repeat of it, and for nothing else."""
        return (self.fingerprint, self.state, self.changed_at)

    @property
    def is_news(self) -> bool:
        """Whether people are told: of firing and resolved, not of pending and inactive."""
        return self.state in (AlertState.firing, AlertState.resolved)

    @property
    def is_active(self) -> bool:
        """Whether the condition holds: pending or firing."""
        return self.state in (AlertState.pending, AlertState.firing)

    @property
    def all_labels(self) -> dict[str, str]:
        """All that alerts are selected, grouped and routed by; the same as long as it lives."""
        currency = {"currency": self.currency} if self.currency else {}
        return {
            **self.labels,
            **dict(self.slice),
            **currency,
            "alertname": self.rule,
            "severity": self.severity.value,
            "kpi": self.kpi,
            "window": self.window,
            "owner": self.owner,
        }

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return {
            "kind": "alert",
            **plain,
            "slice": dict(self.slice),
            **{name: rfc3339(plain[name]) for name in ("since", "changed_at", "held_at")},
            "fired_at": [rfc3339(at) for at in self.fired_at],
        }


encode: Final[Callable[[Alert], bytes]] = msgspec.msgpack.Encoder().encode
"""An alert as bytes, for a topic or a state row."""

decode: Final[Callable[[bytes], Alert]] = msgspec.msgpack.Decoder(Alert).decode
"""The alert that `encode` wrote; raises msgspec.DecodeError."""


def fingerprint(rule: str, part: Slice, currency: str | None = None) -> str:
    """16 hexadecimal digits that stand for a rule and a slice, in every process and release.

    Readings in two currencies are two alerts, so a currency counts where there is one.
    """
    named = [("rule", rule), *sorted(part)] + ([("currency", currency)] if currency else [])
    return hashlib.blake2b(slice_key(tuple(named)), digest_size=8).hexdigest()


def begun(
    rule: Rule,
    part: Slice,
    currency: str | None,
    unit: str,
    inhibits: tuple[str, ...],
    now_s: float,
) -> Alert:
    """An alert of a rule at the moment at which its condition begins to hold, inactive yet."""
    return Alert(
        rule=rule.name,
        state=AlertState.inactive,
        slice=part,
        kpi=rule.kpi,
        window=rule.window,
        unit=unit,
        value=None,
        sample=0,
        since=now_s,
        changed_at=now_s,
        fingerprint=fingerprint(rule.name, part, currency),
        severity=rule.severity,
        owner=rule.owner,
        action=rule.action,
        summary=rule.summary,
        labels=rule.labels,
        inhibits=inhibits,
        currency=currency,
        evidence=Evidence("", "raw"),
    )
