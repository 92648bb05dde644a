"""From settings to parts: the plan, the connection, the layout, the receivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kpistream.core.alerts import Alert
from kpistream.core.catalogue import Catalogue
from kpistream.core.located_yaml import ConfigError, ConfigErrors
from kpistream.core.plan import Plan
from kpistream.core.rules import Rule, Vocabulary, load_rules
from kpistream.core.slices import Slicing
from kpistream.core.windows import parse_length, parse_window
from kpistream.edges.alertmanager_payload import message_id, payload
from kpistream.edges.webhook import Delivery, Target, Try, WebhookSender
from kpistream.settings import Settings, Webhook
from kpistream.stream.connection import Connection
from kpistream.stream.layout import Layout
from kpistream.stream.topics import TopicReport, TopicSpec, ensure_topics


def build_plan(settings: Settings) -> Plan:
    """What the core needs; raises :class:`ConfigErrors` for a bad catalogue or rules file."""
    catalogue = load_catalogue(settings)
    slicing = Slicing(settings.slices)
    rules = load_rule_files(settings.rules, catalogue, settings.windows, slicing)
    return Plan(
        catalogue=catalogue,
        topics=settings.topics,
        slicing=slicing,
        windows=tuple(parse_window(name) for name in settings.windows),
        rules=tuple(rules),
        currency=settings.currency,
        skew_ms=parse_length(settings.max_skew) * 1000,
        silence_ms=parse_length(settings.silence) * 1000,
        horizons_ms={
            event: parse_length(text) * 1000 for event, text in settings.duplicate_horizons.items()
        },
        id_key=settings.id_key_number,
        max_event_bytes=settings.max_event_bytes,
    )


def load_catalogue(settings: Settings) -> Catalogue:
    """The catalogue, as far as the topics that are read can feed it."""
    written = Catalogue.load(read_text(settings.catalogue), str(settings.catalogue))
    return written.over(settings.topics)


def load_rule_files(
    paths: Iterable[Path], catalogue: Catalogue, windows: Iterable[str], slicing: Slicing
) -> list[Rule]:
    """The rules of all files; a name may be used once."""
    vocabulary = Vocabulary(
        list(catalogue.kpis), list(windows), slicing.dimensions, list(slicing.sets)
    )
    rules: list[Rule] = []
    for path in paths:
        loaded = load_rules(read_text(path), str(path), vocabulary)
        taken = {rule.name for rule in rules}
        for rule in loaded:
            if rule.name in taken:
                problem = f"the name {rule.name!r} is taken by a rule of another file"
                raise ConfigErrors([ConfigError(str(path), 1, "rules", problem)])
        rules += loaded
    return rules


def read_text(path: Path) -> str:
    """The text of a configuration file; raises :class:`ConfigErrors` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    raise ConfigErrors([ConfigError(str(path), 1, "", problem)])


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
    return Layout(
        settings.app_id,
        settings.topics,
        dict.fromkeys(settings.topics, settings.partitions),
        settings.partitions,
    )


async def create_topics(settings: Settings) -> tuple[Layout, list[TopicSpec], TopicReport]:
    """Create the topics that are missing; the layout that then is, and what was wanted.

    Event topics may exist with another number of partitions: their tables follow. Raises
    :class:`ConfigErrors` when a table does not have the partitions of its topic.
    """
    link = connection(settings)
    options = link.client_options()
    planned = planned_layout(settings)
    event_topics = set(settings.topics.values())
    events = [spec for spec in planned.specs() if spec.name in event_topics]
    found = await ensure_topics(link.servers, events, settings.replication_factor, **options)
    layout = Layout(
        settings.app_id,
        settings.topics,
        {event: found[topic].partitions for event, topic in settings.topics.items()},
        settings.partitions,
    )
    specs = layout.specs()
    report = await ensure_topics(link.servers, specs, settings.replication_factor, **options)
    own = [spec for spec in specs if spec.name not in event_topics]
    wrong = [s for s in own if report[s.name].partitions != s.partitions]
    if wrong:
        raise ConfigErrors(
            ConfigError(
                "broker",
                0,
                spec.name,
                f"has {report[spec.name].partitions} partitions, not {spec.partitions}; "
                "delete it, or set `partitions` or `app_id`",
            )
            for spec in wrong
        )
    merged = {
        name: found[name] if name in event_topics and found[name].created else state
        for name, state in report.items()
    }
    return layout, specs, merged


class WebhookReceiver:
    """A webhook as a receiver of alerts: Alertmanager's form, retried."""

    def __init__(self, name: str, sender: WebhookSender, external_url: str) -> None:
        self._name = name
        self._sender = sender
        self._external_url = external_url

    @property
    def name(self) -> str:
        """What the settings call it."""
        return self._name

    async def tell(self, alert: Alert) -> Delivery:
        """Deliver one alert, or give up."""
        body = payload([alert], self._name, self._external_url).encode()
        return await self._sender.send(body, message_id([alert]))


def webhook_sender(webhook: Webhook, observe: Callable[[str, Try], None]) -> WebhookSender:
    """The sender of a webhook; ``observe`` hears of each try with the webhook's name."""
    target = Target.parse(webhook.url.get_secret_value())
    return WebhookSender(target, observe=lambda happened: observe(webhook.name, happened))
