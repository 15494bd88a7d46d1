"""Two purchase order acknowledgments of real suppliers, rewritten to answer an order of ours."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from integration.models import ExceptionCase, LineEntry, PurchaseOrder, PurchaseOrderLine
from integration.simulators.store.sample_orders import build, line
from tests.world import World, open_world

SLEEP_TRAIN = "x12parser___855-855SSimmons.txt"
BOOKS = "node-x12__test-data-855.edi"
Segments = list[list[str]]


def segments_of(path: Path) -> Segments:
    """Return the sample's segments up to the end of its first transaction set, and the trailers."""
    found = [
        each.strip().split("*") for each in path.read_text(encoding="utf-8-sig").split("~") if each.strip()
    ]
    end = next(place for place, each in enumerate(found) if each[0] == "SE") + 1
    return [*found[:end], *found[-2:]]


def rewritten(segments: Segments, lines: list[PurchaseOrderLine]) -> bytes:
    """Return the sample with our numbers, items, quantities and prices; its statuses, dates and order stay."""
    numbers = iter(lines)
    current = lines[0]
    asked: dict[str, str] = {}
    for each in segments:
        match each[0]:
            case "ISA":
                each[5:9] = ["ZZ", "ACMESUPPLY     ", "ZZ", "GRIDPORT       "]
            case "GS":
                each[2:4] = ["ACMESUPPLY", "GRIDPORT"]
            case "BAK":
                each[3] = current.purchase_order.number
            case "PO1":
                current = next(numbers)
                asked = {each[2]: f"{current.quantity:f}"}
                each[2:] = [
                    f"{current.quantity:f}",
                    "EA",
                    f"{current.unit_price:f}",
                    "",
                    "VN",
                    current.vendor_item,
                ]
            case "ACK" | "SCH":
                place = 2 if each[0] == "ACK" else 1
                each[place : place + 2] = [asked.get(each[place], each[place]), "EA"]
            case "GE":
                each[1] = "1"
    return "".join("*".join(each) + "~" for each in segments).encode()


def answer(world: World, sample: Path) -> PurchaseOrder:
    world.network.answer = "silent"
    world.place(2001)
    world.run()
    purchase_order = PurchaseOrder.objects.get()
    assert purchase_order.state == PurchaseOrder.State.GENERATED
    lines = list(purchase_order.lines.select_related("purchase_order"))
    world.network.drop("answer.x12", rewritten(segments_of(sample), lines))
    world.run()
    purchase_order.refresh_from_db()
    return purchase_order


def world_of(folder: Path, quantities: list[int]) -> AbstractContextManager[World]:
    """Return a world whose one order asks Acme Supply for so many of each line."""
    lines = [line(f"AC-{place:03d}", quantity) for place, quantity in enumerate(quantities, start=1)]
    return open_world(folder, {2001: build(2001, lines)})


def test_an_acceptance_without_a_status_on_any_line_is_accepted(
    committed: str, tmp_path: Path, shared: Path
) -> None:
    with world_of(tmp_path, [4, 6]) as world:
        purchase_order = answer(world, shared / "x12" / "samples" / SLEEP_TRAIN)
        assert ExceptionCase.objects.count() == 0
        assert purchase_order.state == PurchaseOrder.State.ACCEPTED
        assert world.store.state.order(2001)["status_id"] == 9
        said = LineEntry.objects.filter(kind="acknowledged").values_list(
            "line__sku", "quantity", "promised_on"
        )
        assert sorted(said) == [("AC-001", 4, date(2011, 10, 7)), ("AC-002", 6, date(2011, 10, 7))]


def test_a_rejected_line_is_a_case(committed: str, tmp_path: Path, shared: Path) -> None:
    with world_of(tmp_path, [3, 2, 1, 2]) as world:
        purchase_order = answer(world, shared / "x12" / "samples" / BOOKS)
        case = ExceptionCase.objects.get()
        assert purchase_order.state == PurchaseOrder.State.DISPUTED
        assert case.sentence == (
            "Acme Supply answered purchase order 2001-1 differently. Line 2 (AC-002): asked 2 each, answered rejected (1"
            " more). The order in the store was left as it is."
        )
        assert [(each["line"], each["asked"], each["answered"]) for each in case.evidence] == [
            (2, "2 each", "rejected"),
            (3, "1 each", "rejected"),
        ]
        assert world.store.state.order(2001)["status_id"] == 11
