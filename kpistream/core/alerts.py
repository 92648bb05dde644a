"""The life of an alert: inactive, pending, firing, resolved. Time is passed in.

    inactive --condition holds--> pending --held for `for`--> firing --holds no more--> resolved
                                  pending --holds no more--> inactive

With `for: 0s` an alert fires at once. A resolved or inactive alert starts anew when the condition
holds again. An alert makes at most one transition a moment, so (fingerprint, state, changed_at)
names a transition, and whoever sees one twice can drop the repeat.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from kpistream.core.instants import rfc3339
from kpistream.core.readings import Board, Reading
from kpistream.core.rules import Comparison, Rule, Severity
from kpistream.core.slices import Slice, slice_key

ROUNDING: Final = 1e-9
"""Two values this close, relative to each other, are one value (20 % + 50 % of it is 30 %)."""


class AlertState(StrEnum):
    """Where an alert is in its life."""

    inactive = "inactive"
    pending = "pending"
    firing = "firing"
    resolved = "resolved"


class Alert(msgspec.Struct, frozen=True):
    """A rule's state for one slice (and currency), with the newest value it was judged on.

    ``since`` is when the condition began to hold, ``changed_at`` when ``state`` was entered, both
    in epoch seconds. ``value`` is None when there is no reading, ``previous`` unless the rule looks
    at the window before. ``threshold`` is the rule's, and means what ``comparison`` says.
    """

    rule: str
    state: AlertState
    slice: Slice
    kpi: str
    window: str
    comparison: Comparison
    threshold: float
    value: float | None
    previous: float | None
    sample: int
    since: float
    changed_at: float
    fingerprint: str
    severity: Severity
    owner: str
    action: str
    summary: str
    currency: str | None = None

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

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        plain = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            "kind": "alert",
            **{name: str(v) if isinstance(v, StrEnum) else v for name, v in plain.items()},
            "slice": dict(self.slice),
            "since": rfc3339(self.since),
            "changed_at": rfc3339(self.changed_at),
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


def holds(rule: Rule, reading: Reading | None, before: Reading | None) -> bool:
    """Whether a rule's condition is true; never without a reading or on too small a sample."""
    if reading is None or reading.sample < rule.minimum_sample:
        return False
    if rule.comparison is Comparison.below:
        return reading.value < rule.threshold
    if rule.comparison is Comparison.above:
        return reading.value > rule.threshold
    if before is None or before.sample < rule.minimum_sample:
        return False
    return _rises(reading.value, before, rule.threshold)


def judge(
    rule: Rule, state: Alert | None, reading: Reading | None, before: Reading | None, now_s: float
) -> tuple[Alert | None, bool]:
    """The alert at `now_s` (epoch seconds) and whether it changed state.

    `reading` is of the rule's KPI, window and one of its slices; `before` is the same for the
    window before, needed by `rises_by` alone. A missing reading counts as a condition that does
    not hold. While an alert is active, its values follow the newest reading without a transition;
    a moment that is not after the last transition changes nothing.
    """
    if state is not None and now_s <= state.changed_at:
        return state, False
    following = _next_state(rule, state, holds(rule, reading, before), now_s)
    if state is None or not state.is_active:
        if reading is None or following is AlertState.inactive:
            return state, False
        return _alert(rule, following, reading, before, now_s, now_s), True
    changed = following is not state.state
    changed_at = now_s if changed else state.changed_at
    if reading is None:
        return _without_reading(state, following, changed_at), changed
    return _alert(rule, following, reading, before, state.since, changed_at), changed


def retire(state: Alert, now_s: float) -> tuple[Alert, bool]:
    """The end of an alert whose rule is gone: pending becomes inactive, firing resolved."""
    if not state.is_active or now_s <= state.changed_at:
        return state, False
    return _without_reading(state, _ended(state.state), now_s), True


def judge_board(
    rules: Iterable[Rule],
    states: Mapping[str, Alert],
    board: Board,
    before: Callable[[Reading], Reading | None],
    now_s: float,
) -> list[tuple[Alert, bool]]:
    """Every alert that a board gives rise to or that existed, each with whether it changed.

    `states` holds the alerts by fingerprint; the pairs replace its entries. Alerts whose reading or
    rule has gone are judged too; on an incomplete reading an alert stays as it is. `before` gives
    the reading of the window before a reading's, and is only asked for rules that need it.
    """
    by_name = {rule.name: rule for rule in rules}
    judged: dict[str, tuple[Alert | None, bool]] = {}
    for rule, reading in _watched(by_name.values(), board):
        key = fingerprint(rule.name, reading.slice, reading.currency)
        if reading.trust == "incomplete":
            judged[key] = states.get(key), False
            continue
        earlier = before(reading) if rule.comparison is Comparison.rises_by else None
        judged[key] = judge(rule, states.get(key), reading, earlier, now_s)
    unseen = [state for key, state in states.items() if key not in judged]
    found = [(alert, changed) for alert, changed in judged.values() if alert is not None]
    return found + [_judge_unseen(by_name.get(state.rule), state, now_s) for state in unseen]


def _watched(rules: Iterable[Rule], board: Board) -> Iterator[tuple[Rule, Reading]]:
    for rule in rules:
        for reading in board.of(rule.kpi, rule.window):
            if rule.matches(reading.slice):
                yield rule, reading


def _judge_unseen(rule: Rule | None, state: Alert, now_s: float) -> tuple[Alert, bool]:
    if rule is None or not rule.matches(state.slice):
        return retire(state, now_s)
    alert, changed = judge(rule, state, None, None, now_s)
    return alert or state, changed


def _rises(value: float, before: Reading, fraction: float) -> bool:
    """Whether a value is at least `fraction` of the one before above it.

    A window before at 0 is read as if it had seen one unit of the numerator (one unsubscription),
    or else the first one ever would be an infinite rise. Below 0, up is still up.
    """
    base = before.value or 1 / (before.denominator or 1)
    wanted = base + fraction * abs(base)
    return value > wanted or math.isclose(value, wanted, rel_tol=ROUNDING)


def _next_state(rule: Rule, state: Alert | None, holding: bool, now_s: float) -> AlertState:
    if not holding:
        return _ended(state.state) if state is not None else AlertState.inactive
    if state is not None and state.state is AlertState.firing:
        return AlertState.firing
    since = state.since if state is not None and state.is_active else now_s
    return AlertState.firing if now_s - since >= rule.for_s else AlertState.pending


def _ended(state: AlertState) -> AlertState:
    return AlertState.resolved if state is AlertState.firing else AlertState.inactive


def _without_reading(state: Alert, following: AlertState, changed_at: float) -> Alert:
    return msgspec.structs.replace(
        state, state=following, value=None, previous=None, sample=0, changed_at=changed_at
    )


def _alert(
    rule: Rule,
    state: AlertState,
    reading: Reading,
    before: Reading | None,
    since: float,
    changed_at: float,
) -> Alert:
    looks_back = rule.comparison is Comparison.rises_by
    return Alert(
        rule=rule.name,
        state=state,
        slice=reading.slice,
        kpi=rule.kpi,
        window=rule.window,
        comparison=rule.comparison,
        threshold=rule.threshold,
        value=reading.value,
        previous=before.value if before is not None and looks_back else None,
        sample=reading.sample,
        since=since,
        changed_at=changed_at,
        fingerprint=fingerprint(rule.name, reading.slice, reading.currency),
        severity=rule.severity,
        owner=rule.owner,
        action=rule.action,
        summary=rule.summary,
        currency=reading.currency,
    )
