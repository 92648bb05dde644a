"""The files that settings name, and what is read from them: catalogue, rules, rates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from kpistream.core.alerting.rules.rule import DEPENDENTS, Rule, Vocabulary
from kpistream.core.alerting.rules.rules_file import (
    load_fitting_rules,
    load_rules,
    unknown_inhibited,
)
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.located_yaml import ConfigError, ConfigErrors, Located, load
from kpistream.core.located_yaml import Path as Place
from kpistream.core.money.rates import Rates
from kpistream.core.slices import Slicing
from kpistream.core.windows.windows import parse_length
from kpistream.settings import SHIPPED, Settings, read_text

DAY_S: Final = 86_400


def load_catalogue(settings: Settings) -> Catalogue:
    """The catalogue as it is written, also what no topic that is read can feed."""
    return Catalogue.read(catalogue_files(settings))


def catalogue_files(settings: Settings) -> list[Located]:
    """The files of the catalogue, each over those before it: the shipped, then the user's own."""
    text = read_setting_file(settings, ("catalogue",), settings.catalogue)
    shipped = load(text, str(settings.catalogue))
    return [shipped, settings.own] if settings.own else [shipped]


def load_rates(settings: Settings) -> Rates:
    """The dated exchange rates, none if there is no file of them."""
    if settings.rates is None:
        return Rates.none(settings.currency)
    text = read_setting_file(settings, ("rates",), settings.rates)
    days = parse_length(settings.rates_max_age) // DAY_S
    return Rates.load(text, str(settings.rates), settings.currency, days)


def load_rule_files(settings: Settings, catalogue: Catalogue, slicing: Slicing) -> list[Rule]:
    """The rules of all files; a name may be used once. Raises :class:`ConfigErrors`."""
    rules: list[Rule] = []
    for index in range(len(settings.rules)):
        loaded = load_rule_file(settings, index, catalogue, slicing)
        refuse_repeated_names(settings.rules[index], loaded, rules)
        rules += loaded
    refuse_unknown_inhibited(rules, [*unfitting_rules(settings, catalogue, slicing)])
    return rules


def is_undivided(kpi: Kpi) -> bool:
    """Whether a KPI's sums over a window cannot be taken from those of a longer one."""
    return any(measure.kind in ("distinct", "level") for measure in kpi.measures)


def refuse_unknown_inhibited(rules: Iterable[Rule], left_out: Collection[str]) -> None:
    """Raise :class:`ConfigErrors` if a rule inhibits one that no file has."""
    rules = list(rules)
    names = [DEPENDENTS, *(rule.name for rule in rules)]
    errors = [
        ConfigError("rules", 0, f"{rule.name}.inhibits", f"unknown rule {name!r}", names)
        for rule, name in unknown_inhibited(rules)
        if name not in left_out
    ]
    if errors:
        raise ConfigErrors(errors)


def refuse_repeated_names(path: Path, loaded: Iterable[Rule], before: Iterable[Rule]) -> None:
    """Raise :class:`ConfigErrors` if a rule has the name of one of another file."""
    taken = {rule.name for rule in before}
    problem = "the name {!r} is taken by a rule of another file"
    errors = [
        ConfigError(str(path), 1, "rules", problem.format(rule.name))
        for rule in loaded
        if rule.name in taken
    ]
    if errors:
        raise ConfigErrors(errors)


def load_rule_file(
    settings: Settings, index: int, catalogue: Catalogue, slicing: Slicing
) -> tuple[Rule, ...]:
    """The rules of one of the files; raises :class:`ConfigErrors`.

    Of a shipped one they are those that fit the settings and the catalogue.
    """
    path = settings.rules[index]
    text = read_setting_file(settings, ("rules", index), path)
    words = vocabulary(settings, catalogue, slicing)
    if is_shipped(path):
        return load_fitting_rules(text, str(path), words)[0]
    return load_rules(text, str(path), words)


def unfitting_rules(settings: Settings, catalogue: Catalogue, slicing: Slicing) -> Iterator[str]:
    """The names of the shipped rules over windows, slices or KPIs that are not there."""
    words = vocabulary(settings, catalogue, slicing)
    for path in filter(is_shipped, settings.rules):
        yield from load_fitting_rules(read_text(path), str(path), words)[1]


def is_shipped(path: Path) -> bool:
    """Whether a file of rules came with the package."""
    return path.parent == SHIPPED / "alerts"


def vocabulary(settings: Settings, catalogue: Catalogue, slicing: Slicing) -> Vocabulary:
    """The names that rules may use."""
    return Vocabulary(
        list(catalogue.kpis),
        settings.windows,
        catalogue.dimensions,
        list(slicing.sets),
        [objective.id for objective in catalogue.objectives],
        [kpi.id for kpi in catalogue.kpis.values() if is_undivided(kpi)],
    )


def read_setting_file(settings: Settings, setting: Place, path: Path) -> str:
    """The text of the file that a setting names.

    Raises :class:`ConfigErrors` that name the setting if it cannot be read.
    """
    try:
        return read_text(path)
    except ConfigErrors as errors:
        raise ConfigErrors(
            settings.error(setting, f"{path} {error.problem}") for error in errors
        ) from None
