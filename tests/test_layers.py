"""The rooms of the package: core <- edges <- stream <- cli, and the core knows no outside world.

Imports are read from the source, inside functions and under ``TYPE_CHECKING`` too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS_SEEN_FROM = {
    "core": {"core"},
    "edges": {"core", "edges"},
    "stream": {"core", "edges", "stream"},
    "cli": {"core", "edges", "stream", "cli", "settings"},
    "settings": {"core", "settings"},
    "__main__": {"cli"},
    "__init__": set[str](),
}
"""A room to the rooms it may import; a module directly in the package is a room of its own."""

LIBRARIES_OF_THE_CORE = {"msgspec", "numpy", "pydantic", "pydantic_core", "xxhash", "yaml"}

IMPURE_STANDARD_LIBRARY = {
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "signal", "threading"),
    *("http", "select", "selectors", "smtplib", "socket", "socketserver", "ssl", "urllib"),
    *("glob", "io", "os", "shutil", "subprocess", "tempfile"),
    *("random", "secrets", "time", "uuid"),
    *("importlib", "logging"),
}
"""Clocks, randomness, files, networks, other threads: what would make the core's answers differ."""

CLOCK_READINGS = {"now", "utcnow", "today", "fromtimestamp"}
"""Methods of datetime and date; ``fromtimestamp`` reads none if it is told the time zone."""

FAUST = {"faust", "mode"}


def module_name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts)


def imported(tree: ast.AST, module: str) -> Iterator[tuple[int, str]]:
    """Each import in a module: its line, and what is imported by its full name."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                base = module.split(".")[:-level] if level else []
                prefix = ".".join([*base, *([source] if source else [])])
                yield from ((node.lineno, f"{prefix}.{alias.name}") for alias in names)
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if ast.unparse(
                function
            ) in {"__import__", "import_module", "importlib.import_module"}:
                yield node.lineno, name


def room(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def forbidden_import(module: str, name: str) -> str | None:
    """Why ``module`` may not import ``name``, or None if it may."""
    here, top = room(module), name.split(".")[0]
    if here not in ROOMS_SEEN_FROM:
        return f"{here} is in no room: say in this file what it may import"
    if top == "kpistream":
        there = room(name)
        is_allowed = there in ROOMS_SEEN_FROM[here] or there not in ROOMS_SEEN_FROM
        return None if is_allowed else f"{here} imports {there}"
    if top in FAUST and here != "stream":
        return f"only stream imports {top}"
    if here != "core":
        return None
    if top in sys.stdlib_module_names:
        return f"the core is pure: {top}" if top in IMPURE_STANDARD_LIBRARY else None
    return None if top in LIBRARIES_OF_THE_CORE else f"the core knows no {top}"


def impure_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="open" | "input" | "print" as name)):
                yield node.lineno, f"the core is pure: {name}()"
            case ast.Call(func=ast.Attribute(attr="fromtimestamp"), args=[_, _]):
                pass
            case ast.Call(func=ast.Attribute(attr="fromtimestamp"), keywords=[_, *_]):
                pass
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCK_READINGS:
                yield node.lineno, f"the core reads no clock: {name}()"
            case ast.Call(func=ast.Attribute(attr="read_text" | "read_bytes" | "write_text")):
                yield node.lineno, "the core touches no files"


def violations(source: str, module: str) -> list[str]:
    """What a module does that its room may not, one line each."""
    tree = ast.parse(source)
    found = [
        (line, problem)
        for line, name in imported(tree, module)
        if (problem := forbidden_import(module, name))
    ]
    if room(module) == "core":
        found += impure_calls(tree)
    return [f"{module}:{line}: {problem}" for line, problem in sorted(set(found))]


MODULES = sorted((ROOT / "kpistream").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_each_module_keeps_to_its_room(path: Path) -> None:
    assert violations(path.read_text(encoding="utf-8"), module_name(path)) == []


@pytest.mark.parametrize(
    ("module", "source", "problem"),
    [
        ("kpistream.core.x", "import asyncio", "the core is pure: asyncio"),
        ("kpistream.core.x", "from time import monotonic", "the core is pure: time"),
        ("kpistream.core.x", "import random as dice", "the core is pure: random"),
        ("kpistream.core.x", "import os.path", "the core is pure: os"),
        ("kpistream.core.x", "import aiohttp", "the core knows no aiohttp"),
        ("kpistream.core.x", "from prometheus_client import core", "the core knows no prom"),
        ("kpistream.core.x", "def f():\n    import faust", "only stream imports faust"),
        ("kpistream.core.x", "if TYPE_CHECKING:\n    import aiokafka", "the core knows no aiok"),
        ("kpistream.core.x", "from kpistream.edges import web", "core imports edges"),
        ("kpistream.core.x", "from kpistream import edges", "core imports edges"),
        ("kpistream.core.x", "from ..edges import web", "core imports edges"),
        ("kpistream.core.x", "from .. import edges", "core imports edges"),
        ("kpistream.core.x", "from kpistream.settings import Settings", "core imports settings"),
        ("kpistream.core.x", "__import__('faust')", "only stream imports faust"),
        ("kpistream.core.x", "datetime.now(UTC)", "the core reads no clock: now()"),
        ("kpistream.core.x", "datetime.fromtimestamp(5)", "the core reads no clock: fromtimes"),
        ("kpistream.core.x", "date.today()", "the core reads no clock: today()"),
        ("kpistream.core.x", "open('x')", "the core is pure: open()"),
        ("kpistream.core.x", "Path('x').read_text()", "the core touches no files"),
        ("kpistream.edges.x", "import faust", "only stream imports faust"),
        ("kpistream.edges.x", "from mode import Service", "only stream imports mode"),
        ("kpistream.edges.x", "from kpistream.stream import app", "edges imports stream"),
        ("kpistream.edges.web.x", "from ...cli import main", "edges imports cli"),
        ("kpistream.edges.x", "import kpistream.settings", "edges imports settings"),
        ("kpistream.stream.x", "import kpistream.cli.worker", "stream imports cli"),
        ("kpistream.stream.x", "import kpistream.settings", "stream imports settings"),
        ("kpistream.cli.x", "import faust", "only stream imports faust"),
        ("kpistream.settings.x", "from kpistream.edges import web", "settings imports edges"),
        ("kpistream.settings.__init__", "import kpistream.cli", "settings imports cli"),
        ("kpistream.helpers", "import os", "helpers is in no room"),
    ],
)
def test_a_module_that_leaves_its_room_is_found(module: str, source: str, problem: str) -> None:
    (found,) = violations(source, module)
    assert problem in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "kpistream.core.x",
            "import math, msgspec, numpy, yaml, xxhash\nfrom pydantic import BaseModel",
        ),
        ("kpistream.core.x", "from kpistream.core.slices import Slice\nfrom .money import SCALE"),
        ("kpistream.core.x", "from datetime import datetime\ndatetime.fromtimestamp(5, UTC)"),
        ("kpistream.core.x", "datetime.fromtimestamp(5, tz=UTC)"),
        ("kpistream.core.x", "from kpistream import __version__"),
        ("kpistream.edges.x", "import asyncio, time, aiohttp\nfrom kpistream.core import slices"),
        ("kpistream.stream.x", "import faust\nfrom kpistream.edges import metrics"),
        ("kpistream.cli.x", "from kpistream.settings import Settings\nimport kpistream.stream"),
        ("kpistream.settings.x", "from kpistream.core import days\nimport kpistream.settings.file"),
        ("kpistream.__main__", "from kpistream.cli import main"),
    ],
)
def test_a_module_that_keeps_to_its_room_is_left_alone(module: str, source: str) -> None:
    assert violations(source, module) == []


def circle(sources: Mapping[str, str]) -> list[str]:
    """Modules, by name and source, that import each other in a circle; the first that is found."""
    needs = {
        module: {
            there
            for _, name in imported(ast.parse(source), module)
            for there in (name, name.rpartition(".")[0])
            if there in sources and there != module
        }
        for module, source in sources.items()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_two_modules_import_each_other() -> None:
    sources = {module_name(path): path.read_text(encoding="utf-8") for path in MODULES}
    assert circle(sources) == []


@pytest.mark.parametrize(
    "source", ["from a.y import Y", "def f():\n    from a import y", "import a.y"]
)
def test_a_circle_is_found(source: str) -> None:
    there = "if TYPE_CHECKING:\n    from a.x import X"
    assert set(circle({"a.x": source, "a.y": there})) == {"a.x", "a.y"}
    assert circle({"a.x": source, "a.y": ""}) == []
