/** Elements: making them, and changing no more of them than has changed. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element. Attributes that are null, undefined or false are left out; functions listen to
 * the event of their name. Texts become text, never markup.
 *
 * @param {string} name
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/**
 * A new element of a drawing.
 *
 * @param {string} name
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else setAttribute(node, name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/**
 * Make the text of an element this one; says whether it was another.
 *
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent === text) return false;
  node.textContent = text;
  return true;
}

/**
 * Make an attribute this one; null and false remove it, true is the empty one.
 *
 * @param {Element} node
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/**
 * Show or hide an element.
 *
 * @param {any} node
 * @param {boolean} isShown
 */
export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}

/**
 * Make how far a bar reaches a part of its length, from 0 to 1.
 *
 * @param {any} node
 * @param {string} property
 * @param {number} part
 */
export function setPart(node, property, part) {
  const length = `${(Math.min(Math.max(part, 0), 1) * 100).toFixed(2)}%`;
  if (node.style.getPropertyValue(property) !== length) node.style.setProperty(property, length);
}

/**
 * Let an element flash softly: its value is another one than before.
 *
 * @param {any} node
 */
export function flash(node) {
  node.dataset.flash = node.dataset.flash === "a" ? "b" : "a";
}

/** @type {WeakMap<Element, Map<string, any>>} */
const held = new WeakMap();

/**
 * Make the children of an element those of some items, in their order: the child of an item is
 * made once and updated later, so that it keeps its focus and what is open in it.
 *
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T, index: number) => string} keyOf
 * @param {(item: T) => any} make  a node, or an object with one as `node`
 * @param {(made: any, item: T, index: number) => void} update
 */
export function keyed(parent, items, keyOf, make, update) {
  const before = held.get(parent) ?? new Map();
  const after = new Map(items.map((item, index) => {
    const key = keyOf(item, index);
    return [key, before.get(key) ?? make(item)];
  }));
  held.set(parent, after);
  for (const [key, made] of before) if (!after.has(key)) nodeOf(made).remove();
  let at = parent.firstElementChild;
  for (const made of after.values()) {
    if (nodeOf(made) === at) at = at.nextElementSibling;
    else place(parent, nodeOf(made), at);
  }
  items.forEach((item, index) => update(after.get(keyOf(item, index)), item, index));
}

/**
 * Remove all children of an element, those of items too.
 *
 * @param {Element} parent
 */
export function clear(parent) {
  held.delete(parent);
  parent.replaceChildren();
}

function nodeOf(made) {
  return made instanceof Node ? made : made.node;
}

/** Moving an element takes the focus from it, except with `moveBefore`. */
function place(parent, node, before) {
  if (node.isConnected && parent.moveBefore) {
    parent.moveBefore(node, before);
    return;
  }
  /** @type {any} */
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  parent.insertBefore(node, before);
  focused?.focus({ preventScroll: true });
}

/** What reorders or hides text for the eye only, or is no text at all. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A text of somebody else, without characters that nobody sees.
 *
 * @param {unknown} text
 */
export function clean(text) {
  return String(text ?? "").replace(UNSEEN, " ").trim();
}
