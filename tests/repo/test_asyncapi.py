"""The AsyncAPI document is one by the official schema, fetched as its npm package when tested."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator

from kpistream.cli.pages.contract_page import ASYNCAPI, documents
from kpistream.core.events.event_types import SHIPPED, EventField, event_type
from tests.repo.files import yaml_of

pytestmark = pytest.mark.slow

PACKAGE: Final = "@asyncapi/specs@6.11.1"
SCHEMA: Final = "package/schemas/3.0.0.json"


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Draft7Validator:
    """The schema of AsyncAPI 3.0; it refers to nothing outside itself."""
    directory = tmp_path_factory.mktemp("npm")
    packed = subprocess.run(
        ["npm", "pack", PACKAGE, "--silent", "--ignore-scripts"],
        cwd=directory,
        env=os.environ | {"npm_config_cache": str(directory / "cache")},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert packed.returncode == 0, packed.stdout + packed.stderr
    return Draft7Validator(schema_in(directory / packed.stdout.split()[-1]))


def schema_in(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as package:
        found = package.extractfile(SCHEMA)
        assert found is not None
        schema: dict[str, Any] = json.load(found)
    return schema


def problems(official: Draft7Validator, contract: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in official.iter_errors(contract)]


def test_the_committed_document_is_valid(official: Draft7Validator) -> None:
    assert problems(official, yaml_of("docs/asyncapi.yaml")) == []


def test_a_document_with_a_users_own_types_is_valid(official: Draft7Validator) -> None:
    fields = [
        EventField("model", "text"),
        EventField("grade", "choice", False, values=("a", "b"), default="a"),
        EventField("minutes", "integer", False),
        EventField("km", "decimal", False),
        EventField("alone", "boolean", False),
        EventField("price", "money", False),
        EventField("booked_at", "moment", False),
    ]
    own = event_type("test_drive", "shop.test_drives", fields, "A drive.", covers_period=True)
    text = documents([*SHIPPED.values(), own])[ASYNCAPI]
    assert problems(official, yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("asyncapi",), "2.6.0"),
        (("info", "version"), None),
        (("channels", "clicks", "adress"), "clicks"),
        (("operations", "read_click", "action"), "subscribe"),
        (("components", "schemas", "click", "properties", "event_id", "maxLength"), "long"),
    ],
)
def test_a_broken_document_is_not_valid(
    official: Draft7Validator, path: tuple[str, ...], value: Any
) -> None:
    contract = yaml_of("docs/asyncapi.yaml")
    inner = contract
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert problems(official, contract) != []
