/** Details of a KPI: what it is, how it is worked out, whose it is and what to do about it. */

import { clean, el, keyed, setText, show } from "./dom.js";
import { Spark } from "./spark.js";
import { limitText } from "./tiles.js";

export class Details {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
    this.title = el("h2", { id: "details-title" });
    this.value = el("p", { class: "details-value" });
    this.text = el("p", { class: "details-text" });
    this.spark = new Spark("spark large");
    this.range = el("p", { class: "details-range quiet" });
    this.facts = el("dl", { class: "fact-list" });
    this.shut = el("button", { type: "button", class: "primary", click: () => this.node.close() },
      view.words.say("close"));
    this.node = el(
      "dialog",
      { class: "details", "aria-labelledby": "details-title",
        click: (event) => this.closeOutside(event) },
      el("div", { class: "details-body" }, this.title, this.value, this.text, this.spark.node,
        this.range, this.facts, el("p", { class: "details-foot" }, this.shut)),
    );
    /** @type {string | null} */
    this.kpi = null;
    document.body.append(this.node);
  }

  /** Go away, with the page that it explains. */
  remove() {
    this.node.remove();
  }

  /**
   * @param {string} kpi
   * @param {import("./picture.js").Picture} picture
   */
  open(kpi, picture) {
    this.kpi = kpi;
    this.update(picture);
    this.node.showModal();
  }

  closeOutside(event) {
    if (event.target === this.node) this.node.close();
  }

  /** @param {import("./picture.js").Picture} picture */
  update(picture) {
    if (this.kpi === null) return;
    const { view } = this;
    const kpi = view.catalogue.kpis.get(this.kpi);
    const tile = picture.tiles.get(this.kpi) ?? {};
    const text = (value) => view.value(this.kpi, value, tile.currency);
    setText(this.title, view.kpiName(this.kpi));
    setText(this.value, text(tile.value));
    setText(this.text, clean(view.words.of(kpi?.description)));
    this.spark.draw(tile.points ?? [], kpi?.target ?? null, kpi?.urgent ?? null);
    this.updateRange(tile.points ?? [], text);
    this.updateFacts(kpi, tile);
  }

  updateRange(points, text) {
    const { words } = this.view;
    const known = points.filter((point) => point !== null);
    show(this.range, known.length > 0);
    if (!known.length) return;
    const low = text(Math.min(...known));
    const high = text(Math.max(...known));
    const last = text(known.at(-1));
    setText(this.range, `${words.say("lowest")} ${low} · ${words.say("highest")} ${high} · `
      + `${words.say("latest")} ${last}`);
  }

  updateFacts(kpi, tile) {
    const { format, words } = this.view;
    const trust = tile.trust ? `${words.say(tile.trust)}: ${words.say(`${tile.trust}_means`)}` : "";
    const limit = (value, direction) => (typeof value === "number"
      ? limitText(format.limit(value, this.view.catalogue.measure(this.kpi)), direction) : "");
    const facts = [
      ["formula", clean(kpi?.formula)],
      ["owner", this.view.told(kpi?.owner)],
      ["action", this.view.told(kpi?.action)],
      ["target", limit(kpi?.target, kpi?.direction)],
      ["urgent", limit(kpi?.urgent, kpi?.direction === "up" ? "down" : "up")],
      ["trust", trust],
      ["sample", typeof tile.sample === "number" ? format.count(tile.sample) : ""],
      ["minimum_sample", kpi ? format.count(kpi.minimum_sample) : ""],
    ].filter(([, fact]) => fact);
    keyed(this.facts, facts, ([key]) => `${this.kpi} ${key}`,
      ([key]) => fact(key, this.view.words, SAID.has(key) ? this.view.languageOf(kpi?.[key]) : null),
      (node, [, value]) => setText(node.lastElementChild, value));
  }
}

/** What the catalogue says, in a language of its own. */
const SAID = new Set(["owner", "action"]);

function fact(key, words, lang) {
  const value = el("dd", { lang, class: key === "formula" ? "code" : null });
  return el("div", {}, el("dt", {}, words.say(key)), value);
}
