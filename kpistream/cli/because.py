"""Because: what explains a change, as a sentence. Workers tell it in English; here it is in French.

`A baissé de 2,1 à 0,8 : 92 % par campagne autumn ; 80 % par Panier moyen.`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final, Protocol

from kpistream.core.alerting.why.segments import REST, UNEXPLAINED
from kpistream.core.alerting.why.why import Driver, Segment
from kpistream.core.kpis.kpi import Language
from kpistream.core.names import dimension_name

_WORTH_TELLING: Final = 0.2
"""A member, or a driver, that explains less than this share of a change is not told."""

_MORE: Final = 1.005
"""A share that would be told as more than 100 %, because others go against it."""

_DRIVER: Final = re.compile(r"(?<![\w=])\w+(?= explains )")
"""The id of a KPI in a worker's sentence."""


class Explained(Protocol):
    """What a worker says of why a value is what it is."""

    @property
    def value(self) -> float | None: ...
    @property
    def before(self) -> float | None: ...
    @property
    def segments(self) -> Sequence[Segment]: ...
    @property
    def drivers(self) -> Sequence[Driver]: ...
    @property
    def sentence(self) -> str: ...


@dataclass(frozen=True)
class Telling:
    """How one reads: the language, and how values, parts, members and KPIs are told in it."""

    language: Language
    value: Callable[[float], str]
    part: Callable[[float], str]
    member: Callable[[str], str]
    kpi: Callable[[str], str]


def because(why: Explained, telling: Telling) -> str:
    """What explains a change, for a reader; nothing if there was none."""
    if telling.language == "en" or why.value is None:
        return _DRIVER.sub(lambda found: telling.kpi(found[0]), why.sentence)
    if why.before is None or why.value == why.before:
        return ""
    verb = "A baissé" if why.value < why.before else "A augmenté"
    change = f"{verb} de {telling.value(why.before)} à {telling.value(why.value)}"
    parts = [*_by_member(why, why.value - why.before, telling), *_by_driver(why, telling)]
    return f"{change} : {' ; '.join(parts)}." if parts else f"{change}."


def _by_member(why: Explained, change: float, telling: Telling) -> Iterator[str]:
    """The member that did most of a change, if that is worth telling."""
    shares = [
        ((one.mix + one.rate) / change, one)
        for one in why.segments
        if one.member not in (REST, UNEXPLAINED)
    ]
    share, most = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    if most is not None and share >= _WORTH_TELLING:
        dimension = dimension_name(most.dimension, telling.language)
        yield f"{_share(share, telling)} par {dimension} {telling.member(most.member)}"


def _by_driver(why: Explained, telling: Telling) -> Iterator[str]:
    """The KPI that did most of it, likewise."""
    whole = fsum(one.effect for one in why.drivers)
    if not whole:
        return
    share, kpi = max((one.effect / whole, one.kpi) for one in why.drivers)
    if share >= _WORTH_TELLING:
        yield f"{_share(share, telling)} par {telling.kpi(kpi)}"


def _share(share: float, telling: Telling) -> str:
    return "plus de 100 %" if share >= _MORE else telling.part(share)
