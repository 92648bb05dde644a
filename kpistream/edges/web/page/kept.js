/** A text that the browser keeps for the page; where it keeps nothing, until the page is closed. */

export class Kept {
  /**
   * @param {string} key
   * @param {() => Storage} storage  a page in a frame may have none: asking for it throws
   */
  constructor(key, storage) {
    this.key = key;
    this.storage = storage;
    /** @type {string | null} */
    this.held = null;
  }

  get value() {
    if (this.held === null) this.held = this.stored();
    return this.held;
  }

  set value(text) {
    this.held = text;
    try {
      this.storage().setItem(this.key, text);
    } catch {
      // It is known until the page is closed.
    }
  }

  stored() {
    try {
      return this.storage().getItem(this.key) ?? "";
    } catch {
      return "";
    }
  }
}
