"""Are the files right that the settings name, and do they go together?"""

from __future__ import annotations

from datetime import date
from functools import partial

from kpistream.cli.checking.findings import Findings
from kpistream.cli.checking.rates import RatesReport
from kpistream.cli.counted import counted
from kpistream.cli.wiring.config_files import (
    DAY_S,
    catalogue_files,
    load_rule_file,
    read_setting_file,
    refuse_repeated_names,
)
from kpistream.cli.wiring.misfits import misfits, unmeasured_events
from kpistream.cli.wiring.wiring import read_plan
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.catalogue.layers import layered
from kpistream.core.catalogue.lint import lint
from kpistream.core.events.event_types import SHIPPED
from kpistream.core.located_yaml import Path
from kpistream.core.money.rates_file import read_rates
from kpistream.core.plan import Plan
from kpistream.core.slices import Slicing
from kpistream.core.windows.windows import parse_length
from kpistream.settings import Settings, unreadable


def check_files(settings: Settings, today: date, findings: Findings) -> Plan | None:
    """The catalogue, the rates and each file of rules; of ``today`` the rates may be too old.

    Rules are checked only when the KPIs that they name are known. Returns what they come to, if
    nothing is wrong.
    """
    _check_rates(settings, today, findings)
    _check_ca_file(settings, findings)
    catalogue = findings.attempt(lambda: Catalogue.read(catalogue_files(settings)))
    if catalogue is None:
        findings.warnings.append("the rules were not checked: their KPIs are in the catalogue")
        return None
    slicing = Slicing(settings.slices, catalogue.dimensions)
    _check_catalogue(settings, catalogue, slicing, findings)
    _check_rules(settings, catalogue, slicing, findings)
    read = findings.attempt(lambda: read_plan(settings)) if not findings.errors else None
    if read is None:
        return None
    plan, left_out = read
    findings.warnings += left_out
    return plan


def _check_rates(settings: Settings, today: date, findings: Findings) -> None:
    path = settings.rates
    if path is None:
        return
    worths = findings.attempt(
        lambda: read_rates(
            read_setting_file(settings, ("rates",), path), str(path), settings.currency
        )
    )
    if worths:
        report = RatesReport.of(worths)
        days = parse_length(settings.rates_max_age) // DAY_S
        findings.checked.append(f"rates {path}: {report.line()}")
        findings.warnings += [f"{path}: {text}" for text in report.warnings(today, days)]


def _check_ca_file(settings: Settings, findings: Findings) -> None:
    path = settings.broker_ca_file
    problem = None if path is None else unreadable(path)
    if problem is not None:
        findings.refuse([settings.error(("broker_ca_file",), f"{path} {problem}")])


def _check_catalogue(
    settings: Settings, catalogue: Catalogue, slicing: Slicing, findings: Findings
) -> None:
    read = catalogue.over(settings.topics)
    findings.checked.append(f"catalogue {settings.catalogue}: {counted(len(read.kpis), 'KPIs')}")
    if settings.own is not None:
        findings.checked.append(f"own catalogue {settings.own.filename}: {_added(settings)}")
    findings.checked += [
        f"event {event}: topic {settings.topics[event]}"
        for event in read.events
        if event not in SHIPPED
    ]
    findings.refuse(misfits(settings, catalogue, slicing))
    advice: list[tuple[Path, str]] = [(one.path, one.text) for one in lint(catalogue)]
    advice += unmeasured_events(read)
    if advice:
        files, _ = layered(catalogue_files(settings))
        findings.warnings += [str(files.error(path, text)) for path, text in advice]


def _added(settings: Settings) -> str:
    """What the user's own file has: ``1 event, 2 kpis``."""
    own = settings.own.data if settings.own is not None else {}
    return ", ".join(counted(len(entries), section) for section, entries in own.items() if entries)


def _check_rules(
    settings: Settings, catalogue: Catalogue, slicing: Slicing, findings: Findings
) -> None:
    rules: list[Rule] = []
    for index, path in enumerate(settings.rules):
        loaded = findings.attempt(partial(load_rule_file, settings, index, catalogue, slicing))
        if loaded is not None:
            findings.attempt(partial(refuse_repeated_names, path, loaded, rules))
            findings.checked.append(f"rules {path}: {counted(len(loaded), 'rules')}")
            rules += loaded
