"""Names that settings use: event types, dimensions and topics, a user's own among them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from kpistream.core.located_yaml import ConfigError, Located, Path, did_you_mean
from kpistream.core.slices import DIMENSIONS
from kpistream.settings.defaults import DEFAULT_TOPICS
from kpistream.settings.model import Settings


def add_own_topics(settings: Settings, own: Located) -> None:
    """Read a user's own event types from the topics that their declarations name."""
    for name in _declared(own, "events"):
        topic = _declared_topic(own, name)
        if topic is not None:
            settings.topics.setdefault(name, topic)


def mistaken_names(settings: Settings, own: Located) -> Iterator[ConfigError]:
    """Event types and dimensions that do not exist, and topics that two event types share."""
    # Of a section of the wrong kind the catalogue tells, and its names are not known.
    if isinstance(own.data.get("events", {}), dict | None):
        yield from _unknown_events(settings, [*DEFAULT_TOPICS, *_declared(own, "events")])
    if isinstance(own.data.get("dimensions", []), list | None):
        yield from _unknown_dimensions(settings, [*DIMENSIONS, *_declared(own, "dimensions")])
    yield from _shared_topics(settings)
    yield from _mistaken_receivers(settings)


def _declared(own: Located, section: str) -> dict[str, Any]:
    """What a section of the user's declares, before anybody knows whether it is right."""
    declared = own.data.get(section)
    if isinstance(declared, list):
        return dict.fromkeys(name for name in declared if isinstance(name, str))
    return declared if isinstance(declared, dict) else {}


def _declared_topic(own: Located, event: str) -> str | None:
    """The topic of an event type of the user's own; None if it is not declared as one."""
    shape = _declared(own, "events").get(event)
    if event in DEFAULT_TOPICS or not isinstance(shape, dict):
        return None
    topic = shape.get("topic")
    return topic if isinstance(topic, str) else f"{event}s"


def _unknown_events(settings: Settings, events: Collection[str]) -> Iterator[ConfigError]:
    for key in ("topics", "duplicate_horizons"):
        for name in getattr(settings, key):
            if name not in events:
                yield _unknown(settings, (key, name), "event type", name, events)


def _unknown_dimensions(settings: Settings, dimensions: Collection[str]) -> Iterator[ConfigError]:
    named: list[tuple[Path, str]] = [
        (("slices", n, m), dimension)
        for n, names in enumerate(settings.slices)
        for m, dimension in enumerate(names)
    ]
    named += [(("member_limits", name), name) for name in settings.member_limits]
    for path, name in named:
        if name not in dimensions:
            yield _unknown(settings, path, "dimension", name, dimensions)


def _unknown(
    settings: Settings, path: Path, noun: str, name: str, known: Collection[str]
) -> ConfigError:
    return settings.error(path, f"unknown {noun} {name!r}{did_you_mean(name, known)}", known)


def _shared_topics(settings: Settings) -> Iterator[ConfigError]:
    """Each event type whose topic another one has already."""
    holders: dict[str, str] = {}
    for event, topic in settings.topics.items():
        holder = holders.setdefault(topic, event)
        if holder != event:
            problem = f"{topic!r} is the topic of {holder} already: two event types cannot share"
            yield topic_error(settings, event, problem)


def _mistaken_receivers(settings: Settings) -> Iterator[ConfigError]:
    """Receivers that share a name, and mute times that nobody has declared."""
    taken = {webhook.name for webhook in settings.webhooks}
    for n, receiver in enumerate(settings.receivers):
        if receiver.name in taken:
            problem = f"the name {receiver.name!r} is taken by another receiver"
            yield settings.error(("receivers", n, "name"), problem)
        taken.add(receiver.name)
        for m, name in enumerate(receiver.mute):
            if name not in settings.mute_times:
                path = ("receivers", n, "mute", m)
                yield _unknown(settings, path, "mute time", name, settings.mute_times)


def topic_error(settings: Settings, event: str, problem: str) -> ConfigError:
    """A mistake in the topic of an event type, where that was named."""
    own = settings.own
    if own is not None and _declared_topic(own, event) == settings.topics[event]:
        return own.error(("events", event, "topic"), problem)
    return settings.error(("topics", event), problem)
