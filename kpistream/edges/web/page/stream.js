/** The stream: server-sent events over fetch, since only that can carry a token in its head. */

import { Problem } from "./api.js";

/** Times in milliseconds. Workers send something at least every 15 s. */
const TIMES = {
  firstWait: 500, longestWait: 15_000, longestAsked: 60_000, goodbyeWait: 600, silence: 40_000,
};

/** An event as it was sent: `data` is text. */
export class ServerEvent {
  constructor(name, data, id) {
    this.name = name;
    this.data = data;
    this.id = id;
  }
}

/** Makes events of pieces of a stream of events, wherever it was cut. */
export class EventParser {
  constructor() {
    this.rest = "";
    this.wasReturn = false;
    this.clear();
  }

  clear() {
    this.name = "";
    /** @type {string[]} */
    this.data = [];
    this.id = "";
  }

  /**
   * The events that a piece completes.
   *
   * @param {string} piece
   * @returns {ServerEvent[]}
   */
  push(piece) {
    const lines = this.lines(piece);
    const events = [];
    for (const line of lines) {
      if (line) this.field(line);
      else if (this.data.length) events.push(this.finish());
      else this.clear();
    }
    return events;
  }

  /** Whole lines; they end with CR, LF or both, and the two may come in two pieces. */
  lines(piece) {
    let text = this.rest + piece;
    if (this.wasReturn && text.startsWith("\n")) text = text.slice(1);
    if (piece) this.wasReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    this.rest = lines.pop() ?? "";
    return lines;
  }

  field(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.name = value;
    else if (name === "data") this.data.push(value);
    else if (name === "id") this.id = value;
  }

  finish() {
    const event = new ServerEvent(this.name || "message", this.data.join("\n"), this.id);
    this.clear();
    return event;
  }
}

/**
 * Follows a stream until it is stopped, and connects again when it ends, ever more patiently.
 *
 * It tells: `opened()`, `event(name, document)`, `lost(problem)` before it waits to try again, and
 * `refused(problem)` when trying again would not help; after that it has stopped.
 */
export class Stream {
  /**
   * @param {(signal: AbortSignal) => Promise<Response>} open
   * @param {{opened: () => void, event: (name: string, document: any) => void,
   *   lost: (problem: unknown) => void, refused: (problem: Problem) => void}} tell
   */
  constructor(open, tell) {
    this.open = open;
    this.tell = tell;
    /** @type {AbortController | null} */
    this.running = null;
    this.tries = 0;
  }

  /** Connect now, in place of a connection that there is. */
  start() {
    this.stop();
    this.tries = 0;
    this.running = new AbortController();
    void this.follow(this.running.signal);
  }

  stop() {
    this.running?.abort();
    this.running = null;
  }

  get isRunning() {
    return this.running !== null;
  }

  async follow(signal) {
    while (!signal.aborted) {
      let wait;
      try {
        wait = await this.listen(signal);
        if (!signal.aborted) this.tell.lost(null);
      } catch (problem) {
        if (signal.aborted) return;
        if (problem instanceof Problem && !problem.passes) {
          this.running = null;
          this.tell.refused(problem);
          return;
        }
        this.tell.lost(problem);
        wait = this.nextWait(problem);
      }
      await sleep(wait ?? this.nextWait(null), signal);
    }
  }

  /** Read one connection to its end; gives how long to wait if the worker said goodbye. */
  async listen(signal) {
    const one = new AbortController();
    const end = () => one.abort();
    signal.addEventListener("abort", end, { once: true });
    let silence = setTimeout(end, TIMES.silence);
    try {
      const answer = await this.open(one.signal);
      this.tell.opened();
      const parser = new EventParser();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done || signal.aborted) return undefined;
        clearTimeout(silence);
        silence = setTimeout(end, TIMES.silence);
        for (const event of parser.push(value)) {
          if (event.name === "bye") return jittered(TIMES.goodbyeWait);
          this.tries = 0;
          this.tell.event(event.name, JSON.parse(event.data));
        }
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
      one.abort();
    }
  }

  nextWait(problem) {
    const doubled = TIMES.firstWait * 2 ** Math.min(this.tries, 10);
    this.tries += 1;
    const asked = problem instanceof Problem ? (problem.waitSeconds ?? 0) * 1000 : 0;
    return Math.max(jittered(Math.min(doubled, TIMES.longestWait)),
      Math.min(asked, TIMES.longestAsked));
  }
}

/** Half to the whole of a time, so that many pages do not come back at once. */
function jittered(time) {
  return time * (0.5 + Math.random() / 2);
}

/** A pause that ends early when it is called off. */
export function sleep(time, signal) {
  return new Promise((done) => {
    if (signal.aborted) return done(undefined);
    const timer = setTimeout(finish, time);
    function finish() {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      done(undefined);
    }
    signal.addEventListener("abort", finish);
  });
}
