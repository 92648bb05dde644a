/** A view: what all parts of the page share, their words, numbers, catalogue and choice. */

import { clean, el } from "./dom.js";

export class View {
  /**
   * @param {import("./words.js").Words} words
   * @param {import("./format.js").Format} format
   * @param {import("./catalogue.js").Catalogue} catalogue
   * @param {import("./address.js").Choice} choice
   * @param {(changes: Partial<import("./address.js").Choice>) => void} choose
   */
  constructor(words, format, catalogue, choice, choose) {
    this.words = words;
    this.format = format;
    this.catalogue = catalogue;
    this.choice = choice;
    this.choose = choose;
  }

  /** The name of a KPI; its id if the catalogue has no such KPI. */
  kpiName(id) {
    const kpi = this.catalogue.kpis.get(id);
    return kpi ? clean(this.words.of(kpi.name)) : clean(id);
  }

  dimensionName(dimension) {
    return this.nameOf("dimension", dimension);
  }

  /** The name of a board, or of the funnel that goes with it. */
  boardName(board) {
    return this.nameOf("board", board);
  }

  /** The name of something the worker has names for; its id where it has none. */
  nameOf(kind, id) {
    const name = this.words.of(this.catalogue.names[kind].get(id));
    return clean(name || String(id).replaceAll("_", " "));
  }

  /** What a KPI, a rule or an alert says; as it stands in it if nobody has translated it. */
  told(text) {
    return clean(this.words.of(this.catalogue.texts.get(text)) || text);
  }

  /** The tag of such a text's language: none if it is the page's. */
  languageOf(text) {
    return this.catalogue.texts.has(text) ? null : this.words.foreign;
  }

  /** A member as text. */
  memberName(member) {
    return this.words.special(member) ?? (clean(member) || this.words.say("not_set"));
  }

  /** The members of a slice as text: `email · autumn`. */
  sliceName(slice) {
    const members = Object.values(slice).map((member) => this.memberName(member));
    return members.join(" · ") || this.words.say("total");
  }

  /** What an alert is about: `Revenue, email · autumn`. */
  alertName(alert) {
    return `${this.kpiName(alert.kpi)}, ${this.sliceName(alert.slice)}`;
  }

  /** The value of a KPI as text. */
  value(kpi, value, currency = null) {
    return this.format.value(value, this.catalogue.measure(kpi, currency));
  }

  /** A heading of a part of the page. */
  heading(id, text) {
    return el("h2", { id, class: "part-title" }, text);
  }
}
