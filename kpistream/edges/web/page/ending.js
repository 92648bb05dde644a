/** Ending: which of the silences of an alert is to end, and what else it is about. */

import { clean, el } from "./dom.js";
import { labelled } from "./silencing.js";

export class Ending {
  /**
   * @param {import("./view.js").View} view
   * @param {any[]} silences  at least one
   */
  constructor(view, silences) {
    this.hasComment = false;
    this.choices = silences.map((silence, index) => new Choice(silence, index === 0, view));
    this.node = el("fieldset", { class: "acting-part" },
      el("legend", {}, view.words.say("which_silence")),
      ...this.choices.map((choice) => choice.node));
  }

  wrong() {
    return "";
  }

  said() {
    return { id: this.choices.find((choice) => choice.input.checked).id };
  }
}

class Choice {
  constructor(silence, isChosen, view) {
    this.id = silence.id;
    this.input = el("input", { type: "radio", name: "silence", checked: isChosen });
    const text = view.words.say("silence_line", {
      time: view.format.dayAndTime(silence.ends_at), zone: view.format.zone,
      author: clean(silence.author),
    });
    const comment = clean(silence.comment);
    this.node = el("label", { class: "tick" }, this.input, " ",
      el("span", {}, comment ? `${text} (${comment})` : text, " ",
        el("span", { class: "silence-matchers" }, told(silence.matchers, view))));
  }
}

/** What a silence is about: names where it wants one value of a label, else as it is written. */
function told(matchers, view) {
  return matchers.map((matcher) => {
    const [, label, quoted] = /^(\w+)="((?:[^"\\]|\\.)*)"$/.exec(matcher) ?? [];
    if (label === undefined) return clean(matcher);
    const value = quoted.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter));
    return view.words.say("pair", labelled(label, value, view));
  }).join(", ");
}
