"""How a report's page looks: on light and dark screens, and on paper (A4)."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #16202b; --faint: #5b6774; --line: #dfe4ea;
  --accent: #2459d6; --area: #2459d61f; --track: #e6eaf0; --flow: #2459d626; --before: #98a3b0;
  --good: #12724a; --good-soft: #e0f3ea; --bad: #b3261e; --bad-soft: #fce7e5;
  --warn: #8a5200; --warn-soft: #fdf0d9; --plain-soft: #eceff3; }
@media screen and (prefers-color-scheme: dark) { :root {
  --paper: #0f1419; --card: #171d24; --ink: #e7ebef; --faint: #9aa6b3; --line: #2a333d;
  --accent: #7aa5ff; --area: #7aa5ff2b; --track: #28313b; --flow: #7aa5ff30; --before: #66727f;
  --good: #5fd39f; --good-soft: #12322588; --bad: #ff8f87; --bad-soft: #43191788;
  --warn: #f6c06a; --warn-soft: #3d2b0c99; --plain-soft: #252d36; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 1040px; margin: 0 auto; padding: 36px 20px 48px; }
header { margin-bottom: 26px; }
header p { margin: 0; color: var(--faint); }
.over { color: var(--accent) !important; font-weight: 650; letter-spacing: .02em; }
h1 { font-size: 33px; line-height: 1.2; letter-spacing: -.015em; margin: 2px 0 6px; }
h2 { font-size: 19px; letter-spacing: -.005em; margin: 38px 0 12px; }
h3 { font-size: 15px; margin: 0; font-weight: 600; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 16px 18px; }
.warned { border-left: 4px solid var(--warn); padding: 10px 16px; margin: 0 0 10px; }
.counts { display: grid; grid-template-columns: repeat(5, 1fr); gap: 12px; margin-bottom: 12px; }
.counts .card { padding: 12px 16px; }
.counts b { display: block; font-size: 26px; line-height: 1.15; font-weight: 650; }
.counts span { color: var(--faint); font-size: 13px; }
.counts .bad b { color: var(--bad); } .counts .good b { color: var(--good); }
.lines { margin: 0; padding: 0; list-style: none; }
.lines li + li { margin-top: 4px; }
.kpis { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; }
.kpi.star { grid-column: 1 / -1; }
.top { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 10px;
  align-items: flex-start; }
.kpi p.value { font-size: 30px; line-height: 1.15; font-weight: 650; letter-spacing: -.02em;
  white-space: nowrap;
  margin: 4px 0 2px; }
.kpi.star p.value { font-size: 40px; }
.card p { margin: 0; }
.card .small { margin-top: 6px; } .card > .scroll + .small { margin: 8px 10px 0; }
.small, .faded { color: var(--faint); font-size: 13px; }
.pills { display: flex; gap: 6px; flex-wrap: wrap; justify-content: flex-end; }
.pill { display: inline-block; border-radius: 99px; padding: 1px 10px; font-size: 12.5px;
  font-weight: 550; white-space: nowrap; background: var(--plain-soft); color: var(--faint); }
.pill.good { background: var(--good-soft); color: var(--good); }
.pill.bad { background: var(--bad-soft); color: var(--bad); }
.pill.warn { background: var(--warn-soft); color: var(--warn); }
.delta { font-weight: 600; } .delta.good { color: var(--good); } .delta.bad { color: var(--bad); }
svg { display: block; }
svg text { font-size: 11px; fill: var(--ink); } svg .faint { fill: var(--faint); }
.course { width: 100%; height: auto; margin: 10px 0 6px; }
.grid { stroke: var(--line); stroke-width: 1; stroke-dasharray: 1 4; }
.zero { stroke: var(--line); stroke-width: 1; }
.area { fill: var(--area); }
.now { fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linejoin: round;
  stroke-linecap: round; }
.before { fill: none; stroke: var(--before); stroke-width: 1.4; stroke-dasharray: 4 3; }
.target { stroke: var(--good); stroke-width: 1.3; stroke-dasharray: 7 4; }
.dot { fill: var(--accent); stroke: var(--card); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; white-space: nowrap; gap: 18px; margin: 0 0 12px; }
.legend svg { display: inline-block; width: 26px; height: 10px; margin-right: 6px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 7px 10px; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
tr:last-child th, tr:last-child td { border-bottom: 0; }
thead th { color: var(--faint); font-size: 12.5px; font-weight: 550; vertical-align: bottom; }
tbody th { font-weight: 550; overflow-wrap: break-word; max-width: 260px; }
td { overflow-wrap: break-word; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; } .short { white-space: nowrap; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.bar { width: 96px; height: 12px; margin-top: 5px; } .track { fill: var(--track); }
.fill { fill: var(--accent); } .fill.good { fill: var(--good); } .fill.bad { fill: var(--bad); }
.fill.warn { fill: var(--warn); } .fill.plain { fill: var(--before); }
.way { width: 100%; height: auto; margin: 8px 0 4px; }
.pace { stroke: var(--ink); stroke-width: 2; }
.parted { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 20px;
  align-items: start; }
.parted table { margin-top: -7px; }
.parted td, .parted th { height: 34px; padding-top: 5px; padding-bottom: 5px; }
.parted .funnel { margin-top: 31px; }
.funnel { width: 100%; height: auto; } .step { fill: var(--accent); } .flow { fill: var(--flow); }
.objectives { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; }
.duties { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px;
  align-items: start; }
.duties h3 { margin-bottom: 8px; }
.duties ul { margin: 2px 0 12px; padding-left: 18px; } .duties .card > ul:last-child { margin: 0; }
.duties p { margin: 0; }
.notes { color: var(--faint); font-size: 13px; padding-left: 18px; margin: 0; }
.notes li + li { margin-top: 4px; }
@media screen and (max-width: 720px) {
  .kpis, .objectives, .duties, .parted { grid-template-columns: minmax(0, 1fr); }
  .counts { grid-template-columns: repeat(2, 1fr); }
  .kpi.star p.value { font-size: 32px; }
  .kpi.star .course { overflow: visible; } .kpi.star .course text { font-size: 24px; } }
@page { size: A4; margin: 13mm; }
@media print {
  :root { color-scheme: light; }
  body { background: #ffffff; font-size: 10.5px; print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 22px; } h2 { font-size: 14px; margin: 18px 0 8px; break-after: avoid; }
  h3 { font-size: 11px; } .kpi p.value { font-size: 19px; }
  .kpi.star p.value { font-size: 25px; }
  .counts b { font-size: 18px; }
  .small, .faded, .notes, thead th, .counts span, .pill { font-size: 9px; }
  .card { padding: 9px 11px; border-radius: 7px; }
  .kpi, .objectives .card, .duties .card, tr, .parted, .counts { break-inside: avoid; }
  .scroll { overflow: visible; } th, td { padding: 4px 6px; } }
"""
