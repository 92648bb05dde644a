/** Tiles: each KPI of the board, its value, course, change, trust and target. */

import { Change } from "./change.js";
import { clear, el, flash, keyed, setAttribute, setText, show } from "./dom.js";
import { course, Spark } from "./spark.js";

/** So many tiles may have room beside each other: the style sheet knows from which width on. */
const ROOMS = [2, 3, 4, 5, 6];

export class Tiles {
  /**
   * @param {HTMLElement} place
   * @param {import("./view.js").View} view
   * @param {(kpi: string) => void} explain
   */
  constructor(place, view, explain) {
    this.place = place;
    this.view = view;
    this.explain = explain;
    clear(place);
  }

  /**
   * @param {import("./picture.js").Picture} picture
   * @param {Set<string> | null} changed  the KPIs whose tiles are others than before; null for all
   */
  update(picture, changed) {
    const kpis = this.view.catalogue.boards.get(this.view.choice.board) ?? [];
    const { board } = this.view.choice;
    const isOfBoard = board === null || picture.query?.board === board;
    const others = [...picture.tiles.keys()].filter((kpi) => isOfBoard && !kpis.includes(kpi));
    keyed(
      this.place,
      [...kpis, ...others],
      (kpi) => kpi,
      (kpi) => new Tile(kpi, this.view, this.explain),
      (tile, kpi) => {
        const isDue = changed === null || changed.has(kpi) || !tile.isShown;
        if (isDue) tile.update(picture.tiles.get(kpi) ?? null);
        tile.mark(kpi === this.view.choice.kpi);
      },
    );
    this.arrange();
  }

  /** Tell each tile how many stand in its row, for each number of them that may have room. */
  arrange() {
    /** @type {any} */
    const nodes = this.place.children;
    for (const room of ROOMS) {
      rowsOf(nodes.length, room).forEach((size, index) => {
        const { style } = nodes[index];
        const name = `--row-${room}`;
        if (style.getPropertyValue(name) !== String(size)) style.setProperty(name, String(size));
      });
    }
  }
}

/**
 * For each of some tiles how many stand in its row: no row has more than there is room for, and
 * none much fewer than another.
 *
 * @param {number} count
 * @param {number} room
 */
function rowsOf(count, room) {
  const rows = Math.ceil(count / room);
  const sizes = Array.from({ length: rows },
    (_, row) => Math.floor(count / rows) + (row < count % rows ? 1 : 0));
  return sizes.flatMap((size) => Array.from({ length: size }, () => size));
}

class Tile {
  constructor(kpi, view, explain) {
    this.id = kpi;
    this.view = view;
    this.kpi = view.catalogue.kpis.get(kpi) ?? null;
    this.value = el("span", { class: "tile-value", id: `value-${kpi}` });
    this.urgent = el("span", { class: "tile-urgent" }, view.words.say("urgent"));
    this.change = new Change(view, `change-${kpi}`);
    this.before = el("span", { class: "tile-before" });
    this.spark = new Spark("spark");
    this.course = el("span", { class: "sr", id: `course-${kpi}` });
    this.trust = el("span", { class: "trust" });
    this.limit = el("span");
    this.reached = el("span", { class: "sr" }, ` ${view.words.say("reached")}`);
    this.target = el("span", { class: "tile-target" }, this.limit, this.reached);
    this.sample = el("span", { class: "tile-sample" });
    this.face = this.makeFace();
    this.node = el("li", { class: "tile", "data-kpi": kpi }, this.face, this.makeAbout(explain));
  }

  makeFace() {
    const { view, id } = this;
    return el(
      "button",
      {
        type: "button", class: "tile-face", "aria-pressed": "false",
        "aria-labelledby": `name-${id} value-${id}`,
        "aria-describedby": `change-${id} foot-${id} course-${id}`,
        click: () => view.choose({ kpi: id }),
      },
      el("span", { class: "tile-name", id: `name-${id}` }, view.kpiName(id),
        this.kpi?.north_star ? northStar(view) : null),
      el("span", { class: "tile-line" }, this.value, this.urgent),
      el("span", { class: "tile-line" }, this.change.node, this.before),
      this.spark.node,
      this.course,
      el("span", { class: "tile-foot", id: `foot-${id}` }, this.trust, this.target, this.sample),
    );
  }

  makeAbout(explain) {
    const label = this.view.words.say("about", { name: this.view.kpiName(this.id) });
    return el(
      "button",
      { type: "button", class: "tile-about", "aria-label": label, title: label,
        click: () => explain(this.id) },
      el("span", { "aria-hidden": "true" }, "i"),
    );
  }

  /** Whether this is the KPI that is broken down. */
  mark(isChosen) {
    setAttribute(this.face, "aria-pressed", String(isChosen));
  }

  update(tile) {
    const { view, kpi } = this;
    const value = tile?.value ?? null;
    const measure = view.catalogue.measure(this.id, tile?.currency);
    const text = (number) => view.format.value(number, measure);
    const none = view.words.say("no_reading", { window: view.words.window(view.choice.window) });
    const isNew = setText(this.value, value === null ? none : text(value));
    if (isNew && this.isShown) flash(this.value);
    this.isShown = tile !== null;
    setAttribute(this.node, "data-empty", value === null);
    this.change.update(value, tile?.before ?? null, measure, kpi?.direction ?? "up");
    const before = tile?.before ?? null;
    setText(this.before, before === null ? "" : view.words.say("before", { value: text(before) }));
    this.spark.draw(tile?.points ?? [], kpi?.target ?? null, kpi?.urgent ?? null);
    setText(this.course, course(tile?.points ?? [], text, view.words.say));
    this.updateFoot(tile, value, measure);
  }

  updateFoot(tile, value, measure) {
    const { view, kpi } = this;
    const isUrgent = reaches(value, kpi?.urgent, kpi?.direction === "up" ? "down" : "up");
    setAttribute(this.node, "data-urgent", isUrgent);
    show(this.urgent, isUrgent);
    updateTrust(this.trust, tile?.trust ?? null, view);
    const target = kpi?.target ?? null;
    const isReached = reaches(value, target, kpi?.direction ?? "up");
    show(this.target, target !== null);
    setAttribute(this.target, "data-reached", isReached);
    show(this.reached, isReached);
    setText(this.limit, target === null ? "" : view.words.say("target_of",
      { value: limitText(view.format.limit(target, measure), kpi.direction) }));
    const isSmall = value !== null && (tile?.sample ?? 0) < (kpi?.minimum_sample ?? 0);
    const sample = view.words.say("sample_of", { count: view.format.count(tile?.sample ?? 0) });
    setText(this.sample, isSmall ? `${sample}, ${view.words.say("few")}` : sample);
    setAttribute(this.sample, "data-small", isSmall);
    show(this.sample, value !== null);
  }
}

function northStar(view) {
  const word = view.words.say("north_star");
  return el("span", { class: "north-star", role: "img", "aria-label": word, title: word }, "★");
}

/** A limit as text, with the side of it on which good values are. */
export function limitText(text, direction) {
  return `${direction === "up" ? "≥" : "≤"}\u00a0${text}`;
}

/** Whether a value is where a limit is, or beyond it in a direction. */
function reaches(value, limit, direction) {
  if (value === null || limit === null || limit === undefined) return false;
  return direction === "up" ? value >= limit : value <= limit;
}

/** Show what is to be expected of a value, and hide it where there is none. */
export function updateTrust(node, trust, view) {
  show(node, trust !== null);
  if (trust === null) return;
  setText(node, view.words.say(trust));
  setAttribute(node, "data-trust", trust);
  setAttribute(node, "title", view.words.say(`${trust}_means`));
}
