/** The breakdown: the chosen KPI by the members of a dimension. */

import { Change } from "./change.js";
import { el, flash, keyed, setAttribute, setPart, setText, show } from "./dom.js";
import { updateTrust } from "./tiles.js";

export class Breakdown {
  /**
   * @param {HTMLElement} place
   * @param {import("./view.js").View} view
   */
  constructor(place, view) {
    this.view = view;
    const { words } = view;
    this.title = view.heading("breakdown-title", "");
    this.by = this.makeChoice();
    this.caption = el("caption", { class: "sr" });
    this.rows = el("tbody");
    this.member = el("th", { scope: "col" });
    this.table = el(
      "table",
      { class: "breakdown" },
      this.caption,
      el("thead", {}, el("tr", {}, this.member,
        el("th", { scope: "col", class: "number" }, words.say("value")),
        el("th", { scope: "col" }, words.say("change")),
        el("th", { scope: "col", class: "number" }, words.say("sample")))),
      this.rows,
    );
    this.more = el("p", { class: "quiet" });
    this.empty = el("p", { class: "empty" }, words.say("no_breakdown"));
    place.replaceChildren(
      el("div", { class: "part-head" }, this.title, this.by), this.table, this.more, this.empty,
    );
  }

  makeChoice() {
    const { view } = this;
    return el("select", {
      "aria-label": view.words.say("by"), change: () => view.choose({ by: this.by.value }),
    });
  }

  /** @param {import("./picture.js").Picture} picture */
  update(picture) {
    const { view } = this;
    const { kpi, by } = view.choice;
    const told = picture.breakdown;
    setText(this.title, view.words.say("breakdown_of", { name: view.kpiName(kpi) }));
    this.updateChoice();
    const rows = told?.rows ?? [];
    const name = view.dimensionName(told?.by ?? by ?? "");
    setText(this.member, name);
    const what = view.words.say("by_dimension", { dimension: name });
    setText(this.caption, `${view.kpiName(told?.kpi ?? kpi)} ${what}`);
    show(this.table, rows.length > 0);
    show(this.empty, rows.length === 0);
    show(this.more, (told?.more ?? 0) > 0);
    const more = told?.more ?? 0;
    setText(this.more,
      view.words.say("more_members", { number: more, count: view.format.count(more) }));
    this.updateRows(told, rows);
  }

  updateChoice() {
    const { view } = this;
    const fitting = view.catalogue.dimensionsBelow(view.choice.slice);
    const offered = fitting.includes(view.choice.by) ? fitting : [...fitting, view.choice.by];
    keyed(this.by, offered.filter(Boolean), (dimension) => dimension,
      (dimension) => el("option", { value: dimension }, view.dimensionName(dimension)),
      () => {});
    if (this.by.value !== view.choice.by) this.by.value = view.choice.by ?? "";
  }

  updateRows(told, rows) {
    const most = Math.max(...rows.map((row) => Math.abs(row.value ?? 0)), 0);
    // Another KPI or dimension has rows of its own: nothing of them has changed.
    const kind = `${told?.kpi} ${told?.by} `;
    keyed(this.rows, rows, (row) => kind + row.member,
      (row) => new Row(told.kpi, told.by, row.member, this.view),
      (made, row) => made.update(row, most));
  }
}

class Row {
  constructor(kpi, by, member, view) {
    this.kpi = kpi;
    this.view = view;
    const name = view.memberName(member);
    this.button = el(
      "button",
      {
        type: "button", class: "member", "data-special": view.words.special(member) !== undefined,
        "aria-label": view.words.say("filter_by", { member: name }),
        title: view.words.say("filter_by", { member: name }),
        click: () => this.filter(by, member),
      },
      name,
    );
    this.by = by;
    this.value = el("span", { class: "row-value" });
    this.bar = el("span", { class: "row-bar", "aria-hidden": "true" });
    this.change = new Change(view, undefined, "\u2013");
    this.trust = el("span", { class: "trust" });
    this.sample = el("td", { class: "number quiet" });
    this.node = el(
      "tr",
      { "data-member": member },
      el("th", { scope: "row" }, this.button, this.trust),
      el("td", { class: "number bar-cell" }, this.value, this.bar),
      el("td", {}, this.change.node),
      this.sample,
    );
  }

  /** Show this member only; its row goes, so the focus goes to where that can be undone. */
  filter(by, member) {
    this.view.choose({ slice: { ...this.view.choice.slice, [by]: member } });
    /** @type {HTMLElement | null} */
    const undo = document.querySelector("#chips li:last-child button");
    undo?.focus();
  }

  update(row, most) {
    const { view } = this;
    this.button.disabled = this.by in view.choice.slice;
    const measure = view.catalogue.measure(this.kpi, row.currency);
    const direction = view.catalogue.kpis.get(this.kpi)?.direction ?? "up";
    const isNew = setText(this.value, view.format.value(row.value, measure));
    if (isNew && this.isShown) flash(this.value);
    this.isShown = true;
    setPart(this.bar, "--part", most ? Math.abs(row.value ?? 0) / most : 0);
    setAttribute(this.bar, "data-negative", (row.value ?? 0) < 0);
    this.change.update(row.value, row.before, measure, direction);
    // That a value is provisional is the rule: only what is amiss is told in each row.
    updateTrust(this.trust, row.trust === "incomplete" ? row.trust : null, view);
    setText(this.sample, view.format.count(row.sample));
  }
}
