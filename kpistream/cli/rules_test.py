"""``kpistream rules test``: made-up events through rules, and what they must raise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kpistream.cli.failures import FAILED, WRONG, Failure
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import Catalogue, Config, Json
from kpistream.cli.progress import ProgressLine
from kpistream.core.located_yaml import ConfigError, ConfigErrors
from kpistream.core.located_yaml import Path as Place
from kpistream.settings import load_settings, read_text

if TYPE_CHECKING:
    from kpistream.core.alerting.proof.rule_tests import Expectation, Found, RuleTest, Unmet
    from kpistream.core.alerting.proof.rule_tests_file import WrittenTests
    from kpistream.core.plan import Plan

_SETTING: Final = re.compile(r"--([a-z-]+)((?:\[\d+\])*)")
_INDEX: Final = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class _Case:
    """A test with the file it is in and the plan it runs on."""

    filename: str
    plan: Plan
    test: RuleTest


def run_tests(
    files: Annotated[
        list[Path], typer.Argument(help="Files of rule tests (YAML).", show_default=False)
    ],
    only: Annotated[
        str | None,
        typer.Option("--filter", metavar="NAME", help="Only the tests whose name has this in it."),
    ] = None,
    config: Config = None,
    catalogue: Catalogue = None,
    json: Json = False,
) -> None:
    """Run rule tests: events that are made up, and the alerts that must come of them, and when.

    Exit code 1 if a test fails, 2 if a file is wrong.
    """
    log_to_stderr("WARNING")
    cases = [case for case in _cases(files, config, catalogue) if _is_wanted(case, only)]
    if not cases:
        raise Failure(f"no test has {only!r} in its name", WRONG)
    failed = 0
    with ProgressLine() as line:
        for number, case in enumerate(cases, start=1):
            line.show(f"test {number:,} of {len(cases):,}: {case.test.name}")
            unmet = _run(case)
            failed += bool(unmet)
            _tell(case, unmet, json=json)
    if not json:
        typer.echo(f"{len(cases) - failed:,} passed, {failed:,} failed")
    if failed:
        raise typer.Exit(FAILED)


def _run(case: _Case) -> list[Unmet]:
    from kpistream.core.alerting.proof.rule_tests import run

    return run(case.test, case.plan)


def _is_wanted(case: _Case, only: str | None) -> bool:
    return only is None or only.casefold() in case.test.name.casefold()


def _cases(files: Iterable[Path], config: Path | None, catalogue: Path | None) -> list[_Case]:
    """The tests of all files; raises Failure with everything that is wrong in them."""
    cases: list[_Case] = []
    mistakes: list[str] = []
    for path in files:
        try:
            cases += _cases_of(path, config, catalogue)
        except ConfigErrors as errors:
            mistakes.append(str(errors))
    if mistakes:
        raise Failure("\n".join(mistakes), WRONG)
    return cases


def _cases_of(path: Path, config: Path | None, catalogue: Path | None) -> Iterator[_Case]:
    from kpistream.cli.wiring.wiring import build_plan
    from kpistream.core.alerting.proof.rule_tests_file import read_rule_tests

    written = read_rule_tests(read_text(path), str(path))
    rules = [path.parent / name for name in written.rules] or None
    try:
        settings = load_settings(config, catalogue=catalogue, rules=rules, **written.settings)
        plan = build_plan(settings)
    except ConfigErrors as errors:
        raise ConfigErrors(_where_written(error, written) for error in errors) from None
    return (_Case(str(path), plan, test) for test in written.tests(plan))


def _where_written(error: ConfigError, written: WrittenTests) -> ConfigError:
    """A mistake in a setting, where the file of tests has set it."""
    found = _SETTING.fullmatch(error.key) if error.filename == "flag" else None
    if found is None:
        return error
    name, inside = found[1].replace("-", "_"), map(int, _INDEX.findall(found[2]))
    if name == "rules":
        is_list = isinstance(written.located.data["rules"], list)
        path: Place = ("rules", *inside) if is_list else ("rules",)
    elif name in written.settings:
        path = ("settings", name, *inside)
    else:
        return error
    return written.located.error(path, error.problem, error.allowed)


# --- telling ---------------------------------------------------------------------------------


def _tell(case: _Case, unmet: Sequence[Unmet], *, json: bool) -> None:
    if json:
        write_json(_document(case, unmet))
        return
    typer.echo(f"{'FAIL' if unmet else 'ok':6}{case.test.name}")
    for one in unmet:
        for line in _lines(case, one):
            typer.echo(f"      {line}")


def _document(case: _Case, unmet: Sequence[Unmet]) -> dict[str, Any]:
    return {
        "kind": "rule_test",
        "file": case.filename,
        "name": case.test.name,
        "passed": not unmet,
        "unmet": [
            {
                "line": one.expectation.line,
                "at_seconds": one.expectation.at_s,
                "rule": one.expectation.rule,
                "slice": dict(one.expectation.slice),
                "expected": _expected(one.expectation),
                "found": [_found_document(found) for found in one.found],
            }
            for one in unmet
        ],
    }


def _found_document(found: Found) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(found.evidence) if found.evidence else {}
    return {
        "slice": dict(found.slice),
        "state": found.state.value,
        "value": found.value,
        "sample": found.sample,
        "evidence": {name: value for name, value in plain.items() if value is not None},
    }


def _lines(case: _Case, unmet: Unmet) -> Iterator[str]:
    from kpistream.cli.lasted import lasted_text

    one = unmet.expectation
    about = one.rule + ("" if one.firing is not None else f" {_slice(one.slice)}")
    yield f"{case.filename}:{one.line}: after {lasted_text(one.at_s)}: {about}"
    yield f"  expected {_expected(one)}"
    for found in unmet.found:
        part = f"{_slice(found.slice)} " if one.firing is not None else ""
        yield f"  found    {part}{_found(found)}"
    if not unmet.found:
        yield "  found    no alert of this rule"


def _expected(one: Expectation) -> str:
    if one.firing is not None:
        return f"firing {', '.join(map(_slice, one.firing)) or 'for no slice'}"
    near = one.value
    value = "" if near is None else f", value {near.about:g} within {near.within:g}"
    return f"{one.state}{value}"


def _found(found: Found) -> str:
    value = "no value" if found.value is None else f"value {found.value:.6g}"
    return "; ".join([f"{found.state.value}, {value}, sample {found.sample:,}", *_evidence(found)])


def _evidence(found: Found) -> Iterator[str]:
    """What the alert was judged on, as far as it is known."""
    evidence = found.evidence
    if evidence is None:
        return
    numbers = {
        "line": evidence.line,
        "p": evidence.p,
        "low": evidence.low,
        "high": evidence.high,
        "numerator": evidence.numerator,
        "denominator": evidence.denominator,
    }
    told = [f"{name} {value:.4g}" for name, value in numbers.items() if value is not None]
    yield ", ".join([f"{evidence.condition} ({evidence.method})".strip(), *told])


def _slice(part: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    members = dict(part)
    return "{" + ", ".join(f"{name}: {member}" for name, member in members.items()) + "}"
