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
    return clean(this.words.named("dimension", dimension));
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

  /** The value of a KPI as text. */
  value(kpi, value, currency = null) {
    return this.format.value(value, this.catalogue.measure(kpi, currency));
  }

  /** A heading of a part of the page. */
  heading(id, text) {
    return el("h2", { id, class: "part-title" }, text);
  }
}
