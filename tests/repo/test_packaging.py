"""What is installed: the declared dependencies, their pinned versions, the package's own data."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import entry_points, packages_distributions, requires, version
from importlib.resources import files
from pathlib import Path

import pytest
from faust.transport import by_url
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kpistream.stream.transport import BatchTransport
from tests.repo.files import ROOT, text_of, toml_of

PROJECT = toml_of("pyproject.toml")["project"]
EXTRAS = PROJECT["optional-dependencies"]
PIN = re.compile(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.!]*")

PROVIDERS = packages_distributions()
"""By package, who brings it: read once, since it is in the records of all that is installed."""

BROUGHT_BY = {
    "mode-streaming": "faust-streaming",
    "multidict": "aiohttp",
    "pydantic-core": "pydantic",
    "yarl": "aiohttp",
}
"""Libraries whose types are part of another one's interface."""


def requirements(*extras: str) -> list[Requirement]:
    lines = PROJECT["dependencies"] + [line for extra in extras for line in EXTRAS[extra]]
    return [Requirement(line) for line in lines]


def pins() -> dict[str, str]:
    lines = [line for line in text_of("constraints.txt").splitlines() if not line.startswith("#")]
    pairs = (line.split("==") for line in lines)
    return {canonicalize_name(name): pinned for name, pinned in pairs}


def distributions_imported_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name.split(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module.split(".")[0])
    outside = names - sys.stdlib_module_names - {"kpistream"}
    found = {canonicalize_name(PROVIDERS.get(name, [name])[0]) for name in outside}
    return {BROUGHT_BY.get(name, name) for name in found}


def test_every_library_that_the_package_imports_is_declared() -> None:
    wanted = requirements("embedded") + requirements("grafana")
    declared = {canonicalize_name(requirement.name) for requirement in wanted}
    for path in (ROOT / "kpistream").rglob("*.py"):
        assert distributions_imported_by(path) <= declared, path


def test_a_library_that_is_not_declared_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f():\n    import hypothesis.strategies, mode\n")
    assert distributions_imported_by(module) == {"hypothesis", "faust-streaming"}


def test_constraints_are_exact_versions_and_nothing_else() -> None:
    lines = [line for line in text_of("constraints.txt").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert sorted(lines, key=lambda line: line.split("==")[0].lower()) == lines
    assert "kpistream" not in pins()


@pytest.mark.parametrize("requirement", requirements("embedded", "grafana", "dev"), ids=str)
def test_constraints_pin_a_version_that_the_project_allows(requirement: Requirement) -> None:
    if requirement.name != "kpistream":
        assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


def test_constraints_pin_what_the_dependencies_need_in_turn() -> None:
    seen, waiting = set[str](), [r for r in requirements("dev") if r.name != "kpistream"]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in seen:
            continue
        seen.add(name)
        extras = requirement.extras or {""}
        waiting += [
            needed
            for needed in map(Requirement, requires(name) or [])
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras)
        ]
    assert seen <= pins().keys()


def test_the_installed_versions_are_the_pinned_ones() -> None:
    declared = [canonicalize_name(requirement.name) for requirement in requirements()]
    assert {name: version(name) for name in declared} == {name: pins()[name] for name in declared}


def test_faust_finds_the_batch_transport_by_the_scheme_of_the_broker_url() -> None:
    (entry,) = entry_points(group="faust.transports", name="kpistream")
    assert entry.load() is BatchTransport
    assert by_url("kpistream://localhost:9092") is BatchTransport


def test_the_shipped_rules_are_package_data() -> None:
    folder = files("kpistream") / "alerts"
    shipped = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert len(shipped) > 5
    assert shipped == {p.name: p.read_bytes() for p in (ROOT / "alerts").iterdir() if p.is_file()}


def test_the_package_is_typed() -> None:
    assert (files("kpistream") / "py.typed").is_file()


def test_the_changelog_knows_the_version() -> None:
    assert re.search(rf"^## .*{re.escape(PROJECT['version'])}", text_of("CHANGELOG.md"), re.M)
