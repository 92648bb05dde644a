/** Acts: what people do about alerts, from when they do it until the stream says that it is so. */

import { Problem } from "./api.js";
import { clean } from "./dom.js";

/** So long what was done may take to be seen; then people are told that it is not. */
const PATIENCE_MS = 10_000;

/**
 * What is said of an act: a text in the language of the page, whatever that is by then.
 *
 * @typedef {(view: import("./view.js").View) => string} Said
 */

/**
 * What was done about an alert: whether one waits for it to be seen, what is said meanwhile, how
 * it is seen (never, of what could not be done), and what is said then.
 *
 * @typedef {{isBusy: boolean, text: Said, isSeen: ((suppression: any) => boolean) | null,
 *   done: Said | null}} Act
 */

export class Acts {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./kept.js").Kept} author
   * @param {(text: string) => void} announce
   * @param {() => void} tellChange  what is to be said of some act has changed
   */
  constructor(api, author, announce, tellChange) {
    this.api = api;
    this.author = author;
    this.announce = announce;
    this.tellChange = tellChange;
    /** @type {import("./view.js").View | null} */
    this.view = null;
    /** @type {Map<string, Act>} by the fingerprint of the alert */
    this.acts = new Map();
    /** @type {Map<string, any>} the alerts as the stream told them last */
    this.alerts = new Map();
  }

  /** What was done last about an alert, until that is seen; undefined if there is nothing. */
  of(alert) {
    return this.acts.get(alert.fingerprint);
  }

  /** Look after an alert. */
  async acknowledge(alert, said) {
    const path = `alerts/${encodeURIComponent(alert.fingerprint)}/acknowledge`;
    await this.api.send("POST", path, said);
    this.await(alert, "acknowledging", (suppression) => Boolean(suppression.acknowledged),
      (view) => view.words.say("was_acknowledged", { what: view.alertName(alert) }));
  }

  /** Let nobody be told of an alert, and of others like it, for a while. */
  async silence(alert, said) {
    const { id, ends_at: end } = await this.api.send("POST", "silences", said);
    this.await(alert, "silencing", (suppression) => isSilencedBy(suppression, id),
      (view) => view.words.say("was_silenced",
        {
          what: view.alertName(alert), time: view.format.dayAndTime(end), zone: view.format.zone,
        }));
  }

  /** Let people be told again of what a silence is about. */
  async end(alert, id, said) {
    await this.api.send("DELETE", `silences/${encodeURIComponent(id)}`, said);
    this.await(alert, "ending", (suppression) => !isSilencedBy(suppression, id),
      (view) => view.words.say("was_ended", { what: view.alertName(alert) }));
  }

  /** The silences that keep people from being told of an alert. */
  async silencesOf(alert) {
    const ids = new Set(alert.suppression?.silenced_by);
    const { silences } = await this.api.get("silences", AbortSignal.timeout(PATIENCE_MS));
    return silences.filter(({ id, state }) => ids.has(id) && state === "active");
  }

  /** Something was done: it holds as soon as the stream says so. */
  await(alert, doing, isSeen, done) {
    /** @type {Act} */
    const act = { isBusy: true, text: (view) => view.words.say(doing), isSeen, done };
    this.acts.set(alert.fingerprint, act);
    setTimeout(() => {
      if (this.of(alert) === act) this.late(act);
    }, PATIENCE_MS);
    this.take([...this.alerts.values()]);
    this.tellChange();
  }

  late(act) {
    act.isBusy = false;
    act.text = (view) => view.words.say("late");
    this.announce(act.text(this.view));
    this.tellChange();
  }

  /** Say what stands in the way of doing something about an alert. */
  fail(alert, text) {
    this.acts.set(alert.fingerprint, { isBusy: false, text, isSeen: null, done: null });
    this.announce(text(this.view));
    this.tellChange();
  }

  /** Say no more of what could not be done about an alert. */
  forgive(alert) {
    if (this.of(alert)?.isSeen !== null) return;
    this.acts.delete(alert.fingerprint);
    this.tellChange();
  }

  /** What the stream tells of the alerts: what was done is done, or no longer matters. */
  take(alerts) {
    this.alerts = new Map(alerts.map((alert) => [alert.fingerprint, alert]));
    for (const [fingerprint, act] of this.acts) {
      const alert = this.alerts.get(fingerprint);
      if (alert?.state !== "firing") this.acts.delete(fingerprint);
      else if (alert.suppression && act.isSeen?.(alert.suppression)) {
        this.acts.delete(fingerprint);
        this.announce(act.done(this.view));
      }
    }
  }

  /** Whether a problem may come of not having said a write token that the worker knows. */
  needsToken(problem) {
    if (!(problem instanceof Problem)) return false;
    const wasReader = !this.api.writeToken.value && Boolean(this.api.token.value);
    return problem.status === 401 || (problem.status === 403 && wasReader);
  }
}

/** What stood in the way, as text: in the worker's own words, if it said anything. */
export function problemText(problem) {
  return (view) => (problem instanceof Problem
    ? view.words.say("act_refused", { detail: clean(problem.detail) })
    : view.words.say("act_away"));
}

function isSilencedBy(suppression, id) {
  return (suppression.silenced_by ?? []).includes(id);
}
