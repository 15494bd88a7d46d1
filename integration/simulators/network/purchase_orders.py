"""Purchase orders (850), their changes (860), and acknowledgments (855) as a partner's translator reads them: what an answer
needs, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass, field

Segments = list[list[str]]

ISA_LENGTH = 106
GROUPS = {"850": "PO", "855": "PR", "860": "PC"}


@dataclass
class PurchaseOrder:
    """What a supplier takes from an 850: who sent it under which numbers, and what is asked.

    ``usage`` is ISA15 and ``order_type`` BEG02. ``lines`` are the PO1 segments. ``dates`` are the DTM dates by
    their qualifier: under 0 those of the heading, under 1 those of the first line, and so on. Of a change (860), ``lines``
    are its POC segments, ``change`` is BCH05 and ``purpose`` BCH01. ``place`` are the segments of the ship-to (N1 to N4). Of an
    acknowledgment (855), ``purpose`` is BAK01, ``order_type`` BAK02, and ``answers`` are the ACK segments, under 1 those of
    the first line.
    """

    sender: tuple[str, str]
    receiver: tuple[str, str]
    isa13: str
    gs_sender: str
    gs_receiver: str
    gs06: str
    st02: str
    number: str
    date: str
    order_type: str = ""
    usage: str = "P"
    lines: Segments = field(default_factory=list)
    dates: dict[int, dict[str, str]] = field(default_factory=dict)
    code: str = "850"
    change: str = ""
    purpose: str = ""
    answers: dict[int, Segments] = field(default_factory=dict)
    place: Segments = field(default_factory=list)
    in_place: bool = field(default=False, repr=False, compare=False)

    @property
    def group(self) -> str:
        """Return GS01 of the group that it came in."""
        return GROUPS[self.code]


def segments_of(data: bytes) -> Segments:
    """Return the segments as lists of elements, by the ISA's own separators; none where there is no ISA."""
    text = _decoded(data).lstrip("\ufeff \t\r\n")
    if not text.startswith("ISA") or len(text) < ISA_LENGTH:
        return []
    element, terminator = text[3], text[ISA_LENGTH - 1]
    found = (each.strip("\r\n") for each in text.split(terminator))
    return [each.split(element) for each in found if each]


def element(segment: list[str], number: int) -> str:
    """Return an element by its number in the standard, from 1; ``""`` where the segment ends before it."""
    return segment[number] if number < len(segment) else ""


def receiver_of(data: bytes) -> tuple[str, str]:
    """Return ISA07 and ISA08 of an interchange, blanks where there is none."""
    isa = next(iter(segments_of(data)), [])
    return element(isa, 7), element(isa, 8).strip()


def read_purchase_orders(data: bytes) -> list[PurchaseOrder]:
    """Return the purchase orders, changes and acknowledgments of such, of an interchange in their order, by groups."""
    found: list[PurchaseOrder] = []
    order: PurchaseOrder | None = None
    isa: list[str] = []
    gs: list[str] = []
    for each in segments_of(data):
        match each[0]:
            case "ISA":
                isa = each
            case "GS":
                gs = each
            case "ST":
                order = begun(isa, gs, each) if element(each, 1) in GROUPS else None
                found.extend([order] if order else [])
            case _ if order is not None:
                _take(order, each)
    return found


def begun(isa: list[str], gs: list[str], st: list[str]) -> PurchaseOrder:
    """Return a document with who sent it under which numbers, and nothing of its content yet."""
    return PurchaseOrder(
        sender=(element(isa, 5), element(isa, 6).strip()),
        receiver=(element(isa, 7), element(isa, 8).strip()),
        isa13=element(isa, 13),
        gs_sender=element(gs, 2),
        gs_receiver=element(gs, 3),
        gs06=element(gs, 6),
        st02=element(st, 2),
        number="",
        date="",
        usage=element(isa, 15),
        code=element(st, 1),
    )


def _take(order: PurchaseOrder, segment: list[str]) -> None:
    match segment[0]:
        case "BEG":
            order.order_type, order.number, order.date = (element(segment, number) for number in (2, 3, 5))
        case "BCH":
            order.purpose, order.order_type, order.number = (element(segment, number) for number in (1, 2, 3))
            order.change, order.date = element(segment, 5), element(segment, 6)
        case "BAK":
            order.purpose, order.order_type, order.number, order.date = (
                element(segment, number) for number in (1, 2, 3, 4)
            )
        case "ACK":
            order.answers.setdefault(len(order.lines), []).append(segment)
        case "PO1" | "POC":
            order.lines.append(segment)
        case "N1":
            order.place = [segment] if element(segment, 1) == "ST" else order.place
            order.in_place = element(segment, 1) == "ST"
        case "N2" | "N3" | "N4" if order.in_place:
            order.place.append(segment)
        case "DTM":
            dates = order.dates.setdefault(len(order.lines), {})
            dates[element(segment, 1)] = element(segment, 2)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
