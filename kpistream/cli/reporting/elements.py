"""Elements of a page: their texts are escaped when they are written, and have nothing unseen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final
from xml.etree import ElementTree as ET

from kpistream.edges.messages.plain import clean

Element = ET.Element

_DOCTYPE: Final = "<!DOCTYPE html>\n"
_VOID: Final = frozenset({"meta"})
"""Elements that have no end."""


def add(parent: Element, tag: str, text: str = "", css: str = "", **attributes: str) -> Element:
    """A new element at the end of another; `_` in the name of an attribute stands for `-`."""
    names = {name.rstrip("_").replace("_", "-"): clean(value) for name, value in attributes.items()}
    element = ET.SubElement(parent, tag, names | ({"class": css} if css else {}))
    if text:
        element.text = clean(text)
    return element


def table(parent: Element, caption: str, heads: Sequence[str], css: str = "") -> Element:
    """The body of a new table; heads that begin with `>` are above numbers."""
    grid = add(add(parent, "div", css="scroll"), "table", css=css)
    add(grid, "caption", caption, "hidden")
    row = add(add(grid, "thead"), "tr")
    for head in heads:
        name = head.removeprefix(">")
        add(row, "th", name, "number" if name != head else "", scope="col")
    return add(grid, "tbody")


def items(parent: Element, texts: Iterable[str], css: str = "") -> Element:
    """A list of texts."""
    found = add(parent, "ul", css=css)
    for text in texts:
        add(found, "li", text)
    return found


def written(root: Element) -> str:
    """The page as a document."""
    return f"{_DOCTYPE}{_markup(root)}\n"


def _markup(element: Element) -> str:
    """An element with all that is in it; elements beside each other stand on lines of their own."""
    tag = element.tag
    given = "".join(f' {name}="{escape(value)}"' for name, value in element.items())
    if tag in _VOID:
        return f"<{tag}{given}>"
    text = element.text or ""
    # The style is no text of somebody else's, and nothing in it is escaped.
    parts = [text if tag == "style" else escape(text)]
    parts += [_markup(child) + escape(child.tail or "") for child in element]
    inside = ("" if text else "\n").join(parts) if len(element) else parts[0]
    return f"<{tag}{given}>{inside}</{tag}>"
