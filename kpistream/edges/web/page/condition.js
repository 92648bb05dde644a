/** A condition: what must hold for an alert to fire, in the language of the page. */

import { clean } from "./dom.js";

const NUMBER = "-?[\\d.]+(?:e[+-]?\\d+)?";

/** A KPI, or nothing of the alert's own. */
const WHOSE = "(?:(?<kpi>\\w+) )?";

/** How workers write each simple condition, and what says it. */
const SIMPLE = [
  [`(?<side>below|above) (?:(?<times>${NUMBER}) x )?(?<at>\\S+)`, line],
  ["(?<way>rises|falls|changes) by (?<by>\\d+)% against (?<against>.+)", change],
  ["(?<way>unusual|drifts)(?: \\(?(?<turn>up|down)\\)?)?", strange],
  ["absent", (_, view) => view.words.say("condition_absent")],
  [`will be (?<side>below|above) (?<at>${NUMBER}) within (?<hours>${NUMBER}) h`, forecast],
  ["(?<objective>\\S+) (?<status>at risk|off track)", objective],
].map(([form, say]) => ({ form: new RegExp(`^${WHOSE}${form}$`), say }));

/**
 * The condition of an alert as its reader says it; null if the page does not know its form.
 *
 * @param {any} alert
 * @param {import("./view.js").View} view
 */
export function conditionText(alert, view) {
  const text = String(alert.evidence?.condition ?? "");
  const told = joined(text, alert, view);
  return told === null ? null : clean(told);
}

/** Conditions within conditions: `(a or b) and not (c)`. */
function joined(text, alert, view) {
  for (const word of ["or", "and"]) {
    const parts = split(text, ` ${word} `);
    if (parts.length === 1) continue;
    const told = parts.map((part) => joined(part, alert, view));
    return told.includes(null) ? null : told.join(` ${view.words.say(`condition_${word}`)} `);
  }
  const [, not, inner] = /^(not )?\((.*)\)$/s.exec(text) ?? [];
  if (inner === undefined) return simple(text, alert, view);
  const told = joined(inner, alert, view);
  if (told === null) return null;
  return not ? view.words.say("condition_not", { what: told }) : `(${told})`;
}

/** The parts of a text between a separator, but for what stands in parentheses. */
function split(text, separator) {
  const parts = [""];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0 && text.startsWith(separator, at)) {
      parts.push("");
      at += separator.length - 1;
    } else {
      parts[parts.length - 1] += text[at];
    }
  }
  return parts;
}

function simple(text, alert, view) {
  for (const { form, say } of SIMPLE) {
    const found = form.exec(text)?.groups;
    if (!found) continue;
    const measure = view.catalogue.measure(found.kpi ?? alert.kpi, alert.currency);
    const told = say(found, view, measure);
    return found.kpi
      ? view.words.say("pair", { name: view.kpiName(found.kpi), value: told }) : told;
  }
  return null;
}

function line({ side, times, at }, view, measure) {
  const limit = Number.isNaN(Number(at)) ? view.kpiName(at) : view.format.limit(Number(at), measure);
  const what = times ? `${view.format.number(Number(times), 2)} × ${limit}` : limit;
  return view.words.say(`condition_${side}`, { what });
}

function change({ way, by, against }, view) {
  const size = view.format.share(Number(by) / 100);
  return view.words.say(`condition_${way}`, { size, against: reference(against, view.words) });
}

function reference(text, words) {
  if (text === "the window before") return words.say("condition_before");
  if (text === "the same hours of past weeks") return words.say("condition_season");
  const [, window] = /^the rest of the (\w+)$/.exec(text) ?? [];
  return window ? words.say("condition_rest", { window: words.window(window) }) : text;
}

function strange({ way, turn }, view) {
  return view.words.say(`condition_${way}${turn ? `_${turn}` : ""}`);
}

function forecast({ side, at, hours }, view, measure) {
  const what = view.format.limit(Number(at), measure);
  return view.words.say(`condition_will_be_${side}`,
    { what, span: view.format.duration(Number(hours) * 3_600) });
}

function objective({ objective: name, status }, view) {
  return view.words.say("condition_objective",
    { name, status: view.words.say(`status_${status.replace(" ", "_")}`) });
}
