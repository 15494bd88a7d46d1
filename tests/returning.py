"""A purchase order that is shipped, and the returns desk of its supplier, without a store or a mailbox that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from django.contrib.auth.models import User

from archive import store
from archive.models import Document
from integration.flows.decisions import carry_out
from integration.flows.match import match
from integration.flows.planned import Given, Plan
from integration.flows.plans import choices, plan
from integration.flows.positions import positions_of
from integration.flows.returns import Wanted, ask_partner, open_return
from integration.flows.write_return import write_return
from integration.models import ExceptionCase, PurchaseOrder, ReturnCase
from integration.simulators.network.answer_files import return_file
from integration.simulators.network.returns import Desk, Said, read_requests
from integration.work import Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import AgreementDocument
from tests import factories

_numbers = count(1)
MADE = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
RETURN_DOCUMENTS = (("180", "out"), ("180", "in"), ("812", "in"), ("810", "in"), ("856", "in"))


@dataclass
class Trade:
    """One purchase order whose goods were shipped and billed, with the desk that its returns are asked of."""

    purchase_order: PurchaseOrder
    lead: User
    desk: Desk = field(default_factory=Desk)
    control: int = 700

    def open(self, quantity: str = "2", line: int = 1) -> ReturnCase:
        """Open a return of one line."""
        return open_return(
            self.lead, self.purchase_order, [Wanted(line, Decimal(quantity), "damaged")], "Called"
        )

    def ask(self, case: ReturnCase) -> Document:
        """Ask the desk for a return; return the request that it read."""
        ask_partner(self.lead, case, "It is broken")
        return self.write(case)

    def write(self, case: ReturnCase) -> Document:
        """Write what is to be asked, and let the desk read it."""
        write_return(str(case.pk), Unclaimed())
        case.refresh_from_db()
        assert case.request is not None
        data = store.open(case.request.interchange.payload, purpose="test")
        for request in read_requests(data):
            self.desk.hold(request)
        return case.request

    def say(self, case: ReturnCase, *ways: str) -> ReturnCase:
        """Have the desk say something, and match it; return the case as it stands then."""
        for way in ways:
            for data in self.files(case, way):
                self.arrive(data)
        case.refresh_from_db()
        return case

    def files(self, case: ReturnCase, way: str) -> list[bytes]:
        """Return the files that the desk sends, without matching them."""
        return [self.file(case, said) for said in self.desk.say(case.number, way, MADE)]

    def file(self, case: ReturnCase, said: Said) -> bytes:
        """Return the file of one document of the desk, made after those before it."""
        self.control += 1
        request = self.desk.requests[case.number]
        return return_file(request, said.code, said.body, self.control, MADE).data

    def arrive(self, data: bytes) -> Document:
        """Let a file arrive, be read and matched."""
        name = f"desk-{next(_numbers)}.x12"
        document = factories.read(factories.received_file(self.purchase_order.agreement.mailbox, data, name))
        match(str(document.pk), Unclaimed())
        return document

    def moved(self, line: int = 1) -> tuple[Decimal, Decimal]:
        """Return how many of a line were returned and credited."""
        now = positions_of(self.purchase_order)[line]
        return now.returned, now.credited

    def decide(self, name: str, **given: object) -> Plan:
        """Decide the one open case, as it is shown."""
        case = ExceptionCase.objects.get(closed_at=None)
        shown = plan(case, name, Given(**given))  # type: ignore[arg-type]
        return carry_out(self.lead, case, name, Given(**given), "Looked at it", shown.digest)  # type: ignore[arg-type]


def trade(quantities: Sequence[int] = (2,), *, ships: bool = True) -> Trade:
    """Return a purchase order of a line for each quantity, acknowledged, shipped and billed whole."""
    number = 1040 + next(_numbers)
    lines = [
        factories.order_line(number * 10 + place, f"AC-{place:03}", quantity)
        for place, quantity in enumerate(quantities, 1)
    ]
    purchase_order = factories.purchase_order(factories.order(number, lines=lines))
    factories.sent(purchase_order)
    for transaction_set, direction in RETURN_DOCUMENTS:
        AgreementDocument.objects.get_or_create(
            agreement=purchase_order.agreement, transaction_set=transaction_set, direction=direction
        )
    made = Trade(purchase_order, factories.user(group="decide"))
    bodies = [("855", factories.acceptance(purchase_order))]
    bodies += (
        [("856", whole_shipment(purchase_order)), ("810", factories.bill(purchase_order, "INV-1"))]
        if ships
        else []
    )
    for transaction_set, body in bodies:
        made.arrive(factories.answer_bytes(purchase_order.agreement, transaction_set, body))
    purchase_order.refresh_from_db()
    return made


def open_cases() -> list[tuple[str, str, Decimal | None]]:
    """Return kind, sentence and money of every case that is open."""
    rows = ExceptionCase.objects.filter(closed_at=None).order_by("pk")
    return [(each.kind, each.sentence, each.money) for each in rows]


def offered() -> list[str]:
    """Return what can be decided about the one open case."""
    return [each.name for each in choices(ExceptionCase.objects.get(closed_at=None))]


def whole_shipment(of: PurchaseOrder) -> list[Segment]:
    """Return the body of an 856 that sends all of a purchase order in one box."""
    body = [
        segment("BSN", "00", "SH-1", "20261125", "0900", "0004"),
        segment("HL", "1", "", "S"),
        segment("HL", "2", "1", "O"),
        segment("PRF", of.number),
    ]
    for place, line in enumerate(of.lines.all(), start=3):
        body += [
            segment("HL", str(place), "2", "I"),
            segment("LIN", str(line.line_number), "VN", line.vendor_item),
            segment("SN1", "", f"{line.quantity.normalize():f}", "EA"),
        ]
    return [*body, segment("CTT", str(of.lines.count() + 2))]
