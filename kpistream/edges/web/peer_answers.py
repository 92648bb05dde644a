"""Peers' answers: what other workers say, read without believing that they are workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin

import msgspec
from msgspec import Raw, json

from kpistream.edges.web import published
from kpistream.edges.web.live.operations import ViewAnswer

SHAPES: Final[Mapping[str, Any]] = {
    "alerts": published.Alerts,
    "deliveries": published.Deliveries,
    "health": published.Health,
    "objectives": published.Objectives,
    "readings": published.Readings,
    "receivers": published.Receivers,
    "series": published.Series,
    "silences": published.Silences,
    "slices": published.Slices,
    "suppressions": dict[str, published.Suppression],
    "view": ViewAnswer,
}
"""What a worker answers, by path."""


class Misshapen(ValueError):
    """Something that no worker of this release answers."""


def read_answer(path: str, body: bytes) -> dict[str, Any]:
    """The answer of a peer, as plain dictionaries and lists; raises Misshapen.

    The items of its lists are read one by one: while one is, no other thread gets a turn.
    """
    try:
        return _read(SHAPES[path], body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Misshapen(str(error)) from error


def _read(shape: Any, body: bytes) -> dict[str, Any]:
    lists = _lists(shape)
    document: dict[str, Any] = {}
    for name, part in json.decode(body, type=dict[str, Raw]).items():
        if name in lists:
            items = json.decode(part, type=list[Raw])
            document[name] = [_item(lists[name], item) for item in items]
        else:
            document[name] = json.decode(part)
    msgspec.convert({**document, **{name: [] for name in lists if name in document}}, shape)
    return document


def _item(shape: Any, part: Raw) -> Any:
    item = json.decode(part)
    msgspec.convert(item, shape)
    return item


def _lists(shape: Any) -> dict[str, Any]:
    """The shapes of what is in the lists of a document of this shape, by their names."""
    if get_origin(shape) is dict:
        return {}
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(shape)}
    return {name: get_args(kind)[0] for name, kind in fields.items() if get_origin(kind) is list}
