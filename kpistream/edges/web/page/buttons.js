/** The buttons on the card of an alert that fires: what people can do about it. */

import { Acting } from "./acting.js";
import { problemText } from "./acts.js";
import { el, setAttribute, setText, show } from "./dom.js";
import { Ending } from "./ending.js";
import { Silencing } from "./silencing.js";

export class Buttons {
  /**
   * @param {import("./view.js").View} view
   * @param {import("./acts.js").Acts} acts
   * @param {any} alert
   */
  constructor(view, acts, alert) {
    this.view = view;
    this.acts = acts;
    this.alert = alert;
    this.isAsking = false;
    this.acknowledge = this.button("acknowledge", () => this.askToAcknowledge());
    this.silence = this.button("silence", () => this.askToSilence());
    this.end = this.button("end_silence", () => this.askToEnd());
    this.all = [this.acknowledge, this.silence, this.end];
    this.note = el("p", { class: "act-note" });
    this.node = el("div", { class: "acts" }, ...this.all, this.note);
  }

  button(word, act) {
    return el(
      "button",
      { type: "button", class: "plain", "data-act": word, click: () => this.begin(act) },
      this.view.words.say(word),
      el("span", { class: "sr" }, ` ${this.view.alertName(this.alert)}`),
    );
  }

  begin(act) {
    if (this.isBusy) return;
    this.acts.forgive(this.alert);
    act();
  }

  /** Whether one waits for the worker, so that nothing else can be done about the alert. */
  get isBusy() {
    return this.isAsking || (this.acts.of(this.alert)?.isBusy ?? false);
  }

  update(alert) {
    this.alert = alert;
    const { suppression } = alert;
    const focused = this.all.find((button) => button === document.activeElement);
    show(this.node, alert.state === "firing" && !this.view.choice.embed);
    show(this.acknowledge, !suppression?.acknowledged);
    show(this.end, (suppression?.silenced_by ?? []).length > 0);
    for (const button of this.all) setAttribute(button, "aria-disabled", this.isBusy && "true");
    const act = this.acts.of(alert);
    setText(this.note, act ? act.text(this.view) : "");
    show(this.note, act !== undefined);
    if (focused?.hidden) this.focus(focused);
  }

  /** Give the focus to a button, or to the nearest thing to it that is there. */
  focus(wanted) {
    const there = [wanted, ...this.all].find((button) => button.checkVisibility());
    (there ?? document.getElementById("alerts-title"))?.focus();
  }

  askToAcknowledge() {
    const { acts, alert } = this;
    this.ask(this.acknowledge, "acknowledge", "acknowledge_means", null,
      (said) => acts.acknowledge(alert, said));
  }

  askToSilence() {
    const { acts, alert } = this;
    this.ask(this.silence, "silence", "silence_means", new Silencing(this.view, alert),
      (said) => acts.silence(alert, said));
  }

  async askToEnd() {
    const { acts, alert } = this;
    const silences = await this.silences();
    if (silences === null) return;
    this.ask(this.end, "end_silence", "end_means", new Ending(this.view, silences),
      ({ id, author }) => acts.end(alert, id, { author }));
  }

  /** The silences that can be ended; null if there is none, or none is known, which is said. */
  async silences() {
    const { acts, alert } = this;
    this.isAsking = true;
    try {
      const silences = await acts.silencesOf(alert);
      if (silences.length) return silences;
      acts.fail(alert, (view) => view.words.say("no_silence"));
    } catch (problem) {
      acts.fail(alert, problemText(problem));
    } finally {
      this.isAsking = false;
    }
    return null;
  }

  ask(button, word, means, part, act) {
    new Acting({
      view: this.view, acts: this.acts, alert: this.alert, word, means, part, act,
      closed: () => this.focus(button),
    }).open();
  }
}
