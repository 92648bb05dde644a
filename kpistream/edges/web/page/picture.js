/** The picture: what the worker has told so far, a frame and the patches since. */

/** How the reason of a worker begins whose broker is away: it answers, with what may be old. */
const BROKER_SILENT = "the broker has not answered since";

/** What has changed in a picture: its keys, and of the tiles those of which KPIs. */
export class Changes {
  /**
   * @param {Iterable<string>} keys
   * @param {Iterable<string> | null} tiles  null for all
   */
  constructor(keys, tiles) {
    this.keys = new Set(keys);
    this.tiles = tiles === null ? null : new Set(tiles);
  }

  has(...keys) {
    return keys.some((key) => this.keys.has(key));
  }

  /** These and others. */
  and(other) {
    const tiles = this.tiles === null || other.tiles === null
      ? null
      : [...this.tiles, ...other.tiles];
    return new Changes([...this.keys, ...other.keys], tiles);
  }
}

export class Picture {
  constructor() {
    /** @type {Map<string, any>} */
    this.tiles = new Map();
    /** @type {any} */
    this.rest = {};
  }

  get asOf() { return this.rest.as_of ?? null; }
  get query() { return this.rest.query ?? null; }
  get breakdown() { return this.rest.breakdown ?? null; }
  get funnel() { return this.rest.funnel ?? null; }
  get alerts() { return this.rest.alerts ?? []; }

  /** How many alerts fire, those included that are not told. */
  get firing() {
    return this.rest.firing ?? this.alerts.filter((alert) => alert.state === "firing").length;
  }

  get objectives() { return this.rest.objectives ?? []; }
  get silentTopics() { return this.rest.silent_topics ?? []; }
  get missing() { return this.rest.missing ?? []; }
  get gone() { return this.missing.filter((worker) => !isCutOff(worker)); }
  get cutOff() { return this.missing.filter(isCutOff); }

  /** Begin anew with a frame. */
  frame(told) {
    const { tiles = {}, ...rest } = told;
    this.tiles = new Map(Object.entries(tiles));
    this.rest = rest;
    return new Changes(Object.keys(told), null);
  }

  /** Take over what a patch says: only what has changed; null tiles are gone, none are all gone. */
  patch(told) {
    const { tiles = {}, ...rest } = told;
    this.rest = { ...this.rest, ...rest };
    const isGone = "tiles" in told && !Object.keys(tiles).length;
    if (isGone) this.tiles.clear();
    for (const [kpi, tile] of Object.entries(tiles)) {
      if (tile === null) this.tiles.delete(kpi);
      else this.tiles.set(kpi, tile);
    }
    return new Changes(Object.keys(told), isGone ? null : Object.keys(tiles));
  }
}

/** Since when a worker hears nothing of its broker; null if its reason does not say. */
export function cutOffSince(reason) {
  const moment = Date.parse(String(reason).slice(BROKER_SILENT.length).trim());
  return Number.isNaN(moment) ? null : moment;
}

function isCutOff(worker) {
  return String(worker.reason).startsWith(BROKER_SILENT);
}
