/** The page: asks a worker what there is, follows it, and shows what it tells. */

import { Acts } from "./acts.js";
import { liveQuery, readAddress, writeAddress } from "./address.js";
import { Alerts } from "./alerts.js";
import { Api, Problem } from "./api.js";
import { Breakdown } from "./breakdown.js";
import { Catalogue } from "./catalogue.js";
import { Controls, showSettings } from "./controls.js";
import { Details } from "./details.js";
import { clean, setAttribute, setText, show } from "./dom.js";
import { Format } from "./format.js";
import { Funnel } from "./funnel.js";
import { Kept } from "./kept.js";
import { Notices } from "./notices.js";
import { Objectives } from "./objectives.js";
import { Changes, Picture } from "./picture.js";
import { Status } from "./status.js";
import { sleep, Stream } from "./stream.js";
import { Tiles } from "./tiles.js";
import { askForToken, Token, WriteToken } from "./token.js";
import { View } from "./view.js";
import { preferredLanguage, Words } from "./words.js";

/** A page that nobody has looked at for so long stops following. */
const HIDDEN_MS = 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

class Page {
  constructor() {
    this.token = new Token();
    this.api = new Api(this.token, new WriteToken());
    this.acts = new Acts(this.api, new Kept("kpistream.author", () => localStorage), announce,
      () => this.later(new Changes(["alerts"], [])));
    this.asked = readAddress(location.search);
    this.words = new Words(this.asked.lang ?? preferredLanguage());
    /** @type {Catalogue | null} */
    this.catalogue = null;
    this.picture = new Picture();
    /** @type {Changes | null} */
    this.changes = null;
    this.status = new Status(byId("status"), byId("as-of"), () => this.showAway());
    this.notices = new Notices(byId("notices"));
    this.stream = new Stream(
      (signal) => this.api.open(`live${liveQuery(this.choice)}`, "text/event-stream", signal),
      {
        opened: () => {},
        event: (name, told) => this.take(name, told),
        lost: (problem) => this.lost(problem),
        refused: (problem) => this.refused(problem),
      },
    );
  }

  /** Show the page, and follow the worker from here on. */
  async start() {
    this.listen();
    this.dress();
    await this.learn(false);
  }

  listen() {
    addEventListener("popstate", () => {
      this.turnTo(readAddress(location.search));
      this.correctAddress();
    });
    addEventListener("hashchange", () => {
      if (this.token.takeFromAddress()) void this.learn(true);
    });
    addEventListener("online", () => {
      if (this.stream.isRunning) this.stream.start();
    });
    addEventListener("pagehide", () => this.stream.stop());
    addEventListener("pageshow", (event) => {
      if (event.persisted && this.catalogue) this.stream.start();
    });
    document.addEventListener("visibilitychange", () => this.seen());
  }

  /** Language, colours and what goes with them. */
  dress() {
    const root = document.documentElement;
    setAttribute(root, "lang", this.words.language);
    setAttribute(root, "data-theme", this.asked.theme === "auto" ? null : this.asked.theme);
    setAttribute(root, "data-embed", this.asked.embed);
    for (const node of document.querySelectorAll("[data-word]")) {
      setText(node, this.words.say(node.getAttribute("data-word")));
    }
    for (const node of document.querySelectorAll("[data-word-label]")) {
      setAttribute(node, "aria-label", this.words.say(node.getAttribute("data-word-label")));
    }
    showSettings(byId("settings"), this.words, this.asked, (choice) => this.choose(choice));
    this.status.speak(this.words, this.view?.format ?? null);
  }

  /** Ask what there is until a worker answers, then follow it. */
  async learn(wasGiven) {
    this.learning?.abort();
    const { signal } = (this.learning = new AbortController());
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        this.catalogue = new Catalogue(await this.api.get("kpis", signal));
        this.know();
        return;
      } catch (problem) {
        if (signal.aborted) return;
        if (problem instanceof Problem && !problem.passes) return this.refused(problem, wasGiven);
        this.lost(problem);
      }
      await sleep(wait, signal);
    }
  }

  /** There is a catalogue: show what is chosen of it. */
  know() {
    byId("gate").replaceChildren();
    this.settle();
    this.correctAddress();
    this.build();
    this.stream.start();
  }

  /** Let the address say what is shown where it asks for what there is not. */
  correctAddress() {
    if (this.catalogue === null) return;
    const { asked, choice } = this;
    const names = ["board", "window", "by", "kpi"].filter((name) => asked[name] !== null);
    const shown = Object.fromEntries(names.map((name) => [name, choice[name]]));
    const right = writeAddress({ ...asked, ...shown, slice: choice.slice });
    if (right === writeAddress(asked)) return;
    history.replaceState(null, "", right + location.hash);
  }

  settle() {
    this.choice = this.catalogue.fit(this.asked);
  }

  /** Make all parts of the page, in the language that is spoken. */
  build() {
    const { catalogue, choice, words } = this;
    const format = new Format(words.tag, catalogue.zone, catalogue.currency, words.say);
    this.view = new View(words, format, catalogue, choice, (changes) => this.choose(changes));
    this.acts.view = this.view;
    this.status.speak(words, format);
    this.controls = new Controls(
      { boards: byId("boards"), choices: byId("choices"), chips: byId("chips") }, this.view,
    );
    this.details?.remove();
    this.details = new Details(this.view);
    this.tiles = new Tiles(byId("tiles"), this.view,
      (kpi) => this.details.open(kpi, this.picture));
    this.breakdown = new Breakdown(byId("breakdown"), this.view);
    this.funnel = new Funnel(byId("funnel"), this.view);
    this.alerts = new Alerts(byId("alerts"), this.view, announce, this.acts);
    this.objectives = new Objectives(byId("objectives"), this.view);
    setText(byId("foot"), words.say("shown_at", {
      version: clean(catalogue.version), currency: clean(catalogue.currency), zone: format.zone,
    }));
    this.showAll();
  }

  /** Show everything that is known, such as after a change of language. */
  showAll() {
    const hasNews = this.picture.query !== null;
    show(byId("page"), hasNews);
    this.title();
    this.draw(new Changes(ALL, null));
  }

  title() {
    const { board: id } = this.choice;
    const board = id === null ? this.words.say("kpis") : this.view.boardName(id);
    const { firing } = this.picture;
    const title = `${firing ? `(${firing}) ` : ""}${board} · kpistream`;
    if (document.title !== title) document.title = title;
    setText(byId("title"), board);
  }

  /** An event of the stream. */
  take(name, told) {
    if (name !== "frame" && name !== "patch") return;
    const changes = name === "frame" ? this.picture.frame(told) : this.picture.patch(told);
    this.notices.problem = null;
    this.status.heard();
    this.title();
    if (name === "frame") {
      show(byId("page"), true);
      setAttribute(byId("page"), "aria-busy", null);
    }
    this.later(name === "frame" ? new Changes(ALL, null) : changes);
  }

  /** Draw before the next picture of the screen, however many events come until then. */
  later(changes) {
    if (this.changes !== null) {
      this.changes = this.changes.and(changes);
      return;
    }
    this.changes = changes;
    requestAnimationFrame(() => {
      const due = this.changes;
      this.changes = null;
      this.draw(due);
    });
  }

  draw(changes) {
    const { picture } = this;
    if (changes.has("as_of")) this.status.countsUpTo(picture.asOf);
    if (changes.has("tiles", "query")) {
      this.tiles.update(picture, changes.has("query") ? null : changes.tiles);
      if (this.details.node.open) this.details.update(picture);
    }
    if (changes.has("breakdown", "query")) this.breakdown.update(picture);
    if (changes.has("funnel")) this.funnel.update(picture);
    if (changes.has("alerts")) this.acts.take(picture.alerts);
    if (changes.has("alerts", "firing", "as_of", "missing")) {
      this.alerts.update(picture, this.status.isAway);
    }
    if (changes.has("objectives")) this.objectives.update(picture);
    if (changes.has("missing", "silent_topics", "as_of")) this.notify();
  }

  /** Say that what is shown may be old, or no longer so. */
  showAway() {
    const { isAway } = this.status;
    setAttribute(document.body, "data-away", isAway);
    if (this.catalogue !== null) this.draw(new Changes(["missing"], []));
  }

  notify() {
    this.notices.awaySince = this.status.isAway ? this.status.heardTime : null;
    const names = (set) => this.setName(set);
    this.notices.update(this.words, this.picture, names, this.view?.format ?? null);
  }

  /** The name of a set of slices such as `channel_campaign`. */
  setName(set) {
    if (set === "total" || !this.catalogue) return this.words.say("total");
    const { dimensions } = this.catalogue;
    const parts = dimensions.filter((dimension) => `_${set}_`.includes(`_${dimension}_`));
    return parts.map((dimension) => this.view.dimensionName(dimension)).join(" × ") || set;
  }

  lost(problem) {
    const isReady = !(problem instanceof Problem && problem.status === 503);
    this.status.lost(isReady ? "reconnecting" : "waiting");
    const hasPicture = this.picture.query !== null;
    if (problem instanceof Problem) {
      this.notices.problem = {
        key: "waiting", text: this.words.say("not_ready"), parts: [clean(problem.detail)],
      };
    } else if (problem !== null && !hasPicture) {
      this.notices.problem = { key: "unreachable", text: this.words.say("unreachable"), parts: [] };
    }
    this.notify();
  }

  /** Asking again would not help: a token is needed, or what was asked for is not there. */
  refused(problem, wasGiven = false) {
    if (problem.status === 401) {
      this.status.answered("locked");
      show(byId("page"), false);
      askForToken(byId("gate"), this.words, wasGiven, (token) => {
        this.token.value = token;
        void this.learn(true);
      });
      return;
    }
    this.status.answered("refused");
    const again = () => this.choose(
      { board: null, window: null, by: null, kpi: null, slice: {} },
    );
    this.notices.problem = {
      key: "problem", text: this.words.say("problem", { detail: clean(problem.detail) }),
      parts: [], action: this.words.say("everything"), act: again,
    };
    this.notify();
  }

  /** Show something else, and say so in the address. */
  choose(changes) {
    const before = this.catalogue ? this.choice : this.asked;
    const next = { ...before, lang: this.asked.lang, ...changes };
    this.turnTo(next);
    history.pushState(null, "", writeAddress(this.catalogue ? this.choice : next));
  }

  turnTo(asked) {
    const query = this.choice ? liveQuery(this.choice) : null;
    this.asked = asked;
    const language = new Words(asked.lang ?? preferredLanguage());
    const isOther = language.language !== this.words.language;
    this.words = isOther ? language : this.words;
    this.dress();
    if (this.catalogue === null) return;
    this.settle();
    this.view.choice = this.choice;
    if (isOther) this.build();
    else this.rechoose();
    if (liveQuery(this.choice) !== query) {
      setAttribute(byId("page"), "aria-busy", "true");
      this.stream.start();
    }
  }

  rechoose() {
    this.controls = new Controls(
      { boards: byId("boards"), choices: byId("choices"), chips: byId("chips") }, this.view,
    );
    this.title();
    this.draw(new Changes(["tiles", "breakdown"], []));
  }

  /** Stop following what nobody sees, and go on when somebody looks. */
  seen() {
    clearTimeout(this.hiding);
    if (document.visibilityState === "hidden") {
      this.hiding = setTimeout(() => this.pause(), HIDDEN_MS);
    } else if (this.isPaused) {
      this.isPaused = false;
      this.status.be("connecting");
      this.stream.start();
    }
  }

  pause() {
    if (!this.stream.isRunning) return;
    this.isPaused = true;
    this.stream.stop();
    this.status.be("paused");
  }
}

const ALL = ["as_of", "query", "tiles", "breakdown", "funnel", "alerts", "objectives", "missing",
  "silent_topics"];

/** Say something to those who do not see it. */
function announce(text) {
  setText(byId("said"), text);
}

/** @returns {any} */
function byId(id) {
  return document.getElementById(id);
}

void new Page().start();
