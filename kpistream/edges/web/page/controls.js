/** Controls: boards, window, filters, language and colours. */

import { THEMES, writeAddress } from "./address.js";
import { el, keyed, setAttribute, show } from "./dom.js";
import { LANGUAGES } from "./words.js";

const LANGUAGE_NAMES = { en: "English", fr: "Français" };

/** Language and colours, which need no catalogue. */
export function showSettings(place, words, choice, choose) {
  const language = select("setting-language", words.say("language"), LANGUAGES,
    (code) => LANGUAGE_NAMES[code], words.language, (lang) => choose({ lang }));
  for (const option of language.querySelectorAll("option")) option.lang = option.value;
  const theme = select("setting-theme", words.say("theme"), THEMES,
    (name) => words.say(`theme_${name}`), choice.theme, (name) => choose({ theme: name }));
  const focused = document.activeElement?.id;
  place.replaceChildren(language, theme);
  if (focused?.startsWith("setting-")) document.getElementById(focused)?.focus();
}

function select(id, label, values, nameOf, chosen, choose) {
  const options = values.map((value) => el("option", { value }, nameOf(value)));
  const node = el("select", { id, change: () => choose(node.value) }, ...options);
  node.value = chosen;
  return el("div", { class: "control" }, el("label", { for: id }, label), node);
}

export class Controls {
  /**
   * @param {{boards: HTMLElement, choices: HTMLElement, chips: HTMLElement}} places
   * @param {import("./view.js").View} view
   */
  constructor(places, view) {
    this.places = places;
    this.view = view;
    this.updateBoards();
    this.updateWindow();
    this.updateChips();
  }

  updateBoards() {
    const { catalogue, choice, choose, words } = this.view;
    keyed(this.places.boards, [...catalogue.boards.keys()], (board) => `${words.language} ${board}`,
      (board) => el("a", {
        click: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          choose({ board, kpi: null });
        },
      }, this.view.boardName(board)),
      (link, board) => {
        setAttribute(link, "href", writeAddress({ ...choice, board, kpi: null }));
        setAttribute(link, "aria-current", board === choice.board ? "page" : null);
      });
    this.revealBoard();
  }

  /** Where there is no room for all boards, let the chosen one be among those that are seen. */
  revealBoard() {
    const { boards } = this.places;
    /** @type {HTMLElement | null} */
    const link = boards.querySelector("[aria-current]");
    if (!link || boards.scrollWidth <= boards.clientWidth) return;
    boards.scrollLeft = link.offsetLeft - (boards.clientWidth - link.offsetWidth) / 2;
  }

  updateWindow() {
    const { catalogue, choice, choose, words } = this.view;
    keyed(this.places.choices, [words.language], (language) => language,
      () => select("window", words.say("window"), catalogue.windows,
        (window) => words.window(window), choice.window, (window) => choose({ window })),
      (node) => {
        const chosen = node.querySelector("select");
        if (chosen.value !== choice.window) chosen.value = choice.window;
      });
  }

  updateChips() {
    const { view } = this;
    const filters = Object.entries(view.choice.slice);
    keyed(this.places.chips, filters, ([dimension, member]) =>
      JSON.stringify([view.words.language, dimension, member]),
    ([dimension, member]) => this.makeChip(dimension, member), () => {});
    show(this.places.chips, filters.length > 0);
  }

  makeChip(dimension, member) {
    const { view } = this;
    const what = view.words.say("pair",
      { name: view.dimensionName(dimension), value: view.memberName(member) });
    return el("li", {}, el(
      "button",
      {
        type: "button", class: "chip", "aria-label": view.words.say("remove_filter", { what }),
        click: () => {
          const { [dimension]: gone, ...others } = view.choice.slice;
          view.choose({ slice: others });
          (this.places.chips.querySelector("button") ?? document.getElementById("window"))?.focus();
        },
      },
      what, el("span", { class: "chip-x", "aria-hidden": "true" }, "×"),
    ));
  }
}
