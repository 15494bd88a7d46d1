"""What a supplier says of a change of a purchase order: the body of his 865, as a table of ways to answer.

=============== ======================================================================== ===== ============ ============
answer          what the supplier means                                                  BCA02 POC02        ACK01
=============== ======================================================================== ===== ============ ============
accept          the lines are changed as it was asked                                    AD    as asked     IA or ID
reject          nothing is changed                                                       RJ    RC           IR
partly          the first line is not changed, the others are                            AC    RC, as asked IR, IA or ID
other           the first line gets one more than was asked, the others as asked         AC    as asked     IQ, IA or ID
=============== ======================================================================== ===== ============ ============

A line that a change takes away (POC02 DI or CF) is acknowledged as deleted.
"""

from __future__ import annotations

from decimal import Decimal

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments, element

GONE = frozenset({"DI", "CF"})
HEADINGS = {"accept": "AD", "reject": "RJ", "partly": "AC", "other": "AC"}


def change_acknowledgment(order: PurchaseOrder, answer: str, *, today: str) -> Segments:
    """Return the body of an 865 that answers the 860 ``order`` as ``HEADINGS`` says; ``today`` is CCYYMMDD."""
    lines = [_line(poc, answer, is_first=not place) for place, poc in enumerate(order.lines)]
    return [
        [
            "BCA",
            "06",
            HEADINGS[answer],
            order.number,
            "",
            order.change,
            order.date,
            "",
            "",
            f"SO-{order.number}",
            today,
        ],
        *(segment for segments in lines for segment in segments),
        ["CTT", str(len(lines))],
    ]


def held_after(held: dict[str, str], order: PurchaseOrder, answer: str) -> dict[str, str]:
    """Return what the supplier means to deliver of each line once he has answered the change; ``held`` is before."""
    after = dict(held)
    for place, poc in enumerate(order.lines):
        if not _refuses(answer, is_first=not place):
            after[element(poc, 1)] = _plain(_now(poc, answer, is_first=not place))
    return after


def _refuses(answer: str, *, is_first: bool) -> bool:
    return answer in ("reject", "") or (answer == "partly" and is_first)


def _line(poc: list[str], answer: str, *, is_first: bool) -> Segments:
    if _refuses(answer, is_first=is_first):
        return [[*poc[:2], "RC", *poc[3:]], ["ACK", "IR", element(poc, 3), element(poc, 5)]]
    if element(poc, 2) in GONE:
        return [poc, ["ACK", "ID", element(poc, 3), element(poc, 5)]]
    more = answer == "other" and is_first
    return [
        poc,
        ["ACK", "IQ" if more else "IA", _plain(_now(poc, answer, is_first=is_first)), element(poc, 5)],
    ]


def _now(poc: list[str], answer: str, *, is_first: bool) -> Decimal:
    if element(poc, 2) in GONE:
        return Decimal(0)
    return Decimal(element(poc, 3)) + (1 if answer == "other" and is_first else 0)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
