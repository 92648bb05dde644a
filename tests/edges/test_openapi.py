"""The OpenAPI document: the committed one is current, and what is answered is as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from jsonschema import Draft202012Validator

from kpistream.edges.web import Guard
from kpistream.edges.web.document import openapi_document
from kpistream.edges.web.openapi import OPERATIONS, written
from kpistream.edges.web.operation import API, JSON, SCOPE, Operation
from kpistream.edges.web.peer_answers import SHAPES
from tests.support.alerting import firing
from tests.support.front_desk import DELIVERY, RECEIVER, SILENCE, FrontDesk
from tests.support.known import server, worker

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
GENERIC = json.loads(written(openapi_document(OPERATIONS)))
TOKEN = "0123456789abcdef"  # noqa: S105 - of nobody


async def served(guard: Guard | None = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        server(worker(), guard=guard) as started,
        ClientSession(started.url, headers=headers) as session,
        session.get("/api/v1/openapi.json") as answer,
    ):
        assert answer.status == 200
        return await answer.json()


def shown(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_committed_document_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == written(openapi_document(OPERATIONS))


def test_every_operation_of_a_site_is_in_it_once() -> None:
    site = server(worker())._site
    declared = {one.id for one in OPERATIONS}
    assert {operation.id for operation, _ in site.routes} == declared
    ids = [operation["operationId"] for _, _, operation in shown(GENERIC)]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


def test_what_a_peer_answers_has_the_shape_that_is_declared() -> None:
    scoped = [one for one in OPERATIONS if SCOPE in one.parameters and one.media == JSON]
    by_path = {one.path.removeprefix(API): one.answer for one in scoped if "{" not in one.path}
    assert by_path == SHAPES


async def test_the_served_one_differs_by_the_words_alone() -> None:
    document = await served(Guard(read_tokens=(TOKEN,)))
    assert document["components"] == GENERIC["components"]
    assert _without_parameters(document) == _without_parameters(GENERIC)


def _without_parameters(document: Any) -> Any:
    plain = json.loads(json.dumps(document))
    for _, _, operation in shown(plain):
        operation.pop("parameters", None)
    return plain


async def test_the_served_one_names_the_words_that_can_be_asked_for() -> None:
    parameters = (await served())["paths"]["/api/v1/readings"]["get"]["parameters"]
    by_name = {one["name"]: one["schema"] for one in parameters}
    assert by_name["window"]["items"]["enum"] == ["5m", "1h", "24h"]
    assert by_name["slice"]["items"]["enum"] == ["total", "channel", "campaign", "channel_campaign"]
    assert "clicks" in by_name["kpi"]["items"]["enum"]
    assert {"channel", "campaign"} <= set(by_name)
    assert "members" not in by_name


async def test_the_served_one_asks_for_a_token_where_one_is_needed() -> None:
    def guarded(document: Any) -> set[str]:
        return {one["operationId"] for _, _, one in shown(document) if one["security"]}

    writing = {operation.id for operation in OPERATIONS if operation.access == "write"}
    everything = {operation.id for operation in OPERATIONS if operation.access != "open"}
    assert guarded(await served()) == set()
    assert guarded(await served(Guard(write_tokens=(TOKEN,)))) == writing
    assert guarded(await served(Guard(read_tokens=(TOKEN,)))) == everything
    assert len(writing) == 3


READABLE = [one for one in OPERATIONS if one.method == "GET" and one.media == "application/json"]
PARAMETERS = {
    "readings": "?window=5m&window=1h",
    "series": "?kpi=clicks&kpi=click_through_rate&window=1h",
    "history": "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z",
}


@pytest.mark.parametrize("operation", READABLE, ids=lambda operation: operation.id)
async def test_an_answer_is_as_the_document_says(operation: Operation) -> None:
    known = worker()
    known.alerts = [*known.alerts, firing()]
    known.desk = desk = FrontDesk()
    desk.known, desk.sent = [SILENCE], [DELIVERY]
    path = operation.path.replace("{fingerprint}", firing().fingerprint)
    query = PARAMETERS.get(operation.id, "")
    if operation.id == "suppressions":
        query = f"?fingerprint={firing().fingerprint}"
    async with (
        server(known, receivers=[RECEIVER]) as started,
        ClientSession(started.url) as session,
        session.get(path + query) as answer,
    ):
        assert answer.status == operation.status
        document = await answer.json()
    assert _mistakes(operation, document) == []
    assert document


def test_an_answer_of_another_shape_is_found() -> None:
    operation = next(one for one in OPERATIONS if one.id == "health")
    assert _mistakes(operation, {"status": "fine", "workers": [{}]})


def _mistakes(operation: Operation, document: Any) -> list[str]:
    responses = GENERIC["paths"][operation.path]["get"]["responses"]
    schema = responses[str(operation.status.value)]["content"]["application/json"]["schema"]
    strict = _closed({**schema, "components": GENERIC["components"]})
    errors = Draft202012Validator(strict, format_checker=None).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in errors]


def _closed(schema: Any) -> Any:
    """The same schema, which takes no property that it does not name."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed


def test_every_problem_is_one_shape() -> None:
    for path, method, operation in shown(GENERIC):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path != "/readyz":
                assert list(answer["content"]) == ["application/problem+json"], (path, method)
