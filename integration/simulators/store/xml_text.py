"""V2 answers as XML, which it gives to whoever does not ask for JSON. Element names follow the path."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any


def as_xml(path: str, data: Any, *, failed: bool) -> bytes:
    """Return ``data`` below an element named for the last word of ``path``, or below ``errors``."""
    words = [word for word in path.split("/") if word and not word.isdigit()]
    name = "errors" if failed else words[-1]
    element = ElementTree.Element(name if isinstance(data, list) else _singular(name))
    _fill(element, data)
    text: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return text


def _fill(element: ElementTree.Element, data: Any) -> None:
    if isinstance(data, dict):
        for name, value in data.items():
            _fill(ElementTree.SubElement(element, name), value)
    elif isinstance(data, list):
        for value in data:
            _fill(ElementTree.SubElement(element, _singular(element.tag)), value)
    elif isinstance(data, bool):
        element.text = "true" if data else "false"
    elif data is not None:
        element.text = str(data)


def _singular(name: str) -> str:
    for ending in ("ses", "xes"):
        if name.endswith(ending):
            return name.removesuffix("es")
    return name.removesuffix("s")
