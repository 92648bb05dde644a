/** The funnel: how many make it from each step to the next. */

import { clean, el, flash, keyed, setAttribute, setPart, setText, show } from "./dom.js";

export class Funnel {
  /**
   * @param {HTMLElement} place
   * @param {import("./view.js").View} view
   */
  constructor(place, view) {
    this.view = view;
    this.title = view.heading("funnel-title", "");
    this.overall = el("p", { class: "part-note" });
    this.steps = el("ol", { class: "funnel" });
    this.part = place.closest("section");
    place.replaceChildren(el("div", { class: "part-head" }, this.title, this.overall), this.steps);
  }

  /** @param {import("./picture.js").Picture} picture */
  update(picture) {
    const { view } = this;
    const steps = picture.funnel?.steps ?? [];
    show(this.part, steps.length > 0);
    const name = view.boardName(picture.funnel?.name ?? "");
    setText(this.title, view.words.say("funnel", { name }));
    const rates = ratesOf(steps);
    const whole = part(steps.at(-1)?.value, steps[0]?.value);
    setText(this.overall, whole === null || steps.length < 2 ? "" : view.words.say("overall",
      { share: view.format.percent(whole) }));
    const worst = worstOf(rates);
    const most = Math.max(...steps.map((step) => Math.abs(step.value ?? 0)), 0);
    keyed(this.steps, steps, (step) => step.kpi,
      (step) => new Step(step.kpi, view),
      (made, step, index) => made.update(step, most, rates[index], index === worst));
  }
}

class Step {
  constructor(kpi, view) {
    this.kpi = kpi;
    this.view = view;
    this.value = el("strong", { class: "step-value" });
    this.bar = el("span", { class: "step-bar", "aria-hidden": "true" });
    this.rate = el("span", { class: "step-rate" });
    this.loss = el("span", { class: "step-loss" }, view.words.say("largest_loss"));
    this.node = el(
      "li",
      { class: "step", "data-kpi": kpi },
      el("span", { class: "step-head" }, el("span", { class: "step-name" }, view.kpiName(kpi)),
        this.value),
      this.bar,
      el("span", { class: "step-foot" }, this.rate, this.loss),
    );
  }

  /** The bar is as long as the step is large beside the largest one. */
  update(step, most, rate, isWorst) {
    const { view } = this;
    const isNew = setText(this.value, view.value(this.kpi, step.value));
    if (isNew && this.isShown) flash(this.value);
    this.isShown = true;
    setPart(this.bar, "--part", most ? Math.abs(step.value ?? 0) / most : 0);
    setAttribute(this.bar, "data-none", !step.value);
    const share = rate === null ? "" : view.format.percent(rate);
    setText(this.rate, share && view.words.say("conversion", { share }));
    show(this.rate, rate !== null);
    show(this.loss, isWorst);
    setAttribute(this.node, "data-worst", isWorst);
  }
}

/** Each step as a part of the one before; null where that makes no sense. */
function ratesOf(steps) {
  return steps.map((step, index) => (index ? part(step.value, steps[index - 1].value) : null));
}

/** The step that loses most of those who got there, if several are to choose from and any does. */
function worstOf(rates) {
  const known = rates.filter((rate) => rate !== null);
  if (known.length < 2) return -1;
  const least = Math.min(...known);
  return least < 1 ? rates.indexOf(least) : -1;
}

function part(some, all) {
  return typeof some === "number" && all ? some / all : null;
}
