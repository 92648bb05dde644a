"""Reports as a test reads them."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Ran, invoke


def run(*arguments: object, given: bytes | None = None) -> Ran:
    return invoke("report", *arguments, given=given)


def document(*arguments: object) -> dict[str, Any]:
    ran = run(*arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


def by_id(report: dict[str, Any]) -> dict[str, Any]:
    return {one["id"]: one for one in report["kpis"]}
