"""HTML as a tree of elements, so that whatever stands in it is escaped.

Knows HTML's syntax. Must not know what a page says.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

from testcard.common.redaction import visible

Child = Element | str | None


def element(tag: str, *children: Child | Iterable[Child], **attributes: str) -> Element:
    """Return an element.

    Args:
        tag: its name.
        children: elements, texts, and nests of these; None is passed over.
        attributes: their names with `_` for `-`, and one `_` at the end where the name is a
            word of Python; an empty value leaves the attribute out.
    """
    node = Element(tag)
    for name, value in attributes.items():
        if value:
            node.set(name.removesuffix("_").replace("_", "-"), visible(value))
    _fill(node, children)
    return node


def _fill(node: Element, children: Iterable[Child | Iterable[Child]]) -> None:
    for child in children:
        if isinstance(child, str):
            _add_text(node, visible(child))
        elif isinstance(child, Element):
            node.append(child)
        elif child is not None:
            _fill(node, child)


def _add_text(node: Element, text: str) -> None:
    if len(node):
        node[-1].tail = (node[-1].tail or "") + text
    else:
        node.text = (node.text or "") + text


def page(root: Element) -> bytes:
    """Return a whole document, in UTF-8."""
    body: str = tostring(root, encoding="unicode", method="html")
    return f"<!doctype html>\n{body}\n".encode()
