"""``kpistream check``: is everything that people wrote right, and is the broker there?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from kpistream.cli.checking.findings import Findings
from kpistream.cli.failures import WRONG
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import AppId, Broker, Catalogue, Config, Json, Rules
from kpistream.settings import Settings, load_settings


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
    """Check settings, catalogue, rules, rates, the broker and its topics; exit code 2 for mistakes.

    Every mistake is a line `file:line: key: problem; allowed: ...`, and advice begins with
    `warning:`. Nothing is changed.
    """
    log_to_stderr("WARNING", libraries="CRITICAL")
    findings = Findings()
    settings = findings.attempt(
        lambda: load_settings(
            config, broker=broker, app_id=app_id, catalogue=catalogue, rules=rules
        )
    )
    if settings is not None:
        _check(settings, findings, no_broker)
    else:
        findings.warnings.append("nothing else was checked: the settings come first")
    findings.report(json)
    if findings.errors:
        raise typer.Exit(WRONG)


def _check(settings: Settings, findings: Findings, no_broker: bool) -> None:
    from kpistream.cli.checking.files import check_files
    from kpistream.cli.checking.receivers import check_reach
    from kpistream.cli.wiring.advertised import refuse_openness
    from kpistream.cli.wiring.receivers import read_receivers
    from kpistream.core.windows.days import Days

    findings.checked.append("settings")
    _check_id_key(settings, findings)
    findings.attempt(lambda: refuse_openness(settings))
    now_s = datetime.now(UTC).timestamp()
    receivers = findings.attempt(lambda: read_receivers(settings))
    plan = check_files(settings, Days(settings.zone).date(now_s), findings)
    if receivers is not None and plan is not None:
        check_reach(settings, receivers, plan.rules, findings)
    if not no_broker:
        from kpistream.cli.checking.broker import check_broker

        asyncio.run(check_broker(settings, findings))


def _check_id_key(settings: Settings, findings: Findings) -> None:
    if settings.id_key == Settings.model_fields["id_key"].default:
        problem = (
            "is the public one of the package: hashes of ids that can be guessed, such as e-mail "
            "addresses, could be recomputed; set KPISTREAM_ID_KEY to a long random text before the "
            "first event, the same for all workers, and keep it"
        )
        findings.warnings.append(str(settings.error(("id_key",), problem)))
