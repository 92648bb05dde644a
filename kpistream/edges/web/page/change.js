/** A change: an arrow, by how much, and in a word whether that is good. */

import { el, setAttribute, setText, show } from "./dom.js";

const ARROWS = { up: "▲", down: "▼", same: "＝" };

export class Change {
  /**
   * @param {import("./view.js").View} view
   * @param {string} [id]
   * @param {string} [nothing]  what is shown when there is nothing to compare with
   */
  constructor(view, id, nothing = view.words.say("no_before")) {
    this.view = view;
    this.nothing = nothing;
    this.arrow = el("span", { class: "arrow", "aria-hidden": "true" });
    this.amount = el("span", { class: "amount" });
    this.word = el("span", { class: "verdict" });
    this.node = el("span", { class: "change", id }, this.arrow, this.amount, " ", this.word);
  }

  /**
   * @param {number | null} value
   * @param {number | null} before
   * @param {import("./format.js").Measure} measure
   * @param {"up" | "down"} direction  which way is good
   */
  update(value, before, measure, direction) {
    const { format, words } = this.view;
    const change = format.change(value, before, measure);
    const verdict = verdictOf(change, direction);
    setAttribute(this.node, "data-verdict", verdict);
    show(this.arrow, change !== null);
    setText(this.arrow, change ? ARROWS[change.way] : "");
    show(this.amount, Boolean(change?.text));
    setText(this.amount, change?.text ?? "");
    const isShare = measure.unit === "ratio" && !measure.has_money;
    setAttribute(this.amount, "title", isShare && change?.text ? words.say("pp_long") : null);
    const word = verdict === null ? this.nothing : words.say(verdict);
    setText(this.word, value === null ? "" : word);
    setAttribute(this.node, "title", verdict === null ? words.say("no_before") : null);
  }
}

/**
 * Whether a change is good: null when there is no telling.
 *
 * @param {{way: "up" | "down" | "same"} | null} change
 * @param {"up" | "down"} direction  which way is good
 */
export function verdictOf(change, direction) {
  if (change === null) return null;
  if (change.way === "same") return "same";
  return change.way === direction ? "better" : "worse";
}
