/** Objectives: how far each is, beside where a steady pace would be. */

import { clean, el, flash, keyed, setAttribute, setPart, setText, show } from "./dom.js";

export class Objectives {
  /**
   * @param {HTMLElement} place
   * @param {import("./view.js").View} view
   */
  constructor(place, view) {
    this.view = view;
    this.list = el("ul", { class: "objectives" });
    this.part = place.closest("section");
    const title = view.heading("objectives-title", view.words.say("objectives"));
    place.replaceChildren(el("div", { class: "part-head" }, title), this.list);
  }

  /** @param {import("./picture.js").Picture} picture */
  update(picture) {
    show(this.part, picture.objectives.length > 0);
    keyed(this.list, picture.objectives, (objective) => objective.id,
      (objective) => new Objective(objective.id, this.view),
      (made, objective) => made.update(objective));
  }
}

class Objective {
  constructor(id, view) {
    this.view = view;
    this.name = el("h3");
    this.status = el("span", { class: "badge" });
    this.value = el("strong", { class: "objective-value" });
    this.target = el("span", { class: "quiet" });
    this.done = el("span", { class: "progress-done" });
    this.pace = el("span", { class: "progress-pace" });
    this.progress = el("span", { class: "progress", "aria-hidden": "true" }, this.done, this.pace);
    this.facts = el("ul", { class: "facts" });
    this.node = el(
      "li",
      { class: "objective", "data-objective": id },
      el("div", { class: "objective-head" }, this.name, this.status),
      el("p", { class: "objective-line" }, this.value, " ", this.target),
      this.progress,
      this.facts,
    );
  }

  update(told) {
    const { view } = this;
    const has_money = view.catalogue.kpis.get(told.kpi)?.has_money ?? Boolean(told.currency);
    const measure = { unit: told.unit, has_money, currency: told.currency };
    const { format } = view;
    const text = (number) => format.value(number, measure);
    setText(this.name, clean(view.words.of(told.name)));
    setText(this.status, view.words.named("status", told.status));
    setAttribute(this.node, "data-status", told.status);
    if (setText(this.value, text(told.value)) && this.isShown) flash(this.value);
    this.isShown = true;
    const until = view.words.say("until", { date: format.date(told.deadline) });
    setText(this.target, `${view.words.say("target_of", { value: format.limit(told.target, measure) })} ${until}`);
    show(this.progress, told.done !== null);
    setPart(this.done, "--part", told.done ?? 0);
    this.updatePace(told);
    this.updateFacts(told, text);
  }

  updatePace(told) {
    const start = told.start_value ?? 0;
    const way = told.target - start;
    const isKnown = told.expected !== null && way !== 0;
    show(this.pace, isKnown);
    setPart(this.pace, "--part", isKnown ? (told.expected - start) / way : 0);
  }

  updateFacts(told, text) {
    const { view } = this;
    const { format, words } = view;
    const days = Math.max(0, Math.ceil(told.days_left));
    const isLimit = told.counts === "cumulative" && told.direction === "down";
    const aDay = isLimit ? "allowed_per_day" : "needed_per_day";
    const facts = [
      ["done", told.done === null
        ? null : words.say("done", { share: format.share(told.done) })],
      ["pace", told.expected === null || told.counts === "ratio"
        ? null : words.say("pace", { value: text(told.expected) })],
      ["projected", told.projected === null || told.counts === "ratio"
        ? null : words.say("projected", { value: text(told.projected) })],
      ["a_day", told.needed_per_day ? words.say(aDay, { value: text(told.needed_per_day) }) : null],
      ["days", words.say("days_left", { number: days, count: format.count(days) })],
      ["owner", view.told(told.owner) || null],
    ].filter(([, fact]) => fact !== null);
    keyed(this.facts, facts, ([key]) => key, () => el("li"),
      (node, [, fact]) => setText(node, fact));
  }
}
