/** The status: whether what the page shows is live, and up to when it counts. */

import { setAttribute, setText } from "./dom.js";

/** So long after the connection was lost the page says since when it shows nothing new. */
const STALE_AFTER_MS = 10_000;

/** So long after that it says of all that it shows that it may be old. */
const AWAY_AFTER_MS = 3_000;

/** A time that moves each second has stood still for so long: what is shown may be old. */
const STILL_AFTER_MS = 15_000;

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
    /** Whether the worker answers, but its time stands still. */
    this.isStill = false;
    this.moment = null;
    this.movedAt = null;
    this.stillTimer = undefined;
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
    const state = this.isStill ? "stale" : "live";
    if (this.state !== state) this.be(state);
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
    if (state !== "live" && state !== "stale") this.forgetMoment();
    this.state = state;
    this.show();
  }

  show() {
    if (!this.words) return;
    setAttribute(this.place, "data-state", this.state);
    setText(this.place, this.words.say(this.state, { time: this.lastTime }));
  }

  /** Since when nothing new is shown, as text. */
  get lastTime() {
    return this.isStill && this.format ? this.format.time(this.movedAt) : this.heardTime;
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
    if (moment !== this.moment) this.moved(moment);
  }

  moved(moment) {
    this.forgetMoment();
    this.moment = moment;
    this.movedAt = Date.now();
    if (moment !== null) this.wait();
    if (this.state === "stale") this.be("live");
  }

  wait() {
    this.stillTimer = setTimeout(() => this.stand(), STILL_AFTER_MS);
  }

  stand() {
    // What nobody sees is not drawn, so its time stands still for no other reason.
    if (document.visibilityState === "hidden") return this.wait();
    this.isStill = true;
    if (this.state === "live") this.be("stale");
  }

  forgetMoment() {
    clearTimeout(this.stillTimer);
    this.isStill = false;
    this.moment = null;
  }
}
