/** The tokens: each kept for this tab only, and asked for where a worker needs one. */

import { el, setText } from "./dom.js";
import { Kept } from "./kept.js";

/** What who reads must know. */
export class Token extends Kept {
  constructor() {
    super("kpistream.token", () => sessionStorage);
    this.takeFromAddress();
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

/** What who changes something must know. */
export class WriteToken extends Kept {
  constructor() {
    super("kpistream.write-token", () => sessionStorage);
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
