"""CONTRIBUTING.md tells the truth: its targets, its markers, and what is generated from what."""

from __future__ import annotations

import re

import pytest

from tests.repo.files import ROOT, text_of, toml_of

PAGE = text_of("CONTRIBUTING.md")
MAKEFILE = text_of("Makefile")
GENERATED = re.findall(r"^\| (`.+?) \| (`.+?) \| `make (\w+)` \|$", PAGE, re.M)
WRITERS = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for path in (ROOT / "kpistream").rglob("*.py")
    if re.search(r"writes it anew", path.read_text(encoding="utf-8").split('"""')[1])
]
"""The modules that write a page, as they say themselves."""


def named(cell: str) -> list[str]:
    """The paths or patterns in a cell of a table."""
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([\w-]+)", PAGE))))
def test_a_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.M)


@pytest.mark.parametrize("path", re.findall(r"`([\w./-]+/[\w./-]+)`", PAGE))
def test_a_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("files", "sources", "target"), GENERATED)
def test_what_is_generated_and_its_source_exist(files: str, sources: str, target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.M)
    for pattern in named(files) + named(sources):
        assert list(ROOT.glob(pattern)), pattern


def test_make_docs_runs_every_module_that_writes_a_page() -> None:
    (recipe,) = re.findall(r"^docs:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    assert set(re.findall(r"kpistream(?:\.\w+)+", recipe)) == set(WRITERS)


def test_every_page_that_make_docs_writes_is_in_the_table() -> None:
    (recipe,) = re.findall(r"^docs:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    listed = {path for files, _, _ in GENERATED for path in named(files)}
    assert {*re.findall(r"docs/[\w.]+", recipe), "docs/asyncapi.yaml"} <= listed


def test_every_marker_is_explained() -> None:
    declared = toml_of("pyproject.toml")["tool"]["pytest"]["ini_options"]["markers"]
    explained = re.findall(r"^\| `(\w+)` \|", PAGE, re.M)
    assert explained == [marker.partition(":")[0] for marker in declared]
