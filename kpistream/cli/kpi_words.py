"""What there is to say of a KPI, in English and French."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final, NamedTuple

from kpistream.core.alerting.why.stake import in_words
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.kpis.kpi import Kpi, Language
from kpistream.core.kpis.measures import Measure
from kpistream.core.kpis.notation import measure_text, written_out
from kpistream.core.money.money import format_amount
from kpistream.core.slices import set_name
from kpistream.core.texts import in_language
from kpistream.edges.metrics import families

LABELS: Final[Mapping[str, Mapping[Language, str]]] = {
    "formula": {"en": "formula", "fr": "formule"},
    "written_out": {"en": "written out", "fr": "développée"},
    "measures": {"en": "measures", "fr": "mesures"},
    "opening": {"en": "opening", "fr": "ouverture"},
    "drivers": {"en": "drivers", "fr": "leviers"},
    "stake": {"en": "at stake", "fr": "enjeu"},
    "events": {"en": "events", "fr": "événements"},
    "unit": {"en": "unit", "fr": "unité"},
    "direction": {"en": "direction", "fr": "sens"},
    "limits": {"en": "limits", "fr": "seuils"},
    "windows": {"en": "windows", "fr": "fenêtres"},
    "slices": {"en": "slices", "fr": "découpages"},
    "sample": {"en": "sample", "fr": "échantillon"},
    "classes": {"en": "classes", "fr": "classes"},
    "owner": {"en": "owner", "fr": "responsable"},
    "action": {"en": "action", "fr": "action"},
    "source": {"en": "source", "fr": "source"},
    "examples": {"en": "example", "fr": "exemple"},
    "dashboards": {"en": "dashboards", "fr": "tableaux de bord"},
    "promql": {"en": "PromQL", "fr": "PromQL"},
    "api": {"en": "API", "fr": "API"},
}

_UNITS: Final[Mapping[str, Mapping[Language, str]]] = {
    "share": {"en": "ratio, 0.03 for 3 %", "fr": "ratio, 0,03 pour 3 %"},
    "ratio": {
        "en": "ratio of money, 0.9 for 0.90 EUR per EUR",
        "fr": "ratio d'argent, 0,9 pour 0,90 EUR par EUR",
    },
    "money": {"en": "money, per currency", "fr": "monnaie, par devise"},
    "seconds": {"en": "seconds", "fr": "secondes"},
    "count": {"en": "count", "fr": "nombre"},
    "points": {"en": "points", "fr": "points"},
}

_DIRECTIONS: Final[Mapping[str, Mapping[Language, str]]] = {
    "up": {"en": "up is good", "fr": "la hausse est bonne"},
    "down": {"en": "down is good", "fr": "la baisse est bonne"},
}

_PHRASES: Final[Mapping[str, Mapping[Language, str]]] = {
    "target_up": {"en": "good from {} upwards", "fr": "bon à partir de {}"},
    "target_down": {"en": "good up to {}", "fr": "bon jusqu'à {}"},
    "urgent_up": {"en": "urgent below {}", "fr": "urgent en dessous de {}"},
    "urgent_down": {"en": "urgent above {}", "fr": "urgent au-dessus de {}"},
    "all": {"en": "all", "fr": "toutes"},
    "total": {"en": "total", "fr": "total"},
    "sample": {"en": "{}, at least {}", "fr": "{}, au moins {}"},
    "north_star": {"en": "North Star", "fr": "North Star"},
    "topic": {"en": "{} (topic {})", "fr": "{} (topic {})"},
    "unread": {
        "en": "{} (not read: no topic is set)",
        "fr": "{} (non lu : aucun topic n'est réglé)",
    },
}

_TIMES: Final[Mapping[Language, tuple[tuple[int, str, str], ...]]] = {
    "en": (
        (86_400, "day", "days"),
        (3600, "hour", "hours"),
        (60, "minute", "minutes"),
        (1, "second", "seconds"),
    ),
    "fr": (
        (86_400, "jour", "jours"),
        (3600, "heure", "heures"),
        (60, "minute", "minutes"),
        (1, "seconde", "secondes"),
    ),
}


_HALF_UP: Final = Context(prec=400, rounding=ROUND_HALF_UP)
"""Has room for every number that a float can be."""


class Place(NamedTuple):
    """What a monitor is set to: where it answers, and what it reads."""

    url: str = ""
    windows: tuple[str, ...] = ()
    topics: Mapping[str, str] | None = None
    """Event type to topic; None for the usual ones."""


def rows(kpi: Kpi, catalogue: Catalogue, place: Place, language: Language) -> dict[str, list[str]]:
    """What there is to say of a KPI, by the names of :data:`LABELS`."""
    formula = " ".join(kpi.formula.split())
    told = {
        "formula": [formula],
        "written_out": [text] if (text := written_out(kpi.expression)) != formula else [],
        "measures": [f"{m.name} = {measure_text(m)}" for m in kpi.measures],
        "opening": [text for m in kpi.measures for text in _openings(m, language)],
        "drivers": [kpi.drivers.text] if kpi.drivers else [],
        "stake": [in_words(kpi, kpi.stake)] if kpi.stake else [],
        "events": [_event(*item, language) for item in topics(kpi, catalogue, place).items()],
        "unit": [_UNITS["share" if is_share(kpi) else kpi.unit][language]],
        "direction": [_DIRECTIONS[kpi.direction][language]],
        "limits": _limits(kpi, language),
        "windows": [", ".join(kpi.windows) or _PHRASES["all"][language]],
        "slices": [slices_text(kpi, language)],
        "sample": [_PHRASES["sample"][language].format(kpi.sample, kpi.minimum_sample)],
        "classes": [", ".join(_classes(kpi, language))],
        "owner": [in_language(kpi.owner, kpi.texts, language)],
        "action": [in_language(kpi.action, kpi.texts, language)],
        "source": [", ".join(kpi.source)] if kpi.source else [],
        "examples": [example_text(kpi, index, language) for index in range(len(kpi.examples))],
        "dashboards": [", ".join(dashboards(kpi, catalogue))],
        "promql": [promql(kpi, place)],
        "api": [api(kpi, place)],
    }
    return {name: texts for name, texts in told.items() if any(texts)}


def document(kpi: Kpi, catalogue: Catalogue, place: Place) -> dict[str, Any]:
    """The same for programs."""
    return {
        "kind": "kpi",
        "id": kpi.id,
        "name": kpi.name,
        "description": kpi.description,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "formula": kpi.formula,
        "written_out": written_out(kpi.expression),
        "measures": {measure.name: measure_text(measure) for measure in kpi.measures},
        "drivers": kpi.drivers.text if kpi.drivers else None,
        "stake": in_words(kpi, kpi.stake) if kpi.stake else None,
        "events": topics(kpi, catalogue, place),
        "sample": kpi.sample,
        "minimum_sample": kpi.minimum_sample,
        "windows": kpi.windows,
        "slices": kpi.slices,
        "classes": kpi.classes,
        "stage": kpi.stage,
        "north_star": kpi.north_star,
        "owner": kpi.owner,
        "action": kpi.action,
        "texts": kpi.texts,
        "source": kpi.source,
        "target": kpi.target,
        "urgent": kpi.urgent,
        "examples": [
            {"text": example.text, "given": example.given, "value": example.value}
            for example in kpi.examples
        ],
        "dashboards": dashboards(kpi, catalogue),
        "promql": promql(kpi, place),
        "api": api(kpi, place),
    }


def topics(kpi: Kpi, catalogue: Catalogue, place: Place) -> dict[str, str | None]:
    """The event types that a KPI needs, with the topics they are read from, if they are."""
    usual = {name: kind.topic for name, kind in catalogue.events.items()}
    read = usual if place.topics is None else place.topics
    return {event: read.get(event) for event in catalogue.events_of(kpi.id)}


def dashboards(kpi: Kpi, catalogue: Catalogue) -> list[str]:
    """The dashboards that show a KPI."""
    return [name for name, kpis in catalogue.dashboards.items() if kpi.id in kpis]


def promql(kpi: Kpi, place: Place) -> str:
    """The query of a KPI's gauge, for the total and one of its windows."""
    labels = f'kpi="{kpi.id}", window="{_window(kpi, place)}", slice="{set_name(())}"'
    return f"{families.KPI.name}{{{labels}}}"


def api(kpi: Kpi, place: Place) -> str:
    """The address that answers with a KPI's readings over one of its windows."""
    return f"{place.url}/api/v1/readings?kpi={kpi.id}&window={_window(kpi, place)}"


def _window(kpi: Kpi, place: Place) -> str:
    """The first window that a KPI is for and that is read; else one that is read."""
    both = [name for name in kpi.windows if not place.windows or name in place.windows]
    return [*both, *place.windows, *kpi.windows, "24h"][0]


def slices_text(kpi: Kpi, language: Language) -> str:
    """The sets of dimensions that a KPI is read for."""
    if kpi.slices is None:
        return _PHRASES["all"][language]
    total = _PHRASES["total"][language]
    return ", ".join(" + ".join(names) or total for names in kpi.slices)


def example_text(kpi: Kpi, index: int, language: Language) -> str:
    """A worked example and its value."""
    example = kpi.examples[index]
    colon = ": " if language == "en" else " : "
    return example.text[language] + colon + value_text(kpi, example.value, language)


def is_share(kpi: Kpi) -> bool:
    """Whether a value is told in percent; people say a ROAS of 0.9."""
    return kpi.unit == "ratio" and not kpi.has_money


def value_text(kpi: Kpi, value: float, language: Language) -> str:
    """A value as its unit is read: `3 %`, `0.25 EUR`, `30 days`, and `0.9` for a ROAS."""
    match kpi.unit:
        case "ratio" if is_share(kpi):
            return f"{number_text(value * 100, language)} %"
        case "money":
            return f"{number_text(value, language)} EUR"
        case "seconds":
            return _duration(value, language)
    return number_text(value, language)


def number_text(value: float, language: Language) -> str:
    """A number with at most two decimals: `1,666.67`, `1 666,67`."""
    text = decimal_text(value, 2).removesuffix(".00")
    text = text.rstrip("0") if "." in text else text
    return text if language == "en" else text.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")


def decimal_text(value: float, decimals: int) -> str:
    """A number with so many decimals, half rounded up as people do: 1.005 is `1.01`."""
    step = Decimal(1).scaleb(-decimals)
    return f"{Decimal(repr(value)).quantize(step, context=_HALF_UP):,f}"


def _duration(value: float, language: Language) -> str:
    times = _TIMES[language]
    length, one, more = next((time for time in times if value >= time[0]), times[-1])
    return f"{number_text(value / length, language)} {one if value == length else more}"


def _event(event: str, topic: str | None, language: Language) -> str:
    phrase = _PHRASES["unread" if topic is None else "topic"][language]
    return phrase.format(event, topic)


def _openings(measure: Measure, language: Language) -> Iterable[str]:
    """What a level began with: `active_customers = 300 (shop=nord)`."""
    for part, currency, raw in measure.opening:
        where = " ".join(f"{name}={member}" for name, member in part)
        amount = _opening_text(measure, currency, raw)
        yield f"{measure.name} = {amount} ({where or _PHRASES['total'][language]})"


def _opening_text(measure: Measure, currency: str, raw: int) -> str:
    if currency:
        return f"{format_amount(raw, currency)} {currency}"
    return f"{Decimal(raw) / (measure.factor * measure.units_per_one):f}"


def _limits(kpi: Kpi, language: Language) -> list[str]:
    limits = {"target": kpi.target, "urgent": kpi.urgent}
    texts = (
        _PHRASES[f"{name}_{kpi.direction}"][language].format(value_text(kpi, value, language))
        for name, value in limits.items()
        if value is not None
    )
    return [text] if (text := ", ".join(texts)) else []


def _classes(kpi: Kpi, language: Language) -> Iterable[str]:
    star = [_PHRASES["north_star"][language]] if kpi.north_star else []
    return (*star, *kpi.classes, *([kpi.stage] if kpi.stage else []))
