from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from kpistream.cli.backtesting.timeline import MOST_LANES, Picture, timeline
from kpistream.core.alerting.alerts import AlertState, begun
from kpistream.core.alerting.proof.backtest import Firing, Pending
from kpistream.core.alerting.proof.incidents import Incident
from kpistream.core.alerting.rules.conditions import Line
from kpistream.core.alerting.rules.rule import Rule, Severity
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days

DAYS = Days("Europe/Paris")
HOUR = 3600.0
START = float(DAYS.instant(datetime(2026, 3, 2, 8)))
LEFT, RIGHT = 300.0, 1176.0
SVG = "{http://www.w3.org/2000/svg}"


def firing(
    begin: float = 1, end: float = 2, part: Slice = (("channel", "ads"),), **named: Any
) -> Firing:
    ordinary = {
        "rule": "roas_below_one",
        "slice": part,
        "kpi": "return_on_ad_spend",
        "severity": Severity.critical,
        "since": START,
        "from_s": START + begin * HOUR,
        "to_s": START + end * HOUR,
        "labels": dict(part),
        "fingerprint": f"{named.get('rule')}{part}",
    }
    return Firing(**{**ordinary, **named})


def pending(begin: float, end: float) -> Pending:
    rule = Rule(
        name="roas_below_one",
        kpi="return_on_ad_spend",
        window="1h",
        when=Line("return_on_ad_spend", "1h", "below", 1.0),
        severity=Severity.warning,
        owner="somebody",
        action="Look.",
        summary="Too low.",
    )
    alert = begun(rule, (("channel", "ads"),), None, "ratio", (), START)
    assert alert.state is AlertState.inactive
    return Pending(alert, START + begin * HOUR, START + end * HOUR)


def drawn(*firings: Firing, hours: float = 10, **named: Any) -> ET.Element:
    picture = Picture(START, START + hours * HOUR, DAYS, firings, **named)
    return ET.fromstring(timeline(picture))  # noqa: S314


def texts(root: ET.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def bars(root: ET.Element, style: str) -> list[tuple[float, float]]:
    """Where the bars of a style begin and end, those that tell something when pointed at."""
    return [
        (float(bar.attrib["x"]), float(bar.attrib["x"]) + float(bar.attrib["width"]))
        for bar in root.iter(f"{SVG}rect")
        if bar.attrib["class"] == style and bar.find(f"{SVG}title") is not None
    ]


def x(hours: float, of: float = 10) -> Any:
    return pytest.approx(LEFT + (RIGHT - LEFT) * hours / of, abs=0.11)


def test_a_firing_is_a_bar_from_its_beginning_to_its_end() -> None:
    assert bars(drawn(firing(1, 2)), "critical") == [(x(1), x(2))]


def test_the_colour_is_by_severity_and_what_was_silenced_is_paler() -> None:
    silenced = firing(3, 4, severity=Severity.info, silenced=True)
    root = drawn(firing(severity=Severity.info), silenced)
    assert len(bars(root, "info")) == 1
    assert len(bars(root, "info silenced")) == 1


def test_the_shortest_firing_can_still_be_seen() -> None:
    [(left, right)] = bars(drawn(firing(1, 1)), "critical")
    assert right - left == pytest.approx(2.0)


def test_what_is_pending_is_light_and_on_the_same_lane() -> None:
    root = drawn(pendings=[pending(0.5, 1), pending(3, 4)])
    assert bars(root, "warning pending") == [(x(0.5), x(1)), (x(3), x(4))]
    assert texts(root).count("roas_below_one") == 1


def test_incidents_are_outlined_on_the_lanes_that_they_concern() -> None:
    incident = Incident("payment", START + HOUR, START + 3 * HOUR, slice={"channel": "ads"})
    mail = firing(part=(("channel", "mail"),))
    root = drawn(firing(), mail, incidents=[incident])
    # One in the lane of all incidents, and one in that of the ads.
    assert bars(root, "incident") == [(x(1), x(3))] * 2
    assert "payment" in texts(root)


def test_an_incident_that_nobody_was_told_of_is_drawn_as_well() -> None:
    root = drawn(incidents=[Incident("payment", START + HOUR, START + 3 * HOUR)])
    assert bars(root, "incident") == [(x(1), x(3))]
    assert {"incidents", "payment", "nothing fired"} <= set(texts(root))


def test_names_of_incidents_do_not_lie_over_each_other() -> None:
    two = [
        Incident(name, START + at * HOUR, START + 2 * HOUR)
        for at, name in ((1, "a" * 30), (1.1, "b"))
    ]
    found = texts(drawn(incidents=two))
    assert "a" * 30 in found
    assert "b" not in found


def test_silences_are_hatched_on_the_lanes_that_they_match_and_cut_at_the_edges() -> None:
    silence = Silence(
        id="1",
        matchers=parse_matchers(["channel=ads"]),
        starts_at=START - HOUR,
        ends_at=START + 3 * HOUR,
        author="somebody",
        created_at=START,
    )
    root = drawn(firing(), firing(part=(("channel", "mail"),)), silences=[silence])
    assert bars(root, "hatch") == [(x(0), x(3))]


def test_what_lies_outside_the_picture_is_not_drawn() -> None:
    incident = Incident("before", START - 3 * HOUR, START - HOUR)
    assert bars(drawn(firing(), incidents=[incident]), "incident") == []


def test_the_worst_lane_comes_first() -> None:
    root = drawn(
        firing(1, 9, rule="info_long", severity=Severity.info),
        firing(1, 2, rule="critical_short"),
        firing(1, 3, rule="critical_long"),
        firing(1, 9, rule="warning_long", severity=Severity.warning),
        pendings=[pending(0, 10)],
    )
    names = [text for text in texts(root) if "_" in text]
    assert names == [
        *("critical_long", "critical_short", "warning_long", "info_long", "roas_below_one")
    ]


def test_of_very_many_lanes_the_worst_are_drawn_and_the_rest_counted() -> None:
    many = [firing(1, 2 + n / 100, part=(("campaign", f"c{n:03}"),)) for n in range(MOST_LANES + 7)]
    found = texts(drawn(*many))
    assert sum(text.startswith("campaign=") for text in found) == MOST_LANES
    assert "campaign=c046" in found
    assert "campaign=c000" not in found
    assert "time zone Europe/Paris; 7 more lanes are not shown" in found


@pytest.mark.parametrize(
    ("hours", "ticks"),
    [
        (0.5, ["08:00", "08:05", "08:10", "08:15", "08:20", "08:25", "08:30"]),
        (4, ["08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00"]),
        (24, ["12:00", "15:00", "18:00", "21:00", "Tue 03 Mar", "03:00", "06:00"]),
        (72, ["Tue 03 Mar", "Wed 04 Mar", "Thu 05 Mar"]),
    ],
)
def test_the_axis_has_local_hours_or_days(hours: float, ticks: list[str]) -> None:
    assert texts(drawn(firing(0, 1), hours=hours))[-len(ticks) - 2 : -2] == ticks


def test_days_begin_at_local_midnight_also_when_the_clocks_change() -> None:
    start = float(DAYS.instant(datetime(2026, 3, 28)))
    picture = Picture(start, start + 4 * 86_400, DAYS, [])
    root = ET.fromstring(timeline(picture))  # noqa: S314
    lines = [float(line.attrib["x1"]) for line in root.iter(f"{SVG}line")]
    widths = [b - a for a, b in pairwise(lines)]
    # The 29th of March has 23 hours.
    assert widths[0] / widths[1] == pytest.approx(23 / 24, abs=0.01)


def test_a_screen_reader_is_told_what_there_is() -> None:
    root = drawn(firing(1, 2), firing(3, 4))
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert root.attrib["aria-labelledby"] == "title desc"
    assert title.text == "Alerts from 2026-03-02 08:00 to 2026-03-02 18:00"
    assert desc.text == "roas_below_one, channel=ads: 2 firings, 2 h in all"


def test_a_bar_tells_its_span_and_its_worst_value() -> None:
    root = drawn(firing(1, 2.5, worst=0.613, is_open=True))
    [told] = [t.text for r in root.iter(f"{SVG}rect") for t in r.iter(f"{SVG}title")]
    assert told == (
        "fired 2026-03-02 09:00:00 to 2026-03-02 10:30:00 (1 h 30 m) and on, worst 0.613"
    )


def test_it_follows_the_reader_to_the_dark() -> None:
    assert "prefers-color-scheme: dark" in timeline(Picture(START, START + HOUR, DAYS, []))


def test_names_are_text_whatever_is_in_them() -> None:
    part = (("campaign", "<script>&\"'"),)
    assert "campaign=<script>&\"'" in texts(drawn(firing(part=part)))


def test_a_long_name_is_cut() -> None:
    root = drawn(firing(part=(("campaign", "x" * 64),)))
    assert f"campaign={'x' * 34}…" in texts(root)


def test_without_anything_it_says_so() -> None:
    root = drawn()
    assert "nothing fired" in texts(root)
    desc = root.find(f"{SVG}desc")
    assert desc is not None
    assert desc.text == "Nothing fired."


def test_a_backtest_of_a_moment_can_be_drawn() -> None:
    assert bars(drawn(firing(0, 0), hours=0), "critical") == [(LEFT, LEFT + 2)]
