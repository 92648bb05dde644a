/** The read token: kept for this tab only, and asked for where a worker needs one. */

import { el, setText } from "./dom.js";

const KEY = "kpistream.token";

export class Token {
  constructor() {
    /** @type {string | null} */
    this.held = null;
    this.takeFromAddress();
  }

  get value() {
    if (this.held === null) this.held = stored();
    return this.held;
  }

  set value(token) {
    this.held = token;
    try {
      sessionStorage.setItem(KEY, token);
    } catch {
      // A page in a frame may have no storage: the token is known until it is closed.
    }
  }

  /** Take a token that stands in the fragment, and remove it from what people see and share. */
  takeFromAddress() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given === null) return false;
    history.replaceState(history.state, "", location.pathname + location.search);
    if (given) this.value = given;
    return Boolean(given);
  }
}

function stored() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/**
 * Ask for a token in place of the page.
 *
 * @param {HTMLElement} place
 * @param {import("./words.js").Words} words
 * @param {boolean} wasWrong
 * @param {(token: string) => void} give
 */
export function askForToken(place, words, wasWrong, give) {
  const field = el("input", {
    id: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false",
    "aria-describedby": "token-problem",
  });
  const problem = el("p", { id: "token-problem", class: "form-problem", role: "alert" });
  const form = el(
    "form",
    {
      class: "card gate",
      submit: (event) => {
        event.preventDefault();
        give(field.value.trim());
      },
    },
    el("h2", {}, words.say("locked")),
    el("p", {}, words.say("token_needed")),
    el("label", { for: "token" }, words.say("token")),
    el("div", { class: "gate-row" }, field,
      el("button", { type: "submit", class: "primary" }, words.say("token_open"))),
    problem,
  );
  place.replaceChildren(form);
  if (wasWrong) setText(problem, words.say("token_wrong"));
  field.focus();
}
