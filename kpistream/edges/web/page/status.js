/** The status: whether what the page shows is live, and up to when it counts. */

import { setAttribute, setText } from "./dom.js";

/** So long after the connection was lost the page says since when it shows nothing new. */
const STALE_AFTER_MS = 10_000;

export class Status {
  /**
   * @param {HTMLElement} place
   * @param {HTMLElement} asOf
   */
  constructor(place, asOf) {
    this.place = place;
    this.asOf = asOf;
    this.state = "connecting";
    this.heardAt = null;
    this.timer = undefined;
  }

  /**
   * @param {import("./words.js").Words} words
   * @param {import("./format.js").Format | null} format
   */
  speak(words, format) {
    this.words = words;
    this.format = format;
    this.show();
  }

  /** Something was heard of the worker just now. */
  heard() {
    this.heardAt = Date.now();
    if (this.state !== "live") this.be("live");
  }

  /** Nothing is heard any more; after a while that is worth a time. */
  lost(state = "reconnecting") {
    if (this.state === "stale") return;
    const isNew = this.state !== state;
    this.be(state, isNew);
    if (isNew && this.heardAt !== null) {
      this.timer = setTimeout(() => this.be("stale"), STALE_AFTER_MS);
    }
  }

  be(state, isNew = true) {
    if (isNew) clearTimeout(this.timer);
    this.state = state;
    this.show();
  }

  show() {
    if (!this.words) return;
    const time = this.heardAt !== null && this.format ? this.format.time(this.heardAt) : "";
    setAttribute(this.place, "data-state", this.state);
    setText(this.place, this.words.say(this.state, { time }));
  }

  /** @param {string | null} moment */
  countsUpTo(moment) {
    const text = moment && this.format ? this.words.say("as_of", {
      time: this.format.time(moment), zone: this.format.zone,
    }) : "";
    setText(this.asOf, text);
  }
}
