"""Is the broker there, and are its topics as a worker needs them?"""

from __future__ import annotations

from typing import Final

from kpistream.cli.broker import broker_of, describe_topics
from kpistream.cli.checking.findings import Findings
from kpistream.cli.failures import Failure
from kpistream.cli.wiring.wiring import layout_over, partition_mistake, planned_layout
from kpistream.core.located_yaml import ConfigError
from kpistream.settings import Settings
from kpistream.stream.layout import Layout
from kpistream.stream.topics import TIMESTAMP_TYPE, TopicSpec, TopicState

BROKER_TIME: Final = "LogAppendTime"


async def check_broker(settings: Settings, findings: Findings) -> None:
    """Look at the broker and its topics; nothing is changed."""
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


def _check_topic(layout: Layout, spec: TopicSpec, state: TopicState, findings: Findings) -> None:
    """Of topics that others own only the clock matters; our own must be as we make them."""
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
