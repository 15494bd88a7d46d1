"""Invoices, their replacements, credit memos and ship notices come to the same in whatever order they arrive."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from itertools import count, permutations
from typing import Any

from integration.flows.match import match
from integration.flows.reprocess import rehearsal
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, SupplierInvoice
from integration.work import Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import AgreementDocument
from tests import factories

TRIED = 720 if os.environ.get("GRIDPORT_CHAOS") == "1" else 8
_names = count(1)


def credit(of: PurchaseOrder, number: str, original: str) -> list[Segment]:
    """One of the first line, given back."""
    line = of.lines.get(line_number=1)
    return [
        segment("BIG", "20261125", number, "", of.number, "", "", "CR"),
        segment("REF", "OI", original),
        segment("IT1", "1", "1", "EA", "4.5", "", "VN", line.vendor_item),
        segment("TDS", "450"),
        segment("CTT", "1"),
    ]


def ship_notice(of: PurchaseOrder) -> list[Segment]:
    """Everything, in one box."""
    body = [
        segment("BSN", "00", "SH-1", "20261125", "1200", "0004"),
        segment("HL", "1", "", "S"),
        segment("HL", "2", "1", "O"),
        segment("PRF", of.number),
    ]
    for place, line in enumerate(of.lines.all(), start=3):
        body += [
            segment("HL", str(place), "2", "I"),
            segment("LIN", str(line.line_number), "VN", line.vendor_item),
            segment("SN1", "", f"{line.quantity:f}".rstrip("0").rstrip("."), "EA"),
        ]
    return [*body, segment("CTT", str(of.lines.count() + 2))]


def replacing(body: Sequence[Segment]) -> list[Segment]:
    """The same, to stand for an earlier one of its number (BIG08)."""
    big = body[0].elements
    return [segment("BIG", *(str(each) for each in big), "05"), *body[1:]]


def came_to() -> dict[str, Any]:
    """What stands, without keys and times."""
    bills = SupplierInvoice.objects.all()
    standing = LineEntry.standing().filter(document__transaction_set__in=["810", "856"])
    return {
        "bills": sorted((each.number, each.total, each.state, each.approved, each.money_at_stake) for each in bills),
        "ledger": sorted(
            (each.kind, each.line.line_number, each.quantity, each.document.state.number)
            for each in standing.select_related("line", "document__state")
            if each.document is not None
        ),
        "cases": sorted(ExceptionCase.objects.filter(closed_at=None).values_list("kind", "sentence")),
    }  # fmt: skip


def test_p16_bills_come_to_the_same_in_any_order_of_arrival(db: None) -> None:
    made = factories.purchase_order(factories.order(1042))
    factories.sent(made)
    answer = factories.received(made.agreement, "855", factories.acceptance(made))
    match(str(answer.pk), Unclaimed())
    made.refresh_from_db()
    for transaction_set in ("810", "856"):
        AgreementDocument.objects.create(
            agreement=made.agreement, transaction_set=transaction_set, direction="in"
        )
    bodies = [
        ("810", factories.bill(made, "INV-1", more=1)),
        ("810", replacing(factories.bill(made, "INV-1"))),
        ("810", factories.bill(made, "INV-2")),
        ("810", factories.bill(made, "INV-2", more=3)),
        ("810", credit(made, "CM-1", "INV-2")),
        ("856", ship_notice(made)),
    ]
    files = [(code, factories.answer_bytes(made.agreement, code, body)) for code, body in bodies]
    orders = list(permutations(files))
    chosen = [files, files[::-1], *random.Random(28).sample(orders, TRIED)][:TRIED]
    results = []
    for arriving in chosen:
        with rehearsal():
            for _, data in arriving:
                name = f"in-any-order-{next(_names)}.edi"
                document = factories.read(factories.received_file(made.agreement.mailbox, data, name))
                match(str(document.pk), Unclaimed())
            results.append(came_to())
    assert len(results) == TRIED
    first = results[0]
    assert [(number, state) for number, _, state, *_ in first["bills"]] == [
        ("CM-1", "matched"),
        ("INV-1", "matched"),
        ("INV-1", "withdrawn"),
        ("INV-2", "disputed"),
        ("INV-2", "held"),
    ]
    assert [kind for kind, _ in first["cases"]] == ["duplicate", "invoice_differs"]
    for each in results[1:]:
        assert each == first
