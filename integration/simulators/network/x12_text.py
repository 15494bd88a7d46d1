"""As much X12 as a supplier needs, on plain text: his own reader, and his answers as templates.

Typed from public facts: ISA is 106 characters wide; its 4th, 105th and 106th are the separators.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class PurchaseOrder:
    """What a supplier takes from an 850."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    isa13: str
    gs_sender: str
    gs_receiver: str
    gs06: str
    st02: str
    number: str
    date: str
    lines: list[list[str]] = field(default_factory=list)


def segments_of(data: bytes) -> list[list[str]]:
    """Return the segments as lists of elements, by the ISA's own separators."""
    text = data.decode("utf-8", "replace")
    element, terminator = text[3], text[105]
    return [each.strip("\r\n").split(element) for each in text.split(terminator) if each.strip("\r\n")]


def read_purchase_order(data: bytes) -> PurchaseOrder | None:
    """Return the purchase order in an interchange, or None where there is no 850 in it."""
    order: PurchaseOrder | None = None
    isa: list[str] = []
    gs: list[str] = []
    for each in segments_of(data):
        if each[0] == "ISA":
            isa = each
        elif each[0] == "GS":
            gs = each
        elif each[0] == "ST" and each[1] == "850":
            order = PurchaseOrder(
                sender=(isa[5], isa[6].strip()),
                receiver=(isa[7], isa[8].strip()),
                isa13=isa[13],
                gs_sender=gs[2],
                gs_receiver=gs[3],
                gs06=gs[6],
                st02=each[2],
                number="",
                date="",
            )
        elif order is not None and each[0] == "BEG":
            order.number, order.date = each[3], each[5]
        elif order is not None and each[0] == "PO1":
            order.lines.append(each)
    return order


def receiver_of(data: bytes) -> tuple[str, str]:
    """Return ISA07 and ISA08 of an interchange."""
    isa = segments_of(data)[0]
    return isa[7], isa[8].strip()


def interchange(
    order: PurchaseOrder, *, number: int, group: str, body: list[list[str]], code: str, date: str, time: str
) -> bytes:
    """Return an interchange from the supplier back to the sender of ``order`` with one transaction set."""
    isa = [
        "ISA", "00", " " * 10, "00", " " * 10, order.receiver[0], order.receiver[1].ljust(15), order.sender[0],
        order.sender[1].ljust(15), date[2:], time, "U", "00401", f"{number:09d}", "0", "P", ">",
    ]  # fmt: skip
    gs = ["GS", group, order.gs_receiver, order.gs_sender, date, time, str(number), "X", "004010"]
    whole = [
        isa,
        gs,
        ["ST", code, "0001"],
        *body,
        ["SE", str(len(body) + 2), "0001"],
        ["GE", "1", str(number)],
        ["IEA", "1", f"{number:09d}"],
    ]
    return "".join(
        "*".join(each).rstrip("*") + "~" if each[0] != "ISA" else "*".join(each) + "~" for each in whole
    ).encode()


def functional_acknowledgment(order: PurchaseOrder, *, accepted: bool) -> list[list[str]]:
    """Return the body of a 997 for the order's group of one set."""
    code = "A" if accepted else "R"
    return [
        ["AK1", "PO", order.gs06],
        ["AK2", "850", order.st02],
        *([] if accepted else [["AK3", "BEG", "2", "", "8"], ["AK4", "3", "324", "7"]]),
        ["AK5", code, *([] if accepted else ["5"])],
        ["AK9", code, "1", "1", "1" if accepted else "0"],
    ]


def purchase_order_acknowledgment(order: PurchaseOrder, *, date: str, short: bool) -> list[list[str]]:
    """Return the body of an 855 that repeats every line; ``short`` backorders one of the first line's quantity."""
    body = [
        [
            "BAK",
            "00",
            "AC" if short else "AD",
            order.number,
            order.date,
            "",
            "",
            "",
            f"SO-{order.number}",
            date,
        ]
    ]
    for place, each in enumerate(order.lines):
        line = [*each[:6], *each[6:]]
        body.append(line)
        quantity, unit = int(float(each[2])), each[3]
        if short and place == 0:
            if quantity > 1:
                body.append(["ACK", "IA", str(quantity - 1), unit, "068", date])
            body.append(["ACK", "IB", "1", unit])
        else:
            body.append(["ACK", "IA", str(quantity), unit, "068", date])
    body.append(["CTT", str(len(order.lines))])
    return body
