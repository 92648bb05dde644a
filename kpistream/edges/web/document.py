"""The OpenAPI document: what can be asked and said, written from the declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, Final

import msgspec
from aiohttp import web

from kpistream import __version__
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_bytes
from kpistream.edges.web.operation import (
    API,
    DIMENSIONS,
    JSON,
    MEMBERS,
    Access,
    Operation,
    Parameter,
    Route,
)
from kpistream.edges.web.query import refuse_unknown
from kpistream.edges.web.vocabulary import Vocabulary

PROBLEM: Final = "application/problem+json"

OPENAPI: Final = Operation(
    "GET", f"{API}openapi.json", "openapi", "This document.", answer=dict[str, Any]
)

_ITS_ID: Final = "$response.body#/id"
_REF: Final = "#/components/schemas/{name}"


class OpenApiRoutes:
    """Answers with the document of this worker."""

    def __init__(
        self, operations: Iterable[Operation], words: Vocabulary, needs: Callable[[Access], bool]
    ) -> None:
        document = openapi_document([*operations, OPENAPI], words, needs)
        self._answer = msgspec.json.encode(document)

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(OPENAPI, self.document)]

    async def document(self, request: web.Request) -> web.Response:
        """The document."""
        refuse_unknown(request.query, ())
        return json_bytes(self._answer)


def openapi_document(
    operations: Sequence[Operation],
    words: Vocabulary | None = None,
    needs: Callable[[Access], bool] = lambda access: access != "open",
) -> dict[str, Any]:
    """The document of these operations.

    ``words`` are those that can be asked for, if they are known; ``needs`` says for which access a
    token is needed.
    """
    return _Document(operations, words, needs).whole()


class _Document:
    """An OpenAPI document in the making."""

    def __init__(
        self,
        operations: Sequence[Operation],
        words: Vocabulary | None,
        needs: Callable[[Access], bool],
    ) -> None:
        self._operations = operations
        self._words = words
        self._needs = needs
        types = [type_ for operation in operations for type_ in _types_of(operation)]
        kinds = list(dict.fromkeys([published.Problem, *types]))
        shown, self._components = msgspec.json.schema_components(kinds, ref_template=_REF)
        self._schemas = dict(zip(kinds, shown, strict=True))
        for component in self._components.values():
            if "description" in component:
                component["description"] = cleandoc(component["description"])

    def whole(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for operation in self._operations:
            paths.setdefault(operation.path, {})[operation.method.lower()] = self._shown(operation)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "kpistream",
                "version": __version__,
                "description": "What a worker of kpistream can be asked; any of them answers for "
                "all, and says what is missing.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "paths": paths,
            "components": {
                "schemas": dict(sorted(self._components.items())),
                "securitySchemes": {
                    "token": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "One of the settings `read_tokens` or `write_tokens`; to "
                        "change something, one of `write_tokens`.",
                    }
                },
            },
        }

    def _shown(self, operation: Operation) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "operationId": operation.id,
            "summary": operation.summary,
            "security": [{"token": []}] if self._needs(operation.access) else [],
        }
        if operation.parameters:
            parameters = (self._parameter(one) for one in operation.parameters)
            shown["parameters"] = [one for several in parameters for one in several]
        if operation.body is not None:
            content = {JSON: {"schema": self._schemas[operation.body]}}
            shown["requestBody"] = {"required": True, "content": content}
        shown["responses"] = dict(self._responses(operation))
        return shown

    def _parameter(self, parameter: Parameter) -> list[dict[str, Any]]:
        if parameter in (DIMENSIONS, MEMBERS):
            return self._dimensions(parameter)
        schema: Mapping[str, Any] = parameter.schema or {"type": "string"}
        if parameter.words is not None and self._words is not None:
            schema = {"type": "string", "enum": list(self._words.of_kind(parameter.words))}
        return [_parameter(parameter.name, parameter, schema)]

    def _dimensions(self, parameter: Parameter) -> list[dict[str, Any]]:
        schema = parameter.schema or {}
        if self._words is None:
            any_of_them = {"type": "object", "additionalProperties": schema}
            shown = _parameter(parameter.name, parameter, any_of_them, is_many=False)
            description = f"{parameter.description} Each dimension is a parameter: channel=email."
            return [shown | {"description": description, "style": "form", "explode": True}]
        return [_parameter(name, parameter, schema) for name in self._words.dimensions]

    def _responses(self, operation: Operation) -> Iterable[tuple[str, dict[str, Any]]]:
        # An operation may answer as JSON, as text that has no schema, or as a stream of it.
        schema = {"type": "string"} if operation.answer is None else self._schemas[operation.answer]
        answer: dict[str, Any] = {
            "description": operation.status.phrase,
            "content": {operation.media: {"schema": schema}},
        }
        if operation.ended_by:
            location = {"description": "Where it is.", "schema": {"type": "string"}}
            answer["headers"] = {"Location": location}
            ending = {"operationId": operation.ended_by, "parameters": {"id": _ITS_ID}}
            answer["links"] = {operation.ended_by: ending}
        yield str(operation.status.value), answer
        for status, kind in (operation.also or {}).items():
            content = {JSON: {"schema": self._schemas[kind]}}
            yield str(status), {"description": HTTPStatus(status).phrase, "content": content}
        for status in self._problems(operation):
            content = {PROBLEM: {"schema": self._schemas[published.Problem]}}
            yield str(status), {"description": HTTPStatus(status).phrase, "content": content}

    def _problems(self, operation: Operation) -> list[int]:
        guarded = {401} if self._needs(operation.access) else set()
        refused = set() if operation.access == "open" else {403}
        return sorted({*operation.problems, *guarded, *refused})


def _types_of(operation: Operation) -> Iterable[Any]:
    kinds = (operation.body, operation.answer, *(operation.also or {}).values())
    return (kind for kind in kinds if kind is not None)


def _parameter(
    name: str, parameter: Parameter, schema: Mapping[str, Any], *, is_many: bool | None = None
) -> dict[str, Any]:
    is_many = parameter.many if is_many is None else is_many
    shown: dict[str, Any] = {
        "name": name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.required,
        "schema": dict(schema),
    }
    if is_many:
        several: dict[str, Any] = {"type": "array", "items": dict(schema)}
        if parameter.most is not None:
            several["maxItems"] = parameter.most
        shown |= {"schema": several, "style": "form", "explode": True}
    return shown
