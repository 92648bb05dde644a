/** The status: whether what the page shows is live, and up to when it counts. */

import { setAttribute, setText } from "./dom.js";

/** So long after the connection was lost the page says since when it shows nothing new. */
const STALE_AFTER_MS = 10_000;

/** So long after that it says of all that it shows that it may be old. */
const AWAY_AFTER_MS = 3_000;

export class Status {
  /**
   * @param {HTMLElement} place
   * @param {HTMLElement} asOf
   * @param {() => void} tellAway  the worker began to be away, or is back
   */
  constructor(place, asOf, tellAway) {
    this.place = place;
    this.asOf = asOf;
    this.tellAway = tellAway;
    /** Whether nothing is heard of the worker for so long that what is shown may be old. */
    this.isAway = false;
    this.awayTimer = undefined;
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
    this.away(false);
    if (this.state !== "live") this.be("live");
  }

  /** Nothing is heard any more; after a while that is worth a time. */
  lost(state = "reconnecting") {
    if (this.heardAt !== null) {
      this.awayTimer ??= setTimeout(() => this.away(true), AWAY_AFTER_MS);
    }
    if (this.state === "stale") return;
    const isNew = this.state !== state;
    this.be(state, isNew);
    if (isNew && this.heardAt !== null) {
      this.timer = setTimeout(() => this.be("stale"), STALE_AFTER_MS);
    }
  }

  /** The worker answers, though not with what was asked for. */
  answered(state) {
    this.away(false);
    this.be(state);
  }

  away(isAway) {
    if (!isAway) {
      clearTimeout(this.awayTimer);
      this.awayTimer = undefined;
    }
    if (this.isAway === isAway) return;
    this.isAway = isAway;
    this.tellAway();
  }

  be(state, isNew = true) {
    if (isNew) clearTimeout(this.timer);
    this.state = state;
    this.show();
  }

  show() {
    if (!this.words) return;
    setAttribute(this.place, "data-state", this.state);
    setText(this.place, this.words.say(this.state, { time: this.heardTime }));
  }

  /** When something was last heard of the worker, as text. */
  get heardTime() {
    return this.heardAt !== null && this.format ? this.format.time(this.heardAt) : "";
  }

  /** @param {string | null} moment */
  countsUpTo(moment) {
    const text = moment && this.format ? this.words.say("as_of", {
      time: this.format.time(moment), zone: this.format.zone,
    }) : "";
    setText(this.asOf, text);
  }
}
