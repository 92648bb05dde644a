"""Files of settings that are wrong, each with all that `kpistream check` says of it.

The first lines of a file are the expected mistakes: with a line number of the file itself, or with
the name of another file. Where a line ends in `...`, more allowed values follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from kpistream.core.located_yaml import load
from kpistream.settings import SHIPPED
from tests.cli.conftest import Run

FOLDER = Path(__file__).parent / "bad_files"
FILES = sorted(FOLDER.glob("*.yml"))


def expected(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("# ")]


def told(path: Path, errors: str) -> list[str]:
    """The mistakes as a file expects them; what shows a formula is left out."""
    mistakes = [e for e in errors.splitlines() if not e.startswith(("warning: ", "    "))]
    for prefix in (f"{path}:", f"{FOLDER}/", f"{SHIPPED}/"):
        mistakes = [mistake.removeprefix(prefix) for mistake in mistakes]
    return [mistake.replace(f" {FOLDER}/", " ") for mistake in mistakes]


def fits(wanted: str, found: str) -> bool:
    if wanted.endswith("..."):
        return found.startswith(wanted.removesuffix("..."))
    return found == wanted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_wrong_is_told_where_it_stands(kpistream: Run, path: Path) -> None:
    ran = kpistream("check", "--no-broker", "--config", path)
    assert ran.code == 2
    found, wanted = told(path, ran.err), expected(path)
    assert wanted
    assert len(found) == len(wanted), ran.err
    for one, other in zip(wanted, found, strict=True):
        assert fits(one, other), f"{other!r} is not {one!r}"


def test_there_are_at_least_fifty() -> None:
    assert len(FILES) >= 50


EXAMPLE = Path(__file__).parents[2] / "examples" / "car-dealer"
JUNK: tuple[Any, ...] = (None, True, -1, 0.5, "", "a b", [], [None], {}, {"a": 1}, [["brand"]])


def paths(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all parts of some data."""
    yield at
    listed = enumerate(data) if isinstance(data, list) else ()
    for key, value in data.items() if isinstance(data, dict) else listed:
        yield from paths(value, (*at, key))


def put(data: Any, at: tuple[Any, ...], value: Any) -> Any:
    """The same data with something else in one place."""
    if not at:
        return value
    changed = copy(data)
    changed[at[0]] = put(data[at[0]], at[1:], value)
    return changed


@pytest.mark.parametrize("seed", range(30))
def test_whatever_stands_in_a_file_it_is_read_or_explained(
    kpistream: Run, tmp_path: Path, seed: int
) -> None:
    config = EXAMPLE / "kpistream.yml"
    right = load(config.read_text(encoding="utf-8"), config.name).data
    right |= {"rules": [str(EXAMPLE / "rules.yml")], "rates": str(EXAMPLE / "rates.csv")}
    dice = Random(seed)
    wrong = put(right, dice.choice(list(paths(right))), dice.choice(JUNK))
    path = tmp_path / "kpistream.yml"
    path.write_text(yaml.safe_dump(wrong, sort_keys=False), encoding="utf-8")
    ran = kpistream("check", "--no-broker", "--config", path)
    mistakes = [e for e in ran.err.splitlines() if not e.startswith(("warning: ", "    "))]
    assert ran.code == (2 if mistakes else 0)
    assert all(mistake.startswith((f"{path}:", str(EXAMPLE))) for mistake in mistakes)
