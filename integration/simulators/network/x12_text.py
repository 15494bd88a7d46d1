"""X12 on plain text, as a supplier's translator reads and writes it.

Typed from public facts: ISA is 106 characters wide; its 4th, 105th and 106th are the separators of elements,
components and segments.
"""

from __future__ import annotations

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments

USUAL = "*>~"
"""Separators of elements, components and segments."""

NEVER_IN_DATA = "\x1d\x1f\x1c"
"""The same three for data that holds one of the usual ones."""


def interchange(
    order: PurchaseOrder, *, number: int, group: str, body: Segments, code: str, date: str, time: str
) -> bytes:
    """Return an interchange from the supplier back to the sender of ``order`` with one transaction set.

    ``number`` is ISA13 and GS06; ``group`` is GS01, ``code`` ST01; ``date`` is CCYYMMDD, ``time`` HHMM.
    """
    separators = _separators(body)
    isa = [
        "ISA", "00", " " * 10, "00", " " * 10, order.receiver[0], order.receiver[1].ljust(15), order.sender[0],
        order.sender[1].ljust(15), date[2:], time, "U", "00401", f"{number:09d}", "0", order.usage, separators[1],
    ]  # fmt: skip
    whole = [
        isa,
        ["GS", group, order.gs_receiver, order.gs_sender, date, time, str(number), "X", "004010"],
        ["ST", code, "0001"],
        *body,
        ["SE", str(len(body) + 2), "0001"],
        ["GE", "1", str(number)],
        ["IEA", "1", f"{number:09d}"],
    ]
    return text(whole, separators)


def text(segments: Segments, separators: str = USUAL) -> bytes:
    """Return ``segments`` as bytes, without the empty elements at the end of each."""
    element, terminator = separators[0], separators[2]
    return "".join(element.join(each).rstrip(element) + terminator for each in segments).encode()


def _separators(body: Segments) -> str:
    data = "".join("".join(each) for each in body)
    return NEVER_IN_DATA if set(data) & set(USUAL) else USUAL
