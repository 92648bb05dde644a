"""Pictures of the dashboards without a Grafana: their grid, with what Prometheus answers.

``python -m tests.support.board_picture OUT`` sets up the stage of the tests (a worker under seeded
traffic and a Prometheus), and writes a page for each dashboard into OUT, and with ``--png`` what
chromium shows of it. It draws what can be checked by eye: places, titles, units, colours, values.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from tests.repo.grafana_stage import Prometheus, stage
from tests.repo.promql import substituted

COLUMN_PX: Final = 58
ROW_PX: Final = 34
SPAN_S: Final = 60
COURSE_COLOURS: Final = (
    "#7eb26d",
    "#eab839",
    "#6ed0e0",
    "#ef843c",
    "#e24d42",
    "#1f78c1",
    "#ba43a9",
)
COLOURS: Final = {"text": "#d8d9da", "green": "#73bf69", "red": "#f2495c", "orange": "#ff9830"}
STYLE: Final = """
body { background: #111217; color: #d8d9da; font: 12px sans-serif; margin: 8px; position: relative }
.panel { position: absolute; background: #181b1f; border: 1px solid #2c3235; overflow: hidden;
  box-sizing: border-box; padding: 4px 6px }
.panel h3 { margin: 0 0 2px; font-size: 12px; font-weight: 600 }
.panel p { margin: 0; color: #8e8e8e; font-size: 9px; line-height: 1.15 }
.row { position: absolute; font-weight: bold; font-size: 14px; padding-top: 8px }
.big { font-size: 26px; } .small { font-size: 13px }
table { border-collapse: collapse; font-size: 11px } td, th { padding: 1px 8px; text-align: left }
.bar { height: 13px; background: #5794f2; display: inline-block; vertical-align: middle }
.line { white-space: nowrap }
"""

Series = tuple[dict[str, str], list[tuple[float, float]]]


def shown(value: float, unit: str, decimals: int | None) -> str:
    """A value as Grafana writes it, nearly."""
    if unit == "percentunit":
        return f"{value * 100:.{1 if decimals is None else decimals}f} %"
    if unit == "s" and abs(value) >= 86_400:
        return f"{value / 86_400:.1f} d"
    if unit == "s":
        return f"{value:.3g} s"
    if unit == "short" and abs(value) >= 1000:
        return f"{value / 1000:.3g} K"
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    if unit == "locale":
        return f"{value:,.2f}"
    return f"{value:,.4g}" + (" /s" if unit == "cps" else "")


def colour(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    """The colour of the last step that a value has reached."""
    found = [step["color"] for step in steps if step.get("value") is None or value >= step["value"]]
    return COLOURS.get(found[-1], found[-1]) if found else COLOURS["text"]


class Picture:
    """Draws one dashboard."""

    def __init__(self, prometheus: Prometheus, dashboard: dict[str, Any]) -> None:
        self._prometheus = prometheus
        self._dashboard = dashboard
        self._values = prometheus.opened(dashboard)

    def page(self) -> str:
        """The whole page."""
        drawn = "".join(self._placed(panel) for panel in self._dashboard["panels"])
        asked = ", ".join(f"{k} = {v}" for k, v in self._values.items() if not k.startswith("__"))
        title = escape(f"{self._dashboard['title']}: {asked}")
        return f"<!doctype html><style>{STYLE}</style><b>{title}</b>{drawn}"

    def height_px(self) -> int:
        """How tall the page is."""
        places = [panel["gridPos"] for panel in self._dashboard["panels"]]
        rows = [int(place["y"] + place["h"]) for place in places]
        return max(rows) * ROW_PX + 60

    def _placed(self, panel: dict[str, Any]) -> str:
        place = panel["gridPos"]
        box = (
            f"left:{place['x'] * COLUMN_PX}px; top:{place['y'] * ROW_PX + 24}px; "
            f"width:{place['w'] * COLUMN_PX - 4}px; height:{place['h'] * ROW_PX - 4}px"
        )
        if panel["type"] == "row":
            return f'<div class="row" style="{box}">{escape(panel["title"])}</div>'
        draw = {
            "stat": self._stat,
            "timeseries": self._course,
            "state-timeline": self._course,
            "table": self._table,
            "bargauge": self._bars,
        }[panel["type"]]
        about = escape(panel["description"])
        head = f"<h3>{escape(panel['title'])}</h3>"
        return f'<div class="panel" style="{box}">{head}{draw(panel)}<p>{about}</p></div>'

    # -- kinds of panels ---------------------------------------------------------------------------

    def _stat(self, panel: dict[str, Any]) -> str:
        lines = []
        for target in panel["targets"]:
            style = _style_of(panel, "byFrameRefID", target["refId"])
            size = "big" if target["refId"] == "A" else "small"
            for labels, [(_, value)] in self._moment(target):
                steps = style.get("thresholds", {}).get("steps", [])
                text = shown(value, style.get("unit", ""), style.get("decimals"))
                name = escape(_legend(target, labels, self._values))
                lines.append(
                    f'<div class="{size}" style="color:{colour(value, steps)}">{text} '
                    f'<span class="small">{name}</span></div>'
                )
        return "".join(lines) or escape(panel["fieldConfig"]["defaults"].get("noValue", "?"))

    def _course(self, panel: dict[str, Any]) -> str:
        place = panel["gridPos"]
        width, height = place["w"] * COLUMN_PX - 20, place["h"] * ROW_PX - 110
        found = [(t, s) for t in panel["targets"] for s in self._over_time(t)]
        points = [point for _, (_, course) in found for point in course]
        if not points:
            return "<b>EMPTY</b>"
        low, high = min(0.0, *(v for _, v in points)), max(v for _, v in points) or 1.0
        first, last = min(t for t, _ in points), max(t for t, _ in points)
        drawn, legend = [], []
        for number, (target, (labels, course)) in enumerate(found[:14]):
            style = _style_of(panel, "byFrameRefID", target["refId"])
            ink = COURSE_COLOURS[number % len(COURSE_COLOURS)]
            dash = "" if "custom.lineStyle" not in style else 'stroke-dasharray="6 4"'
            ink = "#8e8e8e" if dash else ink
            path = " ".join(
                f"{(t - first) / ((last - first) or 1) * width:.0f},"
                f"{height - (v - low) / ((high - low) or 1) * (height - 4):.0f}"
                for t, v in course
            )
            drawn.append(f'<polyline points="{path}" fill="none" stroke="{ink}" {dash}/>')
            text = shown(course[-1][1], style.get("unit", ""), style.get("decimals"))
            name = escape(_legend(target, labels, self._values))
            legend.append(f'<span style="color:{ink}">{name} {text}</span>')
        body = f'<svg width="{width}" height="{max(20, height)}">{"".join(drawn)}</svg>'
        return f"{body}<div>{' | '.join(legend)}</div>"

    def _bars(self, panel: dict[str, Any]) -> str:
        found = [(t, s) for t in panel["targets"] for s in self._moment(t)]
        most = max((s[1][0][1] for _, s in found), default=1.0) or 1.0
        defaults = panel["fieldConfig"]["defaults"]
        lines = []
        for target, (labels, [(_, value)]) in found:
            name = escape(_legend(target, labels, self._values))
            text = shown(value, defaults.get("unit", ""), defaults.get("decimals"))
            width = value / most * 40
            lines.append(
                f'<div class="line">{name} <span class="bar" style="width:{width:.0f}%"></span> '
                f"{text}</div>"
            )
        return "".join(lines) or "<b>EMPTY</b>"

    def _table(self, panel: dict[str, Any]) -> str:
        """As the transformations `merge` and `organize` make it of the answers."""
        organize = panel["transformations"][1]["options"]
        rename, order = organize["renameByName"], organize["indexByName"]
        several = len(panel["targets"]) > 1
        rows: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
        for target in panel["targets"]:
            column = f"Value #{target['refId']}" if several else "Value"
            for labels, [(_, value)] in self._moment(target):
                row = rows.setdefault(tuple(sorted(labels.items())), dict(labels))
                row[column] = value
        heads = sorted(order, key=lambda name: int(order[name]))
        lines = ["<tr>" + "".join(f"<th>{escape(rename[name])}</th>" for name in heads)]
        for row in rows.values():
            cells = (
                _cell(row.get(name), _style_of(panel, "byName", rename[name])) for name in heads
            )
            lines.append("<tr>" + "".join(cells))
        return f"<table>{''.join(lines)}</table>"

    # -- answers -----------------------------------------------------------------------------------

    def _moment(self, target: dict[str, Any]) -> list[Series]:
        query = substituted(target["expr"], self._values)
        return [_series(found, [found["value"]]) for found in self._prometheus.query(query)]

    def _over_time(self, target: dict[str, Any]) -> list[Series]:
        query = substituted(target["expr"], self._values)
        answer = self._prometheus.course(query, SPAN_S)
        return [_series(found, found["values"]) for found in answer]


def _series(found: dict[str, Any], values: Sequence[tuple[float, str]]) -> Series:
    return found["metric"], [(moment, float(value)) for moment, value in values]


def _legend(target: dict[str, Any], labels: Mapping[str, str], values: Mapping[str, str]) -> str:
    text = str(target.get("legendFormat", ""))
    for label in ["currency", *labels]:
        text = text.replace(f"{{{{{label}}}}}", labels.get(label, ""))
    return substituted(text, values)


def _style_of(panel: dict[str, Any], by: str, name: str) -> dict[str, Any]:
    """The defaults of a panel's fields, and over them what holds for this one."""
    style = dict(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"] == {"id": by, "options": name}:
            style |= {property["id"]: property.get("value") for property in override["properties"]}
    return style


def _cell(value: float | str | None, style: dict[str, Any]) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    for mapping in style.get("mappings", []):
        word = mapping["options"].get(f"{value:g}")
        if word is not None:
            return f'<td style="color:{word["color"]}">{escape(word["text"])}</td>'
    ink = colour(value, style.get("thresholds", {}).get("steps", []))
    is_filled = style.get("custom.cellOptions", {}).get("type") == "color-background"
    css = f"background:{ink}; color:#111" if is_filled else f"color:{ink}"
    return f'<td style="{css}">{shown(value, style.get("unit", ""), style.get("decimals"))}</td>'


def draw(prometheus: Prometheus, boards: Path, out: Path, png: bool) -> Iterator[Path]:
    """Write a page, or a picture, for each dashboard in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(boards.glob("*.json")):
        picture = Picture(prometheus, json.loads(path.read_text(encoding="utf-8")))
        page = (out / path.stem).with_suffix(".html")
        page.write_text(picture.page(), encoding="utf-8")
        yield _screenshot(page, picture.height_px()) if png else page


def _screenshot(page: Path, height: int) -> Path:
    target = page.with_suffix(".png")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    size = f"--window-size={24 * COLUMN_PX + 20},{height}"
    command = ["chromium", *flags, f"--screenshot={target}", size, page.resolve().as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return target


def main() -> None:
    """Set up the stage and draw all dashboards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--boards", type=Path, default=Path("grafana/dashboards"))
    parser.add_argument("--png", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as prometheus:
        for path in draw(prometheus, given.boards, given.out, given.png):
            print(path)


if __name__ == "__main__":
    main()
