"""The functions made of a guide: how they look, what is no guide's text in them, and that faults in them are noticed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, cast

import pytest

from integration.documents import PurchaseOrder, Reference
from partners.mapping import quick_writing
from partners.mapping.compiler import shipped_text
from partners.mapping.overrides import Override, apply_overrides
from partners.mapping.prepared import code_tables
from partners.mapping.quick_writing import quick_rows, writing_functions
from partners.mapping.rules import Guide
from partners.mapping.writing_source import guide_source
from tests.partners.mapping.mapped_documents import GOLDEN, golden, guide_of
from tests.partners.mapping.test_quick_way import same_written

ORDERS = tuple(each for each in GOLDEN if each.startswith("850/") and not each.endswith("_5010"))

Change = Callable[[PurchaseOrder], PurchaseOrder]


def orders() -> list[PurchaseOrder]:
    """Hand-made orders, and each of them with one thing that only the long way can tell."""
    made = [cast(PurchaseOrder, golden(name)) for name in ORDERS]
    return [*made, *(change(each) for each in made for change in ODD)]


def with_line(**fields: Any) -> Change:
    """Changes the first line."""

    def change(order: PurchaseOrder) -> PurchaseOrder:
        return dataclasses.replace(
            order, lines=(dataclasses.replace(order.lines[0], **fields), *order.lines[1:])
        )

    return change


def with_order(**fields: Any) -> Change:
    return lambda order: dataclasses.replace(order, **fields)


ODD: tuple[Change, ...] = (
    with_line(line_number="7 "),
    with_line(line_number="7" * 21),
    with_line(line_number="7\x07"),
    with_line(line_number=7),
    with_line(unit="no such unit"),
    with_line(quantity=Decimal("1" * 16)),
    with_line(references=[Reference("LT", "77")]),
    with_order(purchase_order_number=None),
    with_order(other_references=(Reference("CO", "77"),)),
    with_order(other_references=(Reference(),)),
)

# What is wrong, the lines in which it is, and what they become.
FAULTS = {
    "two elements are swapped": (r"\('PO1', e1, e2, ", "('PO1', e2, e1, "),
    "an element is forgotten": (r"\('BEG', e1, e2, e3, ", "('BEG', e1, e2, '', "),
    "pairs are forgotten": (r"pairs \+= \w+, text", "pass"),
    "a constant does not ask for its element": (r'(e5 = \w+) if e4 else ""', r'\1'),
    "an item of a list is forgotten": (r"for item in listed:", "for item in listed[1:]:"),
    "a piece of a text is forgotten": (r"for piece in (.*):", r"for piece in \1[1:]:"),
    "blanks at the end are kept": (r' or e1\[-1\] == " "', ""),
    "a longest text is a character longer": (r"<= len\(e1\) <= 20 ", "<= len(e1) <= 21 "),
    "control characters pass": (r" or not e1\.isprintable\(\)", ""),
    "a mandatory element need not be there": (r"if not \(.*e3.*\):\n +raise Surprise", "pass"),
    "other rules that would read it are not asked": (r"if e1 in \w+:", "if False:"),
}  # fmt: skip


@contextmanager
def planted(pattern: str, replacement: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Writes by functions with a fault in them."""

    def faulty(guide: Guide) -> Any:
        source = guide_source(guide)
        text, count = re.subn(pattern, replacement, source.text)
        assert count
        return dataclasses.replace(source, text=text, code=compile(text, "faulty", "exec"))

    writing_functions.cache_clear()
    monkeypatch.setattr(quick_writing, "guide_source", faulty)
    try:
        yield
    finally:
        writing_functions.cache_clear()
        monkeypatch.undo()


def all_same(guide: Guide) -> None:
    for order in orders():
        same_written(order, guide)


def test_the_odd_orders_are_the_same_both_ways_and_the_others_go_the_quick_way() -> None:
    guide = guide_of("850")
    tables = code_tables(guide, None)
    assert len(ORDERS) >= 4
    all_same(guide)
    assert all(quick_rows(golden(name), guide, tables) for name in ORDERS)
    for change in ODD:
        assert quick_rows(change(cast(PurchaseOrder, golden(ORDERS[0]))), guide, tables) is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_what_is_made_of_a_guide_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = guide_of("850")
    with planted(*FAULTS[fault], monkeypatch), pytest.raises((AssertionError, TypeError)):
        all_same(guide)
    all_same(guide)


def test_what_has_no_place_is_told_also_where_the_function_says_that_all_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guide = apply_overrides(shipped_text("850", "004010"), [Override("drop", "PO1/PID[F]", "")])
    order = with_line(description="Oak tray")(cast(PurchaseOrder, golden(ORDERS[0])))
    same_written(order, guide)
    with (
        planted(r"record\.description is None", "True", monkeypatch),
        pytest.raises(AssertionError),
    ):
        same_written(order, guide)


def test_no_text_of_a_guide_or_partner_stands_in_the_source() -> None:
    text = """DROP"SHIP'#"""
    rows = [Override("constant", "BEG.6", text), Override("qualifier", "REF[IA]", "X'Y")]
    source = guide_source(apply_overrides(shipped_text("850", "004010"), rows))
    assert text in source.constants.values()
    assert "X'Y" in source.constants.values()
    assert "SHIP" not in source.text
    assert "X'Y" not in source.text
    assert set(re.findall(r"'([^']*)'|\"([^\"]*)\"", source.text)) <= {
        ("", ""), ("", " "), ("", "."), *((tag, "") for tag in guide_of("850").table.segments),
    }  # fmt: skip
