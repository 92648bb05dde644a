/** The address: what is shown stands in its query, so that it can be shared and embedded. */

import { LANGUAGES } from "./words.js";

export const THEMES = ["auto", "light", "dark"];

const OWN = new Set(["board", "window", "by", "kpi", "lang", "theme", "embed"]);

/**
 * What is shown. `slice` maps dimensions to members; null is for what the address does not say.
 *
 * @typedef {{board: string | null, window: string | null, by: string | null, kpi: string | null,
 *   slice: Record<string, string>, lang: string | null, theme: string, embed: boolean}} Choice
 */

/**
 * What an address asks for.
 *
 * @param {string} query
 * @returns {Choice}
 */
export function readAddress(query) {
  const given = new URLSearchParams(query);
  const lang = given.get("lang");
  const theme = given.get("theme");
  return {
    board: given.get("board"),
    window: given.get("window"),
    by: given.get("by"),
    kpi: given.get("kpi"),
    slice: Object.fromEntries([...given].filter(([name]) => !OWN.has(name))),
    lang: LANGUAGES.includes(lang) ? lang : null,
    theme: THEMES.includes(theme) ? theme : "auto",
    embed: given.get("embed") === "1",
  };
}

/**
 * The query of an address that asks for this.
 *
 * @param {Choice} choice
 */
export function writeAddress(choice) {
  const asked = new URLSearchParams();
  for (const name of ["board", "window", "by", "kpi"]) {
    if (choice[name]) asked.set(name, choice[name]);
  }
  for (const [dimension, member] of Object.entries(choice.slice)) asked.set(dimension, member);
  if (choice.lang) asked.set("lang", choice.lang);
  if (choice.theme !== "auto") asked.set("theme", choice.theme);
  if (choice.embed) asked.set("embed", "1");
  return `?${asked}`;
}

/**
 * What `/api/v1/live` is asked for.
 *
 * @param {Choice} choice
 */
export function liveQuery(choice) {
  return writeAddress({ ...choice, lang: null, theme: "auto", embed: false });
}
