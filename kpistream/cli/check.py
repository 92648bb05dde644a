"""``kpistream check``: is everything that people wrote right, and is the broker there?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from kpistream.cli.failures import WRONG, Failure
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import AppId, Broker, Catalogue, Config, Json, Rules
from kpistream.core.located_yaml import ConfigError, ConfigErrors
from kpistream.settings import Settings, load_settings

if TYPE_CHECKING:
    from kpistream.stream.layout import Layout
    from kpistream.stream.topics import TopicSpec, TopicState

T = TypeVar("T")

BROKER_TIME: Final = "LogAppendTime"


@dataclass(slots=True)
class _Findings:
    """What was looked at, and what was found."""

    checked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[ConfigError] = field(default_factory=list)

    def attempt(self, work: Callable[[], T]) -> T | None:
        """What ``work`` returns, or None after a mistake."""
        try:
            return work()
        except ConfigErrors as errors:
            self.errors += [error for error in errors if error not in self.errors]
            return None


def check(
    config: Config = None,
    broker: Broker = None,
    app_id: AppId = None,
    catalogue: Catalogue = None,
    rules: Rules = None,
    no_broker: Annotated[
        bool, typer.Option("--no-broker", help="Leave the broker and its topics alone.")
    ] = False,
    json: Json = False,
) -> None:
    """Check settings, catalogue, rules, the broker and its topics; exit code 2 for a mistake.

    Every mistake is a line `file:line: key: problem; allowed: ...`. Nothing is changed.
    """
    log_to_stderr("WARNING", libraries="CRITICAL")
    findings = _Findings()
    settings = findings.attempt(
        lambda: load_settings(
            config, broker=broker, app_id=app_id, catalogue=catalogue, rules=rules
        )
    )
    if settings is not None:
        findings.checked.append("settings")
        _check_webhooks(settings, findings)
        _check_files(settings, findings)
        if not no_broker:
            asyncio.run(_check_broker(settings, findings))
    _report(findings, json)
    if findings.errors:
        raise typer.Exit(WRONG)


def _check_webhooks(settings: Settings, findings: _Findings) -> None:
    from kpistream.edges.webhook import InvalidWebhookUrl, Target

    for webhook in settings.webhooks:
        try:
            target = Target.parse(webhook.url.get_secret_value())
        except InvalidWebhookUrl as error:
            findings.errors.append(
                ConfigError("settings", 0, f"webhooks.{webhook.name}", str(error))
            )
        else:
            findings.checked.append(f"webhook {webhook.name}: {target}")


def _check_files(settings: Settings, findings: _Findings) -> None:
    """The catalogue and each file of rules; rules only when the KPIs they name are known."""
    from kpistream.cli.wiring import load_catalogue, load_rule_files, read_plan
    from kpistream.core.slices import Slicing

    catalogue = findings.attempt(lambda: load_catalogue(settings))
    if catalogue is None:
        findings.warnings.append("the rules were not checked: their KPIs are in the catalogue")
        return
    findings.checked.append(
        f"catalogue {settings.catalogue}: {len(catalogue.over(settings.topics).kpis)} KPIs"
    )
    for path in settings.rules:
        slicing = Slicing(settings.slices)
        loaded = findings.attempt(
            partial(load_rule_files, [path], catalogue, settings.windows, slicing)
        )
        if loaded is not None:
            findings.checked.append(f"rules {path}: {len(loaded)} rules")
    if not findings.errors:
        read = findings.attempt(lambda: read_plan(settings))
        findings.warnings += read[1] if read is not None else []


async def _check_broker(settings: Settings, findings: _Findings) -> None:
    from kpistream.cli.broker import broker_of, describe_topics
    from kpistream.cli.wiring import layout_over, planned_layout

    planned = planned_layout(settings)
    try:
        with broker_of(settings):
            found = await describe_topics(settings, [spec.name for spec in planned.specs()])
    except Failure as failure:
        findings.errors.append(ConfigError("broker", 0, "", str(failure)))
        return
    findings.checked.append(f"broker {settings.broker}: {len(found)} topics of {settings.app_id}")
    layout = layout_over(settings, {topic: state.partitions for topic, state in found.items()})
    specs = layout.specs()
    for spec in specs:
        if spec.name in found:
            _check_topic(layout, spec, found[spec.name], findings)
    missing = [spec.name for spec in specs if spec.name not in found]
    if missing:
        findings.warnings.append(
            f"topics that do not exist yet, to be made by `kpistream topics create` or the first "
            f"worker: {', '.join(missing)}"
        )


def _check_topic(layout: Layout, spec: TopicSpec, state: TopicState, findings: _Findings) -> None:
    """Of topics that others own only the clock matters; our own must be as we make them."""
    from kpistream.cli.wiring import partition_mistake
    from kpistream.stream.topics import TIMESTAMP_TYPE

    if TIMESTAMP_TYPE in spec.config and state.timestamp_type not in (None, BROKER_TIME):
        findings.warnings.append(
            f"topic {spec.name}: {TIMESTAMP_TYPE} is {state.timestamp_type}: arrival is what "
            f"producers claim, so their clocks decide what is late; {BROKER_TIME} is better"
        )
    if spec.name in layout.events.values():
        return
    mistake = partition_mistake(layout, spec, state)
    findings.errors += [mistake] if mistake is not None else []
    for key, (wanted, actual) in state.differences(spec).items():
        if key == "partitions" and mistake is None:
            findings.warnings.append(
                f"topic {spec.name}: has {actual} partitions, and its event topic {wanted}; the "
                "next worker adds the missing ones"
            )
        elif key not in ("partitions", TIMESTAMP_TYPE):
            findings.warnings.append(f"topic {spec.name}: {key} is {actual}, not {wanted}")


def _report(findings: _Findings, json: bool) -> None:
    if json:
        write_json(_document(findings))
        return
    for error in findings.errors:
        typer.echo(str(error), err=True)
    for warning in findings.warnings:
        typer.echo(f"warning: {warning}", err=True)
    for checked in findings.checked:
        typer.echo(f"ok  {checked}")


def _document(findings: _Findings) -> dict[str, Any]:
    return {
        "kind": "check",
        "ok": not findings.errors,
        "checked": findings.checked,
        "warnings": findings.warnings,
        "errors": [
            {
                "file": error.filename,
                "line": error.line or None,
                "key": error.key,
                "problem": error.problem,
                "allowed": list(error.allowed or ()),
            }
            for error in findings.errors
        ],
    }
