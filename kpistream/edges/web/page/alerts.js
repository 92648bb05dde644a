/** Alerts: those that fire, why, what they cost and whose job they are; the resolved ones folded. */

import { Buttons } from "./buttons.js";
import { verdictOf } from "./change.js";
import { conditionText } from "./condition.js";
import { clean, el, flash, keyed, setAttribute, setPart, setText, show } from "./dom.js";
import { hasMoved, sentence } from "./why.js";

const SEVERITIES = ["critical", "warning", "info"];

/** So many members are told of in an alert's explanation. */
const MOST_SEGMENTS = 5;

/** The condition of an alert that fires has not held for so long: that is worth telling. */
const CALM_MS = 30_000;

export class Alerts {
  /**
   * @param {HTMLElement} place
   * @param {import("./view.js").View} view
   * @param {(text: string) => void} announce
   * @param {import("./acts.js").Acts} acts
   */
  constructor(place, view, announce, acts) {
    this.view = view;
    this.announce = announce;
    this.acts = acts;
    this.title = view.heading("alerts-title", view.words.say("alerts"));
    this.title.tabIndex = -1;
    this.count = el("span", { class: "badge", id: "firing-count" });
    this.none = el("p", { class: "empty calm" });
    this.active = el("ul", { class: "alerts", id: "active-alerts" });
    this.others = el("p", { class: "quiet" });
    this.overCount = el("summary");
    this.over = el("ul", { class: "alerts", id: "resolved-alerts" });
    this.fold = el("details", { class: "resolved" }, this.overCount, this.over);
    /** @type {Map<string, string> | null} fingerprints to states, as last shown */
    this.states = null;
    place.replaceChildren(
      el("div", { class: "part-head" }, this.title, this.count),
      this.none, this.active, this.others, this.fold,
    );
  }

  /**
   * @param {import("./picture.js").Picture} picture
   * @param {boolean} isAway  whether the worker does not answer, so that this may be old
   */
  update(picture, isAway) {
    const { view } = this;
    const firing = sorted(picture.alerts.filter((alert) => alert.state === "firing"));
    const pending = picture.alerts.filter((alert) => alert.state === "pending");
    const over = picture.alerts.filter((alert) => alert.state === "resolved");
    const hadFocus = this.active.contains(document.activeElement);
    this.updateHead(firing, picture, isAway);
    show(this.none, firing.length + pending.length === 0);
    this.updateList(this.active, [...firing, ...pending], picture.asOf);
    show(this.fold, over.length > 0);
    setText(this.overCount, view.words.say("resolved_count", { count: over.length }));
    this.updateList(this.over, over, picture.asOf);
    if (hadFocus && !this.active.contains(document.activeElement)) {
      this.title.focus({ preventScroll: true });
    }
    this.tell(picture.alerts);
  }

  updateHead(firing, picture, isAway) {
    const { words } = this.view;
    const isPartial = picture.missing.length > 0;
    const calm = isPartial ? "no_alerts_known" : "no_alerts";
    setText(this.none, words.say(isAway ? "no_alerts_away" : calm));
    setAttribute(this.none, "data-partial", isPartial || isAway);
    show(this.count, picture.firing > 0);
    setText(this.count, words.say("firing_count", { count: picture.firing }));
    const others = picture.firing - firing.length;
    show(this.others, others > 0);
    setText(this.others, words.say("others_fire", { number: others, count: others }));
    setAttribute(this.count, "data-severity", firing[0]?.severity ?? null);
  }

  updateList(list, alerts, asOf) {
    keyed(list, alerts, (alert) => alert.fingerprint,
      (alert) => new Card(alert, this.view, this.acts),
      (card, alert) => card.update(alert, asOf));
  }

  /** Say what began and what ended, to those who do not see it appear. */
  tell(alerts) {
    const { words } = this.view;
    const states = new Map(alerts.map((alert) => [alert.fingerprint, alert.state]));
    for (const alert of this.states === null ? [] : alerts) {
      const before = this.states.get(alert.fingerprint);
      if (before === alert.state) continue;
      const what = this.view.alertName(alert);
      if (alert.state === "firing") this.announce(words.say("alert_fires", { what }));
      if (alert.state === "resolved" && before === "firing") {
        this.announce(words.say("alert_resolved", { what }));
      }
    }
    this.states = states;
  }
}

/** The worst first, and of those as bad the newest. */
function sorted(alerts) {
  const rank = (alert) => SEVERITIES.indexOf(alert.severity);
  return [...alerts].sort((one, other) => rank(one) - rank(other));
}

class Card {
  constructor(alert, view, acts) {
    this.view = view;
    this.alert = alert;
    this.severity = el("span", { class: "badge" });
    this.since = el("time", { class: "alert-since" });
    this.name = el("h3", { class: "alert-name" });
    this.slice = el("p", { class: "alert-slice" });
    this.summary = el("p", { class: "alert-summary" });
    this.value = el("strong", { class: "alert-value" });
    this.baseline = el("span", { class: "quiet" });
    this.stake = el("span", { class: "stake" });
    this.stakeThen = then(view);
    this.sentence = el("span");
    this.whyThen = then(view);
    this.why = el("p", { class: "alert-why" },
      el("span", { class: "alert-aside" }, view.words.say("since_before")), " ", this.sentence,
      " ", this.whyThen);
    this.held = el("p", { class: "alert-aside" });
    this.muted = el("p", { class: "alert-muted" });
    this.buttons = new Buttons(view, acts, alert);
    this.more = new More(view, alert);
    this.node = el(
      "li",
      { class: "alert", "data-fingerprint": alert.fingerprint },
      el("div", { class: "alert-head" }, this.severity, this.name),
      el("div", { class: "alert-sub" }, this.slice, this.since),
      el("p", { class: "alert-figures" }, this.value, " ", this.baseline, " ", this.stake,
        " ", this.stakeThen),
      this.why,
      this.summary,
      this.held,
      this.muted,
      this.buttons.node,
      this.more.node,
    );
  }

  update(alert, asOf) {
    const { view } = this;
    const { format, words } = view;
    setAttribute(this.node, "data-severity", alert.severity);
    setAttribute(this.node, "data-state", alert.state);
    setAttribute(this.severity, "data-severity", alert.state === "firing" ? alert.severity : null);
    const severity = words.named("severity", alert.severity);
    setText(this.severity,
      alert.state === "pending" ? `${severity}, ${words.say("pending")}` : severity);
    setText(this.name, view.kpiName(alert.kpi));
    setText(this.slice, `${view.sliceName(alert.slice)} · ${words.window(alert.window)}`);
    setText(this.summary, view.told(alert.summary));
    setAttribute(this.summary, "lang", view.languageOf(alert.summary));
    this.updateSince(alert, asOf, format, words);
    this.updateFigures(alert, format, words);
    const why = clean(sentence(alert, view, measureOf(alert, view))).replaceAll(" %", "\u00a0%");
    setText(this.sentence, why);
    show(this.why, why !== "");
    show(this.whyThen, hasMoved(alert));
    const muted = mutedBy(alert.suppression, words);
    setText(this.muted, muted);
    show(this.muted, muted !== "");
    this.buttons.update(alert);
    this.more.update(alert);
  }

  updateSince(alert, asOf, format, words) {
    const from = alert.state === "resolved" ? alert.changed_at : alert.since;
    setText(this.since, alert.state === "resolved"
      ? format.dayAndTime(from)
      : words.say("since", { age: format.age(from, asOf) }));
    setAttribute(this.since, "datetime", from);
    setAttribute(this.since, "title", format.dayAndTime(from));
    const isCalm = alert.state === "firing"
      && Date.parse(asOf) - Date.parse(alert.held_at) >= CALM_MS;
    show(this.held, isCalm);
    setText(this.held,
      isCalm ? words.say("held_last", { age: format.age(alert.held_at, asOf) }) : "");
  }

  updateFigures(alert, format, words) {
    const measure = measureOf(alert, this.view);
    const isNew = setText(this.value, format.value(alert.value, measure));
    if (isNew && this.isShown) flash(this.value);
    this.isShown = true;
    const baseline = alert.baseline === null
      ? "" : words.say("baseline", { value: format.limit(alert.baseline, measure) });
    setText(this.baseline, baseline);
    const stake = alert.why?.at_stake_per_hour ?? null;
    show(this.stake, stake !== null);
    show(this.stakeThen, stake !== null && hasMoved(alert));
    setText(this.stake, stake === null ? "" : words.say("per_hour",
      { money: format.money(stake, alert.why.stake_currency) }));
  }
}

/** That what stands before it was worked out when the alert began to fire. */
function then(view) {
  return el("span", { class: "alert-aside" }, view.words.say("when_fired"));
}

function measureOf(alert, view) {
  const known = view.catalogue.measure(alert.kpi, alert.currency);
  return { ...known, unit: alert.unit || known.unit };
}

/** Why nobody is told of an alert, as text; empty if somebody is. */
function mutedBy(suppression, words) {
  if (!suppression) return "";
  const parts = [];
  const known = suppression.acknowledged;
  if (known) {
    const comment = clean(known.comment);
    parts.push(words.say("acknowledged", { author: clean(known.author) })
      + (comment && ` (${comment})`));
  }
  if (suppression.silenced_by?.length) parts.push(words.say("silenced"));
  if (suppression.inhibited_by?.length) parts.push(words.say("inhibited"));
  if (suppression.muted_receivers?.length) {
    parts.push(words.say("muted", { receivers: suppression.muted_receivers.map(clean).join(", ") }));
  }
  return parts.join(" · ");
}

/** More of an alert: the members and KPIs that explain it, how sure it is, and what to do. */
class More {
  constructor(view, alert) {
    this.view = view;
    const { words } = view;
    this.segments = el("ul", { class: "effects" });
    this.segmentsPart = el("div", {}, el("h4", {}, words.say("segments")), this.segments);
    this.drivers = el("ul", { class: "effects" });
    this.driversPart = el("div", {}, el("h4", {}, words.say("drivers")), this.drivers);
    this.facts = el("dl", { class: "fact-list" });
    this.runbook = el("a", { rel: "noopener noreferrer", target: "_blank" }, words.say("runbook"));
    const look = el(
      "button",
      { type: "button", class: "plain", click: () => this.look() },
      words.say("show_slice"),
    );
    this.alert = alert;
    this.node = el(
      "details",
      { class: "more" },
      el("summary", {}, words.say("details"),
        el("span", { class: "sr" }, ` ${view.kpiName(alert.kpi)} ${view.sliceName(alert.slice)}`)),
      this.segmentsPart,
      this.driversPart,
      this.facts,
      el("p", { class: "links" }, look, " ", this.runbook),
    );
  }

  look() {
    const { kpi, slice, window } = this.alert;
    this.view.choose({ kpi, slice, window });
  }

  update(alert) {
    const { view } = this;
    this.alert = alert;
    const segments = [...(alert.why?.segments ?? [])]
      .sort((one, other) => Math.abs(effectOf(other)) - Math.abs(effectOf(one)))
      .slice(0, MOST_SEGMENTS);
    show(this.segmentsPart, segments.length > 0);
    const most = Math.max(...segments.map((segment) => Math.abs(effectOf(segment))), 0);
    const measure = measureOf(alert, view);
    keyed(this.segments, segments, (segment) => JSON.stringify([segment.dimension, segment.member]),
      () => new Effect(view, alert.kpi),
      (effect, segment) => effect.segment(segment, measure, most));
    const drivers = alert.why?.drivers ?? [];
    show(this.driversPart, drivers.length > 0);
    const strongest = Math.max(...drivers.map((driver) => Math.abs(driver.effect)), 0);
    keyed(this.drivers, drivers, (driver) => driver.kpi,
      () => new Effect(view, alert.kpi),
      (effect, driver) => effect.driver(driver, strongest));
    this.updateFacts(alert);
    const address = webAddress(alert.labels?.runbook_url);
    show(this.runbook, address !== null);
    setAttribute(this.runbook, "href", address);
  }

  updateFacts(alert) {
    const { view } = this;
    const { format, words } = view;
    const p = alert.evidence?.p ?? null;
    const times = alert.fired_at?.length ?? 0;
    const facts = [
      ["action", view.told(alert.action), view.languageOf(alert.action)],
      ["owner", view.told(alert.owner), view.languageOf(alert.owner)],
      ["condition", ...condition(alert, view)],
      ["sample", alert.sample ? format.count(alert.sample) : ""],
      ["chance", p === null ? "" : chance(p, format, words)],
      ["fired_often", times > 1 ? words.say("fired_often", { count: times }) : ""],
    ].filter(([, text]) => text);
    keyed(this.facts, facts, ([key]) => key, ([key]) => new Fact(key, words),
      (fact, [, text, lang]) => fact.update(text, lang));
  }
}

/** What a member or a KPI has done to a change of a KPI, as a line with a bar. */
class Effect {
  constructor(view, kpi) {
    this.view = view;
    this.kpi = kpi;
    this.name = el("span", { class: "effect-name" });
    this.values = el("span", { class: "effect-values quiet" });
    this.size = el("span");
    this.verdict = el("span", { class: "effect-verdict" });
    this.bar = el("span", { class: "effect-bar", "aria-hidden": "true" });
    this.node = el("li", { class: "effect" }, this.name, " ", this.values, " ",
      el("span", { class: "effect-size" }, this.size, " ", this.verdict), this.bar);
  }

  segment(segment, measure, most) {
    const { view } = this;
    const effect = effectOf(segment);
    const name = segment.member === ""
      ? view.words.say("unexplained") : view.memberName(segment.member);
    const dimension = view.dimensionName(segment.dimension);
    setText(this.name, view.words.say("pair", { name: dimension, value: name }));
    const text = (value) => view.format.value(value, measure);
    const values = `${text(segment.before)} → ${text(segment.value)}`;
    const isMostlyMix = Math.abs(segment.mix) > Math.abs(segment.rate);
    setText(this.values, isMostlyMix ? `${values} · ${view.words.say("by_share")}` : values);
    setText(this.size, view.format.difference(effect, measure));
    this.draw(effect, most);
  }

  /** It has values of its own: what it has done is said to be done to the other KPI. */
  driver(driver, most) {
    const { view } = this;
    setAttribute(this.node, "data-driver", true);
    setText(this.name, view.kpiName(driver.kpi));
    setText(this.values,
      `${view.value(driver.kpi, driver.before)} → ${view.value(driver.kpi, driver.value)}`);
    const change = view.format.signedPercent(Math.exp(driver.effect) - 1);
    setText(this.size, view.words.say("moves", { name: view.kpiName(this.kpi), change }));
    this.draw(driver.effect, most);
  }

  draw(effect, most) {
    setPart(this.bar, "--part", most ? Math.abs(effect) / most : 0);
    setAttribute(this.bar, "data-negative", effect < 0);
    const direction = this.view.catalogue.kpis.get(this.kpi)?.direction ?? "up";
    const way = effect > 0 ? "up" : effect < 0 ? "down" : "same";
    const verdict = verdictOf({ way }, direction);
    setAttribute(this.node, "data-verdict", verdict);
    setText(this.verdict, this.view.words.say(verdict));
  }
}

class Fact {
  constructor(key, words) {
    this.text = el("dd");
    const name = key === "fired_often" ? "history" : key;
    this.node = el("div", {}, el("dt", {}, words.say(name)), this.text);
  }

  update(text, lang) {
    setText(this.text, text);
    setAttribute(this.text, "lang", lang);
  }
}

/** What must hold for an alert to fire, with its language if that is not the page's. */
function condition(alert, view) {
  const text = conditionText(alert, view);
  return text === null ? [clean(alert.evidence?.condition), view.words.foreign] : [text, null];
}

function effectOf(segment) {
  return segment.mix + segment.rate;
}

/** A probability as text; a small one as the next power of ten that is above it. */
function chance(p, format, words) {
  if (p >= 0.01) return format.share(p);
  const above = 10 ** Math.ceil(Math.log10(Math.max(p, 1e-9)));
  const share = format.format({ style: "percent", maximumSignificantDigits: 1 }).format(above);
  return words.say("less_than", { chance: share });
}

/** An address that a link may lead to; null of anything else, such as a script. */
function webAddress(text) {
  try {
    const address = new URL(text);
    return ["http:", "https:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}
