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

/** So long somebody who says something is kept waiting. */
const PATIENCE_MS = 20_000;

const JSON_TYPE = "application/json";

export class Api {
  /**
   * @param {import("./token.js").Token} token
   * @param {import("./token.js").WriteToken} writeToken
   */
  constructor(token, writeToken) {
    this.token = token;
    this.writeToken = writeToken;
    this.base = new URL("api/v1/", document.baseURI);
  }

  /**
   * A document; throws Problem, or TypeError when nobody answers.
   *
   * @param {string} path
   * @param {AbortSignal} [signal]
   */
  async get(path, signal) {
    return (await this.open(path, JSON_TYPE, signal)).json();
  }

  /**
   * An answer whose body is yet to be read.
   *
   * @param {string} path
   * @param {string} accept
   * @param {AbortSignal} [signal]
   */
  async open(path, accept, signal) {
    return this.ask(path, this.token.value, { headers: { Accept: accept }, signal });
  }

  /**
   * Say something, and get what is answered; throws Problem, or another error when nobody answers.
   *
   * Where a worker has no tokens of its own for writing, it is who may read that may write.
   *
   * @param {"POST" | "DELETE"} method
   * @param {string} path
   * @param {object} said
   */
  async send(method, path, said) {
    const answer = await this.ask(path, this.writeToken.value || this.token.value, {
      method, body: JSON.stringify(said), signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { "Accept": JSON_TYPE, "Content-Type": JSON_TYPE },
    });
    return answer.json();
  }

  async ask(path, token, { headers, ...options }) {
    const known = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(new URL(path, this.base), {
      ...options, headers: { ...headers, ...known },
      cache: "no-store", credentials: "same-origin", redirect: "error",
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
