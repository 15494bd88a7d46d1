"""Findings about elements: where the element stands, and how grave a fault of it is."""

from __future__ import annotations

from dataclasses import dataclass

from integration.x12.findings import Finding, Severity
from integration.x12.syntax import Segment
from integration.x12.tables import ElementTable

_WARNING_CODES = frozenset({"4", "5", "7"})


@dataclass(frozen=True, slots=True)
class ElementPlace:
    """Where elements, or the components of one composite, stand."""

    segment: Segment
    loop: str
    composite: ElementTable | None

    def on(self, table: ElementTable, severity: Severity, code: str, text: str, words: str) -> Finding:
        if self.composite is None:
            words = f"element {table.number}, {table.name}: {words}"
            return self.finding(severity, table.number, None, table.data_element, code, text, words)
        element = self.composite.number
        words = f"element {element}, component {table.number}, {table.name}: {words}"
        return self.finding(severity, element, table.number, table.data_element, code, text, words)

    def finding(
        self,
        severity: Severity,
        element: int,
        component: int | None,
        data_element: str | None,
        code: str,
        text: str,
        words: str,
    ) -> Finding:
        tag, position = self.segment.tag, self.segment.position
        sentence = f"{tag} (segment {position}), {words}."
        return Finding(
            severity,
            tag,
            position,
            self.loop,
            element,
            component,
            data_element,
            code,
            "element",
            text,
            sentence,
        )


def is_warning(code: str, element: ElementTable) -> bool:
    return code in _WARNING_CODES or (code == "6" and element.kind in ("AN", "ID", "B"))


def shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
