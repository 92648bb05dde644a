/** Sparklines: the course of a value over its window, with gaps where there is none. */

import { setAttribute, svg } from "./dom.js";

const WIDTH = 100;
const HEIGHT = 36;
const EDGE = 3;

export class Spark {
  /** @param {string} name  the class of the drawing */
  constructor(name) {
    this.area = svg("path", { class: "spark-area" });
    this.target = svg("path", { class: "spark-target" });
    this.urgent = svg("path", { class: "spark-urgent" });
    this.line = svg("path", { class: "spark-line" });
    this.last = svg("path", { class: "spark-last" });
    this.node = svg(
      "svg",
      {
        class: name, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none",
        "aria-hidden": "true", focusable: "false",
      },
      this.area, this.urgent, this.target, this.line, this.last,
    );
  }

  /**
   * Draw points; a target and an alarming value are marked where they are near.
   *
   * @param {readonly (number | null)[]} points
   * @param {number | null} [target]
   * @param {number | null} [urgent]
   */
  draw(points, target = null, urgent = null) {
    const scale = new Scale(points, [target, urgent]);
    const runs = runsOf(points, scale);
    setAttribute(this.line, "d", runs.map(lineOf).join(""));
    setAttribute(this.area, "d", runs.map(areaOf).join(""));
    const end = runs.at(-1)?.at(-1);
    setAttribute(this.last, "d", end ? `M${end[0]} ${end[1]}h0` : "");
    setAttribute(this.target, "d", scale.mark(target));
    setAttribute(this.urgent, "d", scale.mark(urgent));
    setAttribute(this.node, "data-empty", !runs.length);
  }
}

/** From values to heights: over what there is, and marks that are no further away than its span. */
class Scale {
  constructor(points, marks) {
    const known = points.filter((point) => point !== null);
    this.low = Math.min(...known);
    this.high = Math.max(...known);
    const span = this.high - this.low || Math.abs(this.high) * 0.1 || 1;
    for (const mark of marks) {
      if (mark === null || mark < this.low - span || mark > this.high + span) continue;
      this.low = Math.min(this.low, mark);
      this.high = Math.max(this.high, mark);
    }
    if (this.low === this.high) {
      this.low -= span;
      this.high += span;
    }
    this.isEmpty = !known.length;
  }

  y(value) {
    const part = (value - this.low) / (this.high - this.low);
    return round(HEIGHT - EDGE - part * (HEIGHT - 2 * EDGE));
  }

  mark(value) {
    if (this.isEmpty || value === null || value < this.low || value > this.high) return "";
    return `M0 ${this.y(value)}H${WIDTH}`;
  }
}

/** The points in one piece each, as places in the drawing. */
function runsOf(points, scale) {
  const step = points.length > 1 ? (WIDTH - 2) / (points.length - 1) : 0;
  /** @type {[number, number][][]} */
  const runs = [];
  let isOn = false;
  points.forEach((point, index) => {
    if (point === null) isOn = false;
    else {
      if (!isOn) runs.push([]);
      isOn = true;
      runs.at(-1).push([round(1 + index * step), scale.y(point)]);
    }
  });
  return runs;
}

function lineOf(run) {
  const [[x, y], ...others] = run;
  return `M${x} ${y}${others.length ? others.map(([a, b]) => `L${a} ${b}`).join("") : "h0"}`;
}

function areaOf(run) {
  if (run.length < 2) return "";
  return `${lineOf(run)}L${run.at(-1)[0]} ${HEIGHT}L${run[0][0]} ${HEIGHT}Z`;
}

function round(number) {
  return Math.round(number * 100) / 100;
}

/**
 * The course of a value in words, for those who do not see it; empty without points.
 *
 * @param {readonly (number | null)[]} points
 * @param {(value: number) => string} text
 * @param {(key: string, values?: object) => string} say
 */
export function course(points, text, say) {
  const known = points.filter((point) => point !== null);
  if (!known.length) return "";
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return say("trend", { low: text(low), high: text(high), last: text(known.at(-1)) });
}

