/** Silencing: for how long people are not told, and of which alerts. */

import { clean, el } from "./dom.js";

const LENGTHS = ["1h", "4h", "1d"];
const TOMORROW = "tomorrow";
const MORNING_HOUR = 9;

export class Silencing {
  /**
   * @param {import("./view.js").View} view
   * @param {any} alert
   */
  constructor(view, alert) {
    this.view = view;
    this.hasComment = true;
    const { words } = view;
    const choices = ["1h", "4h", TOMORROW, "1d"].map((value) => el("option", { value },
      LENGTHS.includes(value) ? words.window(value) : words.say("until_tomorrow")));
    this.length = el("select", { id: "silence-length" }, ...choices);
    this.ticks = labelsOf(alert, view).map((label) => new Tick(label, view));
    this.node = el(
      "div",
      { class: "acting-part" },
      el("p", { class: "field" }, el("label", { for: "silence-length" }, words.say("how_long")),
        this.length),
      el("fieldset", {}, el("legend", {}, words.say("which_alerts")),
        ...this.ticks.map((tick) => tick.node)),
    );
  }

  get matchers() {
    return this.ticks.filter((tick) => tick.input.checked).map((tick) => tick.matcher);
  }

  wrong() {
    return this.matchers.length ? "" : this.view.words.say("tick_one");
  }

  said() {
    const { value } = this.length;
    const end = value === TOMORROW ? { ends_at: tomorrow(new Date()) } : { for: value };
    return { matchers: this.matchers, ...end };
  }
}

/** A label that an alert must have to be silenced, as long as it is ticked. */
class Tick {
  constructor({ label, value, name, text }, view) {
    this.matcher = `${label}="${escaped(value)}"`;
    this.input = el("input", { type: "checkbox", checked: true });
    this.node = el("label", { class: "tick" }, this.input, " ",
      el("span", {}, view.words.say("pair", { name, value: text })));
  }
}

/** The labels that no other alert has all of: an alert is its rule's, of a slice, in a currency. */
function labelsOf(alert, view) {
  const currency = alert.currency ? { currency: alert.currency } : {};
  const labels = { alertname: alert.rule, ...alert.slice, ...currency };
  return Object.entries(labels).map(([label, value]) => {
    const { name, value: text } = labelled(label, value, view);
    return { label, value, name, text };
  });
}

const NAMES = { alertname: "rule", currency: "currency" };

/** A label and its value as people read them. */
export function labelled(label, value, view) {
  return Object.hasOwn(NAMES, label)
    ? { name: view.words.say(NAMES[label]), value: clean(value) }
    : { name: view.dimensionName(label), value: view.memberName(value) };
}

/** A value as it stands between the quotes of a matcher. */
function escaped(value) {
  return value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}

/** Nine o'clock of the next day, by the clock of whoever looks at the page. */
function tomorrow(now) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, MORNING_HOUR).toISOString();
}
