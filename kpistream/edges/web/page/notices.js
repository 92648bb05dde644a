/** Notices: what is missing in what the page shows, or old. */

import { clean, el, keyed, setAttribute, setText } from "./dom.js";
import { cutOffSince } from "./picture.js";

export class Notices {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    /** What stands in the way of showing anything new, if anything does. */
    this.problem = null;
    /** @type {string | null} when the worker was last heard, if it is away */
    this.awaySince = null;
  }

  /**
   * @param {import("./words.js").Words} words
   * @param {import("./picture.js").Picture} picture
   * @param {(slice: string) => string} nameOf  the name of a set of slices
   * @param {import("./format.js").Format | null} format
   */
  update(words, picture, nameOf, format) {
    const notices = [this.away(words), this.problem, missing(picture, words, nameOf),
      cutOff(picture, words, format), silent(picture, words), empty(picture, words)]
      .filter((notice) => notice !== null);
    keyed(this.place, notices, (notice) => notice.key,
      () => new Notice(),
      (made, notice) => made.update(notice));
  }

  away(words) {
    if (this.awaySince === null) return null;
    return { key: "away", text: words.say("away", { time: this.awaySince }), parts: [] };
  }
}

function missing(picture, words, nameOf) {
  const workers = picture.gone;
  if (!workers.length) return null;
  return {
    key: "missing",
    text: words.say("missing", { count: workers.length }),
    parts: workers.map((gone) => {
      const who = words.say("missing_part",
        { worker: clean(gone.worker), reason: clean(gone.reason) });
      const slices = (gone.slices ?? []).map(nameOf).join(", ");
      return slices ? `${who} (${words.say("missing_slices", { slices })})` : who;
    }),
  };
}

function cutOff(picture, words, format) {
  const workers = picture.cutOff;
  if (!workers.length) return null;
  return {
    key: "cut-off",
    text: words.say("cut_off", { count: workers.length }),
    parts: workers.map((gone) => still(gone, words, format)),
  };
}

/** Since when a worker stands still; its reason as it is where that names no moment. */
function still({ worker: address, reason }, words, format) {
  const worker = clean(address);
  const since = cutOffSince(reason);
  return format === null || since === null
    ? words.say("missing_part", { worker, reason: clean(reason) })
    : words.say("cut_off_since", { worker, time: format.time(since), zone: format.zone });
}

function silent(picture, words) {
  const topics = picture.silentTopics.map(clean);
  if (!topics.length) return null;
  const text = words.say("silent", { count: topics.length, topics: topics.join(", ") });
  return { key: "silent", text, parts: [] };
}

function empty(picture, words) {
  if (picture.query === null || picture.asOf !== null) return null;
  return { key: "empty", text: words.say("no_data"), parts: [] };
}

class Notice {
  constructor() {
    this.text = el("p");
    this.parts = el("ul");
    this.action = el("button", { type: "button", class: "plain", click: () => this.act?.() });
    this.node = el("div", { class: "notice" }, this.text, this.parts, this.action);
  }

  update({ key, text, parts, action = null, act = null }) {
    setAttribute(this.node, "data-notice", key);
    setText(this.text, text);
    keyed(this.parts, parts, (part, index) => String(index), () => el("li"),
      (node, part) => setText(node, part));
    this.parts.hidden = parts.length === 0;
    this.act = act;
    setText(this.action, action ?? "");
    this.action.hidden = action === null;
  }
}
