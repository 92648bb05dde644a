"""From settings to parts: the plan, the connection, the layout, the receivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import structlog

from kpistream.cli.wiring.config_files import (
    load_catalogue,
    load_rates,
    load_rule_files,
    unfitting_rules,
)
from kpistream.cli.wiring.misfits import misfits, needless
from kpistream.cli.wiring.special_days import NamedEvent, special_days
from kpistream.core.alerting.past.calendar import SpecialDays
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.located_yaml import ConfigError, ConfigErrors
from kpistream.core.measuring.people import People
from kpistream.core.plan import Plan
from kpistream.core.slices import Slicing
from kpistream.core.windows.days import Days
from kpistream.core.windows.windows import parse_length, parse_window
from kpistream.settings import Settings
from kpistream.stream.connection import Connection
from kpistream.stream.layout import Layout
from kpistream.stream.topics import (
    TopicReport,
    TopicSpec,
    TopicState,
    add_partitions,
    ensure_topics,
)

HOLIDAY_YEARS: Final = (2015, 2049)
"""The years whose public holidays are known: more than any worker or file of events lives."""

log: Final = structlog.get_logger(__name__)

_UNFITTING: Final = (
    "{} of the shipped rules are skipped, for want of their windows, slices or KPIs: {}; "
    "set `rules` to files of yours, or to [] for none"
)


def build_plan(settings: Settings) -> Plan:
    """What the core needs, and a logged warning for all that is left out.

    Raises :class:`ConfigErrors` for a bad catalogue, rules or rates file, and for what of them does
    not fit the settings.
    """
    plan, warnings = read_plan(settings)
    for warning in warnings:
        log.warning(warning)
    return plan


def read_plan(settings: Settings) -> tuple[Plan, list[str]]:
    """The plan, and a sentence for all that is left out; raises :class:`ConfigErrors`."""
    written = load_catalogue(settings)
    slicing = Slicing(settings.slices, written.dimensions)
    if mistakes := [*misfits(settings, written, slicing)]:
        raise ConfigErrors(mistakes)
    rules = load_rule_files(settings, written, slicing)
    catalogue = written.over(settings.topics)
    plan = _plan(settings, catalogue, slicing, rules)
    named = [(f"rule {rule.name}", kpi) for rule in rules for kpi in sorted(rule.kpis)]
    named += [(f"objective {objective.id}", objective.kpi) for objective in written.objectives]
    left_out = [
        f"{name} is skipped: {_why_left_out(kpi, written, settings)}"
        for name, kpi in named
        if kpi not in catalogue.kpis
    ]
    unfitting = [*unfitting_rules(settings, written, slicing)]
    if unfitting:
        left_out.append(_UNFITTING.format(len(unfitting), ", ".join(unfitting)))
    return plan, [*needless(settings, written, slicing), *left_out]


def _plan(
    settings: Settings, catalogue: Catalogue, slicing: Slicing, rules: Iterable[Rule]
) -> Plan:
    days = Days(settings.zone)
    return Plan(
        catalogue=catalogue,
        topics=settings.topics,
        slicing=slicing,
        windows=tuple(parse_window(name, days) for name in settings.windows),
        rules=tuple(rule for rule in rules if rule.kpis <= catalogue.kpis.keys()),
        currency=settings.currency,
        rates=load_rates(settings),
        days=days,
        special_days=_special_days(settings),
        limits={
            dimension: settings.member_limits.get(dimension, settings.member_limit)
            for dimension in slicing.dimensions
        },
        skew_ms=parse_length(settings.max_skew) * 1000,
        silence_ms=parse_length(settings.silence) * 1000,
        horizons_ms={
            event: parse_length(text) * 1000 for event, text in settings.duplicate_horizons.items()
        },
        id_key=settings.id_key_number,
        people=People(settings.id_key_bytes),
        max_event_bytes=settings.max_event_bytes,
    )


def _special_days(settings: Settings) -> SpecialDays:
    country, _, part = (settings.holidays or "").partition("-")
    events = [
        NamedEvent(one.name, date.fromisoformat(one.begin), date.fromisoformat(one.end))
        for one in settings.special_days
    ]
    try:
        return special_days(country or None, part or None, events, *HOLIDAY_YEARS)
    except ValueError as error:
        raise ConfigErrors([settings.error(("holidays",), str(error))]) from None


def _why_left_out(kpi: str, written: Catalogue, settings: Settings) -> str:
    missing = set(written.events_of(kpi)) - set(settings.topics)
    wanted = ", ".join(f"topics.{event}" for event in written.events if event in missing)
    return f"{kpi} needs the setting {wanted}"


def connection(settings: Settings) -> Connection:
    """How this worker reaches the brokers."""
    password = settings.broker_password
    return Connection(
        bootstrap=settings.broker,
        security=settings.broker_security,
        mechanism=settings.broker_mechanism,
        username=settings.broker_username,
        password=password.get_secret_value() if password is not None else None,
        ca_file=settings.broker_ca_file,
        session_timeout_s=settings.session_timeout,
    )


def planned_layout(settings: Settings) -> Layout:
    """The topics as they would be created."""
    return layout_over(settings, {})


def layout_over(settings: Settings, partitions: Mapping[str, int]) -> Layout:
    """The topics, given how many partitions those event topics have that exist."""
    return Layout(
        settings.app_id,
        settings.topics,
        {
            event: partitions.get(topic, settings.partitions)
            for event, topic in settings.topics.items()
        },
        settings.partitions,
        settings.replication_factor,
        parse_length(settings.alerts_kept),
    )


async def create_topics(settings: Settings) -> tuple[Layout, list[TopicSpec], TopicReport]:
    """Create the topics that are missing; the layout that then is, and what was wanted.

    Event topics may have another number of partitions than is set, and more than they had: their
    tables follow. Raises :class:`ConfigErrors` for any other topic that has another number.
    """
    link = connection(settings)
    options = link.client_options()
    planned = planned_layout(settings)
    event_topics = set(settings.topics.values())
    events = [spec for spec in planned.specs() if spec.name in event_topics]
    found = await ensure_topics(link.servers, events, settings.replication_factor, **options)
    layout = layout_over(settings, {topic: state.partitions for topic, state in found.items()})
    specs = layout.specs()
    report = dict(await ensure_topics(link.servers, specs, settings.replication_factor, **options))
    mistakes = [e for s in specs if (e := partition_mistake(layout, s, report[s.name]))]
    if mistakes:
        raise ConfigErrors(mistakes)
    short = {s.name: s.partitions for s in specs if is_short(layout, s, report[s.name])}
    if short:
        await add_partitions(link.servers, short, **options)
        report |= {name: replace(report[name], partitions=n) for name, n in short.items()}
    merged = {
        name: found[name] if name in event_topics and found[name].created else state
        for name, state in report.items()
    }
    return layout, specs, merged


def is_short(layout: Layout, spec: TopicSpec, state: TopicState) -> bool:
    """Whether it is a table of an event topic that was given more partitions since.

    Partition p of the table belongs to partition p of the topic, so new ones are empty, too.
    """
    return spec.name in layout.measured_tables and state.partitions < spec.partitions


def partition_mistake(layout: Layout, spec: TopicSpec, state: TopicState) -> ConfigError | None:
    """What is wrong with the number of partitions of a topic of our own, unless it can grow."""
    if spec.name in layout.events.values() or state.partitions == spec.partitions:
        return None
    if is_short(layout, spec, state):
        return None
    problem = f"has {state.partitions} partitions, not {spec.partitions}; "
    if spec.name in layout.measured_tables:
        problem += "its event topic was made again with fewer: set another `app_id`"
    elif spec.name in layout.notifier_topics:
        problem += "it was not made by this release: delete it, or set another `app_id`"
    else:
        problem += f"set `partitions` to {state.partitions}, or another `app_id`"
    return ConfigError("broker", 0, spec.name, problem)
