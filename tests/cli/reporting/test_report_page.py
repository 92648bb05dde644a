"""The page of a report: read back as a browser would."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any, get_args

import pytest
from msgspec import structs

from kpistream.cli.reporting.page import page
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.why.why import Driver, Segment
from kpistream.core.kpis.kpi import Language
from kpistream.core.reporting.building import build
from kpistream.core.reporting.episodes import Episode, WhyTold
from kpistream.core.reporting.findings import Findings, KpiFacts, Measured, Note, Point
from kpistream.core.reporting.period import period_with
from kpistream.core.texts import Translations
from kpistream.core.windows.days import Days

LANGUAGES: tuple[Language, ...] = get_args(Language)
HOSTILE = "\"><script src=http://evil/x.js>alert('1')</script>\u202e</style>"

WEEK = period_with("week", date(2026, 3, 11), Days("Europe/Paris"))


class Read(HTMLParser):
    """What is on a page: its elements, its texts and its tables, if all of it is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open or not data.strip():
            return
        self.texts.append(data.strip())
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip()

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def counted(now: list[float], before: list[float]) -> Measured:
    def days(values: list[float]) -> list[Point]:
        return [Point(one, one, None, 70) for one in values]

    def whole(values: list[float]) -> Point:
        return Point(sum(values), sum(values), None, 500)

    return Measured(whole(now), whole(before), days(now), days(before))


def facts(kpi: str, **more: Any) -> KpiFacts:
    given: dict[str, Any] = {
        "name": {"en": f"The {kpi}", "fr": f"Le {kpi}"},
        "description": {"en": kpi, "fr": kpi},
        "unit": "money",
        "has_money": True,
        "direction": "up",
        "owner": "web",
        "action": f"mend {kpi}",
    }
    return KpiFacts(id=kpi, **given | more)


def objective(**more: Any) -> dict[str, Any]:
    given = {
        "kind": "objective",
        "id": "spring",
        "name": {"en": "Spring", "fr": "Printemps"},
        "kpi": "revenue",
        "counts": "cumulative",
        "unit": "money",
        "direction": "up",
        "slice": {},
        "start": "2026-03-01",
        "deadline": "2026-03-31",
        "owner": "shop",
        "kpis": [],
        "status": "at_risk",
        "target": 10_000.0,
        "value": 4900.0,
        "start_value": 0.0,
        "expected": 5000.0,
        "projected": 9800.0,
        "done": 0.49,
        "needed_per_day": 318.75,
        "days_left": 15.5,
        "currency": "EUR",
        "as_of": "2026-03-16T12:00:00Z",
    }
    return given | more


def findings(name: str = "ads") -> Findings:
    """A week in which revenue fell from 7,000 EUR to 2,100 EUR, with a bit of everything."""
    fallen = counted([300.0] * 7, [1000.0] * 7)
    visits = counted([1000.0] * 7, [1000.0] * 7)
    rate = Measured(Point(0.05, 350.0, 7000.0, 7000), Point(0.06, 420.0, 7000.0, 7000))
    counts: dict[str, Any] = {"unit": "count", "has_money": False}
    return Findings(
        period=WEEK,
        as_of_s=WEEK.to_s + 43_200.0,
        currency="EUR",
        source="files",
        asked=f"{name}.ndjson",
        boards={"overview": ["revenue", "rate"], name: ["revenue", "nothing"]},
        kpis=[
            facts("revenue", north_star=True),
            facts("rate", unit="ratio", has_money=False, target=0.055, urgent=0.01),
            facts("nothing", unit="ratio", has_money=False),
            facts("visits", **counts),
        ],
        totals={"revenue": fallen, "rate": rate, "visits": visits},
        members={"channel": {name: {"revenue": counted([200.0] * 7, [900.0] * 7)}}},
        funnels={"shop": ["visits"]},
        objectives=[objective()],
        episodes=[
            Episode(
                rule="revenue_low",
                slice={"channel": name},
                kpi="revenue",
                window="24h",
                unit="money",
                severity=Severity.critical,
                begun=datetime(2026, 3, 10, 8, tzinfo=UTC),
                ended=None if hour is None else datetime(2026, 3, 10, hour, tzinfo=UTC),
                worst=12.5,
                currency="EUR",
                summary=f"Too little by {name}.",
                sentence=f"Fell by {name}.",
                at_stake_per_hour=33.0,
                stake_currency="EUR",
                owner=name,
                action=f"Ask {name}.",
            )
            for hour in (None, 9)
        ],
        notes=[Note("unread", {"unread": 1204})],
    )


def read(language: Language = "en", name: str = "ads", **more: Any) -> Read:
    return Read(page(build(replace(findings(name), **more)), language))


def test_numbers_stand_beside_their_names() -> None:
    found = read()
    words = " ".join(found.texts)

    assert "9\N{EN DASH}15 March 2026" in found.texts
    assert "2,100 EUR" in found.texts
    assert "▼ 70.0 % (clearly worse)" in words
    assert "7,000 EUR before" in words
    assert "time zone Europe/Paris" in words
    assert "1,204 events are of types that the settings do not read." in found.texts


def test_a_breakdown_is_a_table() -> None:
    row = next(row for row in read().rows if row[0] == "ads")

    assert row[1:4] == ["ads: 1,400 EUR", "1,400 EUR", "66.7 %"]
    assert row[4:] == ["\N{MINUS SIGN}77.8 %", "\N{MINUS SIGN}4,900 EUR"]


def scores() -> Findings:
    """A rate and a score, in whole and by channel, each lower than before."""
    rate = Measured(Point(0.05, 25.0, 500.0, 500), Point(0.08, 40.0, 500.0, 500))
    score = Measured(Point(45.5, 91.0, 2.0, 200), Point(50.0, 100.0, 2.0, 200))
    day = [Point(0.05, 1.0, 20.0, 20)] * 7
    total = {"rate": replace(rate, days=day, days_before=day), "score": score}
    return replace(
        findings(),
        boards={"small": ["rate", "score"]},
        kpis=[
            facts("rate", unit="ratio", has_money=False),
            facts("score", unit="points", has_money=False),
        ],
        totals=total,
        members={"channel": {"ads": {"rate": rate, "score": score}}},
    )


def test_percentages_change_by_percentage_points_and_scores_by_points() -> None:
    found = Read(page(build(scores()), "en"))

    assert {"▼ 3 pp", "▼ 4.5 points"} <= set(found.texts)
    row = next(row for row in found.rows if row[0] == "ads")
    assert "\N{MINUS SIGN}3 pp" in row
    assert any("percentage points (pp)" in text for text in found.texts)


def test_members_that_were_not_looked_at_are_told_of() -> None:
    notes = [Note("members", {"dimension": "channel"})]

    assert any("members of channel could be" in text for text in read(notes=notes).texts)
    assert any("par canal n'ont pas tous" in text for text in read("fr", notes=notes).texts)


def test_what_rules_and_kpis_say_is_told_in_the_language_of_the_page() -> None:
    texts: Translations = {
        "Too little by ads.": {"en": "Too little by ads.", "fr": "Trop peu par ads."},
        "Ask ads.": {"en": "Ask ads.", "fr": "Demander à ads."},
        "web": {"en": "web", "fr": "équipe web"},
        "Of no KPI here.": {"en": "Of no KPI here.", "fr": "D'aucun indicateur."},
    }

    report = build(replace(findings(), texts=texts))

    assert report.texts.keys() == texts.keys() - {"Of no KPI here."}
    french = Read(page(report, "fr")).texts
    assert {"Trop peu par ads.", "Demander à ads.", "équipe web", "mend rate"} <= set(french)
    english = Read(page(report, "en")).texts
    assert {"Too little by ads.", "Ask ads.", "web", "mend rate"} <= set(english)


def test_why_an_alert_fired_is_told_in_the_language_of_the_page() -> None:
    why = WhyTold(
        value=30.0,
        before=100.0,
        segments=(Segment("channel", "ads", 20.0, 90.0, 0.0, -70.0),),
        drivers=(Driver("visits", 1.0, 2.0, -0.7),),
        sentence="Fell from 100 EUR to 30 EUR: 100 % of it by channel=ads; visits explains 100 %.",
    )
    [one, _] = findings().episodes
    names: dict[str, dict[Language, str]] = {
        "visits": {"en": "Visits", "fr": "Visites"},
        "nps": {"en": "NPS", "fr": "NPS"},
    }

    report = build(replace(findings(), episodes=[structs.replace(one, why=why)], names=names))

    assert report.names == {"visits": names["visits"]}
    fell = "A baissé de 100,00 EUR à 30,00 EUR : 100 % par canal ads ; 100 % par Visites."
    assert fell in Read(page(report, "fr")).texts
    fell = why.sentence.replace("visits", "Visits")
    assert fell in Read(page(report, "en")).texts


def test_a_kpi_without_a_name_is_told_by_its_id() -> None:
    why = WhyTold(value=30.0, before=100.0, drivers=(Driver("visits", 1.0, 2.0, -0.7),))
    [one, _] = findings().episodes

    report = build(replace(findings(), episodes=[structs.replace(one, why=why)]))

    fell = "A baissé de 100,00 EUR à 30,00 EUR : 100 % par visits."
    assert fell in Read(page(report, "fr")).texts


def test_dimensions_and_funnels_have_the_names_of_the_language() -> None:
    words = " ".join(read("fr").texts)

    assert "Par canal" in words
    assert "canal=ads" in words
    assert "Entonnoir : Boutique" in words
    assert "Funnel: Shop" in read().texts


def test_since_when_alerts_are_known_is_told() -> None:
    notes = [Note("alerts_since", {"first": "2026-03-12"})]

    known = read(notes=notes, episodes=[])

    assert any(text.startswith("Alerts are known since 12 March 2026") for text in known.texts)
    assert "No alert is known to have fired." in known.texts
    assert "No alert fired." not in known.texts
    told = read("fr", notes=notes).texts
    assert any(text.startswith("Les alertes sont connues depuis le 12 mars 2026") for text in told)


def test_an_alert_that_fired_again_is_one_row() -> None:
    [row] = [row for row in read().rows if row[0].startswith("revenue_low")]

    assert row[0] == "revenue_low critical"
    assert row[1:3] == ["channel=ads", "Tue 10 March, 09:00 firing at the end"]
    assert row[3] == "5.62 days and 1 more, 60 min in all"
    assert row[5] == "Too little by ads. Fell by ads. 33.00 EUR an hour at stake"


def test_objectives_tell_their_pace_and_duties_their_reasons() -> None:
    words = " ".join(read().texts)

    assert "4,900 EUR of 10,000 EUR" in words
    assert "5,000 EUR expected by now · leads to 9,800 EUR · 318.75 EUR a day needed" in words
    assert "The rate is at 5 %, target 5.5 %" in words
    assert "The revenue went from 7,000 EUR to 2,100 EUR" in words
    assert "alert revenue_low (channel=ads)" in words


def test_objectives_that_are_as_of_later_than_the_period_are_noted() -> None:
    in_time = replace(findings(), objectives=[objective(as_of="2026-03-15T23:00:00Z")])
    note = "those are as of Mon 16 March, 13:00, not of the end of the period"

    assert note in " ".join(read().texts)
    assert note not in " ".join(Read(page(build(in_time), "en")).texts)


def test_each_picture_says_what_it_shows() -> None:
    pictures = [one for one in read().tags("svg") if one.get("aria-hidden") != "true"]

    assert len(pictures) >= 4
    assert all(one["role"] == "img" and one["aria-label"] for one in pictures)
    [course] = [one for one in pictures if one["class"] == "course"]
    assert "Mon 9 300.00 EUR, Tue 10 300.00 EUR" in (course["aria-label"] or "")


def test_tables_have_captions_and_headers() -> None:
    found = read()

    assert len(found.tags("caption")) == len(found.tags("table")) == 3
    assert all(one.get("scope") in ("col", "row") for one in found.tags("th"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_else_and_runs_nothing(language: Language) -> None:
    text = page(build(findings()), language)
    found = Read(text)

    assert not {"script", "link", "img", "iframe", "a", "base"} & {tag for tag, _ in found.elements}
    assert not re.search(r"https?://|url\(|@import|javascript:", text)
    assert not any(name.startswith("on") for _, given in found.elements for name in given)
    [policy] = [one for one in found.tags("meta") if one.get("http-equiv")]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_hostile_names_are_texts() -> None:
    shown = HOSTILE.replace("\u202e", "")

    found = read(name=HOSTILE)

    ordinary = [tag for tag, _ in read().elements]
    assert [tag for tag, _ in found.elements] == ordinary
    assert any(row[0] == shown for row in found.rows)
    assert "\u202e" not in "".join(found.texts)
    assert all(not name.startswith("on") for _, given in found.elements for name in given)


def test_an_empty_period_is_a_page_too() -> None:
    nothing = replace(
        findings(),
        totals={},
        members={},
        objectives=[],
        episodes=[],
        notes=[],
    )

    found = Read(page(build(nothing), "en"))

    words = " ".join(found.texts)
    assert "no value" in found.texts
    assert "Nothing is known of this period" in words
    assert "No alert fired." in found.texts
    assert "No KPI is off its mark or got clearly worse, and no alert fires." in found.texts
    assert "nan" not in words.lower()


def test_a_day_without_a_value_is_a_gap_and_no_zero() -> None:
    rate = Measured(
        Point(0.5, 6.0, 12.0, 12),
        None,
        [Point(0.5, 1.0, 2.0, 2) if n != 3 else Point() for n in range(7)],
    )

    found = read(totals={"revenue": Measured(Point()), "rate": rate})

    [area, after] = [one for one in found.tags("polygon") if one["class"] == "area"]
    assert len((area["points"] or "").split()) == len((after["points"] or "").split()) == 3 + 2
    [course] = [one for one in found.tags("svg") if one.get("class") == "course"]
    assert "Thu 12 no value" in (course["aria-label"] or "")


def test_a_period_that_runs_says_so() -> None:
    words = " ".join(read(as_of_s=WEEK.to_s - 3600.0).texts)

    assert "The period is not over: this is how it stands at Sun 15 March, 23:00." in words
    assert "nothing to compare with" in words
    assert "EUR before" not in words


def test_a_french_page_is_french() -> None:
    assert "Rapport de la semaine" in read("fr").texts
