"""Every purchase order acknowledgment of the public samples, rewritten to answer an order of ours, decided rightly.

Put in are the identities, our purchase order's number, and for each line that the file repeats our item number under
the file's own qualifier, our unit and our price; the orders ask for the quantities that the file answers. All else
stays as the supplier wrote it: versions, separators, indentation, line numbers, statuses, dates, segments unread.
What is expected was read off the files by hand, segment by segment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from archive import store as archive_store
from archive.models import Document, Transmission
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, PurchaseOrderLine
from integration.simulators.store.catalog import SKUS
from integration.simulators.store.sample_orders import SampleOrder, build, line
from partners.models import ItemCrossReference
from portal.demo.sample import SUPPLIERS
from tests.world import World, open_world

SLEEP = "x12parser___855-855SSimmons.txt"
SOFTWARE = "x12parser___855-Example1_Adobe.txt"
BOOKS = "node-x12__test-data-855.edi"
EMPTY = "staedi__issue590-multi-tx-transaction-type.edi"
GROCERY = "bots-plugins__x12-855-004010UCS-01.x12"

Difference = tuple[int | None, str, str, str]


@dataclass(frozen=True)
class Expected:
    """What one transaction set answers. ``quantities`` are those of its PO1 segments, in order.

    ``differences`` are (line, what, asked, answered), none where all is accepted; ``promised`` the day that holds for
    every line; ``unread`` the places that our guide has no use for, which the document reports; ``waits`` says that a translation is missing.
    """

    quantities: list[int]
    differences: list[Difference] = field(default_factory=list)
    promised: date | None = None
    unread: list[str] = field(default_factory=list)
    waits: bool = False

    @property
    def said(self) -> list[int]:
        """What the ledger then holds as acknowledged: nothing of lines without a word, 0 of lines that are refused."""
        if self.waits or any(answered == "without a status" for *_, answered in self.differences):
            return []
        refused = {line for line, *_ in self.differences}
        return [
            0 if place in refused else quantity for place, quantity in enumerate(self.quantities, start=1)
        ]

    @property
    def state(self) -> str:
        """The state of the purchase order once the answer was read."""
        return "generated" if self.waits else "disputed" if self.differences else "accepted"


def without_status(quantities: list[int]) -> list[Difference]:
    return [
        (place, "answer", f"{asked} each", "without a status")
        for place, asked in enumerate(quantities, start=1)
    ]


GROCERY_LINES = {
    "0001": [102, 90, 204, 28, 30, 42, 204, 51, 50, 51, 110, 110, 102, 102, 30, 51, 102, 102, 204, 66, 66, 144, 98, 110, 51, 100],
    "0002": [22],
    "0003": [22],
    "0004": [110, 110, 110, 110, 110, 66, 102, 144, 51, 408, 220, 57, 220, 306, 110, 66, 100],
    "0005": [144, 204, 110, 220, 102, 102, 110, 110, 102, 110, 144, 204, 110, 45, 90, 30, 51, 100, 50, 204, 204, 110],
    "0006": [22],
}  # fmt: skip

EXPECTED: dict[tuple[str, str], Expected] = {
    # BAK02 AD, acknowledged with detail and no change; lines 100 and 200 without ACK; DTM*017*20111007.
    (SLEEP, "0001"): Expected([1, 1], promised=date(2011, 10, 7)),
    # The same with one line and DTM*017*20111006.
    (SLEEP, "0002"): Expected([1], promised=date(2011, 10, 6)),
    # BAK02 AD; line 000010 without ACK; no date but BAK04, the order's own. Carriers named five times, a price from
    # a catalogue (PO105 CA) and a contact of another kind (PER01 CN) have no place in the guide.
    (SOFTWARE, "852281220"): Expected(
        [1], unread=["TD5.2", "TD5", "TD5", "TD5", "TD5", "N1[ST]/PER.1", "PO1.5"]
    ),
    # BAK02 AD, and yet: PO1*1 ACK*IA*3; PO1*2 ACK*IR*0 (CW); PO1*3 ACK*IR*0 (KK); PO1*4 ACK*IA*2. SCH has only
    # 080, when the book came out. CTT02 counts what was accepted, 5 of 8.
    (BOOKS, "0005"): Expected(
        [3, 2, 1, 2],
        [(2, "answer", "2 each", "rejected"), (3, "answer", "1 each", "rejected")],
        unread=["CUR.1", "CSH", "CTT.2"],
    ),
    # BAK01 54, which is no purpose that we know; BAK02 AC, changes, and no line at all: it waits for a word for 54.
    (EMPTY, "0001"): Expected(
        [],
        unread=["BAK.1"],
        waits=True,
    ),
    (EMPTY, "0002"): Expected(
        [],
        unread=["BAK.1"],
        waits=True,
    ),
    # BAK02 AP, a replenishment of the supplier's own making: it repeats what he will deliver (DTM*067) and accepts
    # nothing by a word. PO101 is empty. GS08 is 004010UCS. CTT03 and 04, the weight, have no place in the guide.
    **{
        (GROCERY, number): Expected(
            quantities, without_status(quantities), unread=["CTT.3", "CTT.4"]
        )
        for number, quantities in GROCERY_LINES.items()
    },
}  # fmt: skip
FIRST = 2001
NUMBERS = {key: FIRST + place for place, key in enumerate(EXPECTED)}


def orders() -> dict[int, SampleOrder]:
    """Return one order for each sample, of Acme Supply's items, in the quantities that the sample answers."""
    shipped = [sku for sku in SKUS["AC"] if sku != "AC-010"]
    return {
        NUMBERS[key]: build(
            NUMBERS[key],
            [line(shipped[place], each) for place, each in enumerate(wanted.quantities or [2])],
        )
        for key, wanted in EXPECTED.items()
    }


@dataclass
class Sample:
    """A sample in its own separators and indentation."""

    raw: bytes

    @property
    def segments(self) -> list[str]:
        """The segments with whatever blanks and newlines stand before them."""
        text = self.raw.decode("utf-8")
        at = text.index("ISA")
        return text.split(text[at + 105])

    def rewritten(self, name: str) -> bytes:
        """Return the sample as an answer to the orders of ``NUMBERS``."""
        text = self.raw.decode("utf-8")
        at = text.index("ISA")
        terminator = text[at + 105]
        number, lines = "", iter(list[PurchaseOrderLine]())
        made = []
        for each in self.segments:
            blanks = each[: len(each) - len(each.lstrip("\ufeff \r\n"))]
            elements = each[len(blanks) :].split("*")
            match elements[0]:
                case "ISA":
                    elements[5:9] = ["ZZ", "ACMESUPPLY     ", "ZZ", "GRIDPORT       "]
                    elements[15] = "P"
                case "GS":
                    elements[2:4] = ["ACMESUPPLY", "GRIDPORT"]
                case "ST":
                    number = f"{NUMBERS[name, elements[2]]}-1"
                    lines = PurchaseOrderLine.objects.filter(purchase_order__number=number).iterator()
                case "BAK":
                    elements[3] = number
                case "PO1":
                    _put_in(elements, next(lines))
                case "ACK":
                    elements[3] = "EA"
                case "SCH":
                    elements[2] = "EA"
            made.append(blanks + "*".join(elements))
        return terminator.join(made).encode()


def _put_in(elements: list[str], ours: PurchaseOrderLine) -> None:
    """Put our unit, price and numbers into a PO1, under the qualifiers that it has."""
    elements[3] = "EA"
    if elements[4]:
        elements[4] = f"{ours.unit_price:f}"
    for place in range(6, len(elements) - 1, 2):
        match elements[place]:
            case "BP" | "CB":
                elements[place + 1] = ours.sku
            case "VC":
                elements[place + 1] = ours.vendor_item
            case "EN":
                elements[place + 1] = f"0{ours.upc}"
            case "UA":
                # A case code, which no purchase order of ours names: a supplier can only repeat what it has.
                elements[place : place + 2] = ["VN", ours.vendor_item]


def drop_all(world: World, samples: Path, *, rewritten: bool) -> dict[str, bytes]:
    """Put every sample on the mailbox; return what was put there, by name."""
    dropped = {}
    for name in sorted({name for name, _ in EXPECTED}):
        sample = Sample((samples / name).read_bytes())
        data = sample.rewritten(name) if rewritten else sample.raw
        world.network.drop(name, data)
        dropped[name] = data
    return dropped


def read_all(world: World) -> None:
    """Have everything read; a file whose last terminator did not come is taken once it lay unchanged."""
    world.run()
    world.wait(minutes=1)
    world.run()


def found(number: int) -> tuple[str, list[Difference], list[tuple[int, int, date | None]]]:
    """Return a purchase order's state, the differences of its case, and (line, quantity, day) of what was posted."""
    purchase_order = PurchaseOrder.objects.get(number=f"{number}-1")
    case = ExceptionCase.objects.filter(purchase_order=purchase_order).first()
    differences = [
        (each["line"], each["what"], each["asked"], each["answered"])
        for each in (case.evidence if case else [])
    ]
    said = LineEntry.objects.filter(line__purchase_order=purchase_order, kind="acknowledged")
    posted = [
        (entry.line.line_number, int(entry.quantity), entry.promised_on)
        for entry in said.select_related("line").order_by("line__line_number")
    ]
    return purchase_order.state, differences, posted


def unread(document: Document) -> list[str]:
    """Return where each entry of the document's report stands, without the loop's own name for it."""
    return [each["sentence"].split(":")[0].split(" ")[0] for each in document.translation.report]


def test_every_real_855_is_decided_as_its_segments_say(committed: str, tmp_path: Path, shared: Path) -> None:
    samples = shared / "x12" / "samples"
    with open_world(tmp_path, orders()) as world:
        for place, item in enumerate(
            ItemCrossReference.objects.filter(agreement__partner__name=SUPPLIERS[0].name)
        ):
            ItemCrossReference.objects.filter(pk=item.pk).update(upc=f"{12345678900 + place:012d}")
        world.network.answer = "silent"
        for number in NUMBERS.values():
            world.place(number)
        world.run()
        assert set(PurchaseOrder.objects.values_list("state", flat=True)) == {"generated"}
        dropped = drop_all(world, samples, rewritten=True)
        read_all(world)
        wanted = {
            key: (
                expected.state,
                expected.differences,
                [
                    (place, quantity, expected.promised)
                    for place, quantity in enumerate(expected.said, start=1)
                ],
            )
            for key, expected in EXPECTED.items()
        }
        assert {key: found(number) for key, number in NUMBERS.items()} == wanted
        assert {key: world.store.state.order(number)["status_id"] for key, number in NUMBERS.items()} == {
            key: 9 if expected.state == "accepted" else 11 for key, expected in EXPECTED.items()
        }
        documents = Document.objects.filter(transaction_set="855").select_related(
            "interchange", "translation", "state"
        )
        assert {(each.interchange.name, each.control_number): unread(each) for each in documents} == {
            key: expected.unread for key, expected in EXPECTED.items()
        }
        assert {each.state.validation for each in documents} <= {"valid", "valid_with_notes"}
        assert kept(dropped) == dropped
        opened = Counter(ExceptionCase.objects.values_list("kind", flat=True))
        disputed = sum(bool(each.differences) for each in EXPECTED.values())
        # Both that wait lack the same word.
        assert opened == {"acknowledgment_differs": disputed, "missing_translation": 1}


def kept(dropped: dict[str, bytes]) -> dict[str, bytes]:
    return {
        file.name: archive_store.open(file.payload, purpose="test")
        for file in Transmission.objects.filter(name__in=dropped).select_related("payload")
    }


def test_as_they_come_they_are_strangers_and_nothing_of_them_is_lost(
    committed: str, tmp_path: Path, shared: Path
) -> None:
    with open_world(tmp_path, {}) as world:
        dropped = drop_all(world, shared / "x12" / "samples", rewritten=False)
        read_all(world)
        assert kept(dropped) == dropped
        cases = ExceptionCase.objects.select_related("transmission")
        assert {case.transmission.name: case.kind for case in cases if case.transmission} == dict.fromkeys(
            dropped, ExceptionCase.Kind.NOT_FOR_US
        )
        assert Document.objects.count() == 0
