/** Acting: the dialog in which somebody says who they are, and why, before something is done. */

import { problemText } from "./acts.js";
import { el, setAttribute, setText, show } from "./dom.js";

/** The longest name and comment that workers take. */
const MOST_CHARACTERS = 500;

/**
 * What is asked: `word` names it, `means` says what comes of it, `part` is what is asked besides
 * the name, `act` does it.
 *
 * @typedef {{view: import("./view.js").View, acts: import("./acts.js").Acts, alert: any,
 *   word: string, means: string, part: Part | null, act: (said: any) => Promise<void>,
 *   closed: () => void}} Asked
 *
 * @typedef {{node: HTMLElement, hasComment: boolean, said: () => object, wrong: () => string}} Part
 */

export class Acting {
  /** @param {Asked} asked */
  constructor(asked) {
    this.asked = asked;
    this.isBusy = false;
    const { words } = asked.view;
    const hasComment = asked.part?.hasComment ?? true;
    this.author = field("author", words.say("author"),
      { required: true, pattern: ".*\\S.*", maxlength: MOST_CHARACTERS, autocomplete: "name" });
    this.comment = field("comment", words.say("comment"),
      { maxlength: MOST_CHARACTERS, autocomplete: "off" });
    this.token = field("write-token", words.say("write_token"), {
      type: "password", autocomplete: "off", spellcheck: "false",
      "aria-describedby": "acting-problem",
    });
    show(this.comment.node, hasComment);
    show(this.token.node, false);
    this.author.input.value = asked.acts.author.value;
    this.problem = el("p", { id: "acting-problem", class: "form-problem", role: "alert" });
    this.submit = el("button", { type: "submit", class: "primary" }, words.say(asked.word));
    this.form = this.makeForm(words, asked);
    this.node = el(
      "dialog",
      {
        class: "details acting", "aria-labelledby": "acting-title",
        "aria-describedby": "acting-means", close: () => this.closed(),
      },
      this.form,
    );
  }

  makeForm(words, { view, alert, word, means, part }) {
    const send = (event) => {
      event.preventDefault();
      void this.send();
    };
    return el(
      "form",
      { class: "details-body", submit: send },
      el("h2", { id: "acting-title" }, words.say(word)),
      el("p", { class: "quiet" }, view.alertName(alert)),
      el("p", { id: "acting-means" }, words.say(means)),
      part?.node ?? null, this.author.node, this.comment.node, this.token.node, this.problem,
      el("p", { class: "details-foot" },
        el("button", { type: "button", class: "plain", click: () => this.node.close() },
          words.say("cancel")), " ", this.submit),
    );
  }

  open() {
    document.body.append(this.node);
    this.node.showModal();
    const first = this.form.querySelector("select, input[type=radio]:checked");
    if (!this.author.input.value) this.author.input.focus();
    else (first ?? this.comment.input).focus();
  }

  closed() {
    this.node.remove();
    this.asked.closed();
  }

  async send() {
    if (this.isBusy) return;
    const { acts, part } = this.asked;
    const wrong = part?.wrong() ?? "";
    this.tell(wrong);
    if (wrong) return;
    const author = this.author.input.value.trim();
    acts.author.value = author;
    const token = this.token.input.value.trim();
    if (token) acts.api.writeToken.value = token;
    const comment = (part?.hasComment ?? true) ? { comment: this.comment.input.value.trim() } : {};
    this.be(true);
    try {
      await this.asked.act({ author, ...comment, ...part?.said() });
      this.node.close();
    } catch (problem) {
      this.failed(problem);
    } finally {
      this.be(false);
    }
  }

  be(isBusy) {
    this.isBusy = isBusy;
    setAttribute(this.form, "aria-busy", isBusy && "true");
    setAttribute(this.submit, "aria-disabled", isBusy && "true");
  }

  failed(problem) {
    const { acts, alert, view } = this.asked;
    if (!this.node.open) {
      acts.fail(alert, problemText(problem));
      return;
    }
    if (!acts.needsToken(problem)) {
      this.tell(problemText(problem)(view));
      return;
    }
    const wasWrong = Boolean(acts.api.writeToken.value);
    acts.api.writeToken.value = "";
    this.tell(wasWrong ? view.words.say("token_wrong") : this.neededText(problem));
    show(this.token.node, true);
    this.token.input.value = "";
    this.token.input.focus();
  }

  /** That it takes a token; where it may be that none helps, in the worker's own words, too. */
  neededText(problem) {
    const { view } = this.asked;
    const needed = view.words.say("write_token_needed");
    return problem.status === 401 ? needed : `${problemText(problem)(view)} ${needed}`;
  }

  tell(text) {
    setText(this.problem, text);
  }
}

function field(id, label, attributes) {
  const input = el("input", { id, ...attributes });
  return { input, node: el("p", { class: "field" }, el("label", { for: id }, label), input) };
}
