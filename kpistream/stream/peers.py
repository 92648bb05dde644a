"""Peers: who of the group owns which slices, by the assignment that all of its workers know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kpistream.core.slices import partition_of, set_name
from kpistream.edges.web.peer import Peer
from kpistream.stream.layout import NOTIFIER, Layout

Assignment = Mapping[str, Mapping[str, Sequence[int]]]
"""The URL of each worker to its partitions of the changelog of each table."""


def peers_of(assignment: Assignment, layout: Layout, sets: Sequence[tuple[str, ...]]) -> list[Peer]:
    """All workers of the group, the one that asks included."""
    return [
        Peer(
            url.rstrip("/"),
            tuple(map(set_name, sets_in(tables.get(layout.merged_table, ()), layout, sets))),
            NOTIFIER in tables.get(layout.notified_table, ()),
        )
        for url, tables in sorted(assignment.items())
    ]


def sets_in(
    partitions: Iterable[int], layout: Layout, sets: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...], ...]:
    """The sets of dimensions whose slices are in some partitions."""
    held = set(partitions)
    return tuple(
        names for names in sets if partition_of(set_name(names).encode(), layout.partitions) in held
    )
