"""The bytes of invented documents: plain X12, one transaction set in one interchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.seeding.lives import Life, Planned

OURS = "GRIDPORT"
GROUPS = {"850": "PO", "855": "PR", "856": "SH", "810": "IN", "180": "AN", "997": "FA"}


@dataclass(frozen=True)
class Text:
    """An interchange and where in it its transaction set stands."""

    data: bytes
    offset: int
    length: int


def text(life: Life, planned: Planned, theirs: str, control_number: int, number: str, answered: str) -> Text:
    """Return ``planned`` as it travels; ``number`` is its own, ``answered`` the group that an acknowledgment is of."""
    sender, receiver = (OURS, theirs) if planned.is_ours else (theirs, OURS)
    at = planned.at
    body = [f"ST*{planned.kind}*0001", *_body(life, planned, number, answered)]
    body.append(f"SE*{len(body) + 1}*0001")
    head = (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{receiver:15}*{at:%y%m%d}*{at:%H%M}*U*00401*{control_number:09}*0*P*>~"
        f"GS*{GROUPS[planned.kind]}*{sender}*{receiver}*{at:%Y%m%d}*{at:%H%M}*{control_number}*X*004010~"
    )
    middle = "".join(f"{segment}~" for segment in body)
    tail = f"GE*1*{control_number}~IEA*1*{control_number:09}~"
    return Text((head + middle + tail).encode("latin-1", "replace"), len(head), len(middle))


def _body(life: Life, planned: Planned, number: str, answered: str) -> Sequence[str]:
    day = f"{planned.at:%Y%m%d}"
    lines = list(enumerate(life.lines, start=1))
    ordered = [f"PO1*{at}*{each.quantity}*EA*{each.cents / 100:.2f}**VN*{each.sku}" for at, each in lines]
    if planned.kind == "850":
        return [f"BEG*00*DS*{number}**{day}", *ordered, f"CTT*{len(lines)}"]
    if planned.kind == "855":
        acknowledged = [f"ACK*IA*{_left(life, at, each.quantity)}*EA" for at, each in lines]
        pairs = [segment for pair in zip(ordered, acknowledged, strict=True) for segment in pair]
        return [f"BAK*00*AC*{life.purchase_order}*{day}", *pairs, f"CTT*{len(lines)}"]
    if planned.kind == "856":
        packed = [
            s
            for at, each in lines
            for s in (f"HL*{at + 2}*2*I", f"LIN*{at}*VN*{each.sku}", f"SN1*{at}*{each.quantity}*EA")
        ]
        return [f"BSN*00*{number}*{day}*1200", "HL*1**S", "HL*2*1*O", f"PRF*{life.purchase_order}", *packed]
    if planned.kind == "810":
        billed = [f"IT1*{at}*{each.quantity}*EA*{each.cents / 100:.2f}**VN*{each.sku}" for at, each in lines]
        return [f"BIG*{day}*{number}**{life.purchase_order}", *billed, f"TDS*{total_cents(life)}"]
    if planned.kind == "180":
        return [f"BGN*11*{number}*{day}", f"PRF*{life.purchase_order}"]
    of = GROUPS.get(planned.answers, "PO")
    return [
        f"AK1*{of}*{answered}",
        f"AK2*{planned.answers}*0001",
        f"AK5*{planned.code}",
        f"AK9*{planned.code}*1*1*1",
    ]


def _left(life: Life, at: int, quantity: int) -> int:
    return quantity - 1 if life.is_short and at == 1 else quantity


def total_cents(life: Life) -> int:
    """Return what the lines of an order come to."""
    return sum(line.quantity * line.cents for line in life.lines)
