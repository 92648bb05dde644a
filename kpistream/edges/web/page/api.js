/** The API of the worker that served this page. */

/** An answer that is none: what was wrong, and when to ask again if the worker says so. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {number | null} [waitSeconds]
   */
  constructor(status, detail, waitSeconds = null) {
    super(detail);
    this.status = status;
    this.detail = detail;
    this.waitSeconds = waitSeconds;
  }

  /** Whether the same question may be answered later. */
  get passes() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

export class Api {
  /** @param {import("./token.js").Token} token */
  constructor(token) {
    this.token = token;
    this.base = new URL("api/v1/", document.baseURI);
  }

  /**
   * A document; throws Problem, or TypeError when nobody answers.
   *
   * @param {string} path
   * @param {AbortSignal} [signal]
   */
  async get(path, signal) {
    return (await this.open(path, "application/json", signal)).json();
  }

  /**
   * An answer whose body is yet to be read.
   *
   * @param {string} path
   * @param {string} accept
   * @param {AbortSignal} [signal]
   */
  async open(path, accept, signal) {
    const headers = { Accept: accept };
    const token = this.token.value;
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await fetch(new URL(path, this.base), {
      headers, signal, cache: "no-store", credentials: "same-origin", redirect: "error",
    });
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => null);
  const wait = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  const detail = typeof told?.detail === "string" ? told.detail : `HTTP ${answer.status}`;
  return new Problem(answer.status, detail, Number.isFinite(wait) ? wait : null);
}
