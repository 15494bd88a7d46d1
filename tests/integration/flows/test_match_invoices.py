"""Suppliers' invoices (810) from their files to what is approved: stories, each in one world."""

from __future__ import annotations

from decimal import Decimal

from archive.models import Document
from integration.flows.positions import positions_of
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, SupplierInvoice
from tests.world import World, world

__all__ = ["world"]

State = SupplierInvoice.State
D = Decimal


def accepted(world: World, *numbers: int) -> PurchaseOrder:
    """Have orders be acknowledged as they were asked; return the first purchase order."""
    for number in numbers or (1001,):
        world.place(number)
    world.run()
    return PurchaseOrder.objects.order_by("number").first()  # type: ignore[return-value]


def bills() -> dict[str, tuple[str, Decimal, Decimal | None, Decimal]]:
    """Every invoice by its number: state, total, what is approved, what is at stake."""
    return {
        each.number: (each.state, each.total, each.approved, each.money_at_stake)
        for each in SupplierInvoice.objects.order_by("pk")
    }


def invoiced(purchase_order: PurchaseOrder) -> dict[int, tuple[Decimal, Decimal]]:
    return {line: (each.invoiced, each.credited) for line, each in positions_of(purchase_order).items()}


def open_case() -> ExceptionCase:
    return ExceptionCase.objects.get(closed_at=None)


def test_a_bill_waits_for_its_ship_notice_and_is_approved_with_it(world: World) -> None:
    purchase_order = accepted(world)
    [line] = purchase_order.lines.all()
    total = line.quantity * line.unit_price
    number = world.network.bill(["1001-1"])
    world.run()
    assert bills() == {number: (State.WAITING, total, None, 0)}
    assert invoiced(purchase_order) == {1: (line.quantity, 0)}
    assert SupplierInvoice.objects.get().waits_until is not None
    world.network.ship(["1001-1"])
    world.run()
    assert bills() == {number: (State.MATCHED, total, total, 0)}
    assert SupplierInvoice.objects.get().waits_until is None
    assert ExceptionCase.objects.count() == 0
    assert world.network.billed() == {"1001-1": {"1": "2"}}


def rows(case: ExceptionCase) -> list[tuple[int | None, str, str, str, str]]:
    return [
        (each["line"], each["what"], each["asked"], each["answered"], each["money"]) for each in case.evidence
    ]


def price_of(purchase_order: PurchaseOrder) -> Decimal:
    price = purchase_order.lines.get(line_number=1).unit_price
    assert price is not None
    return price


def hold(world: World) -> dict[str, bytes]:
    """Take what lies in the outbox away; return it by name."""
    found = {}
    for path in sorted(world.network.outbox.glob("*.x12")):
        found[path.name] = path.read_bytes()
        path.unlink()
    return found


def test_what_differs_is_a_case_with_its_money(world: World) -> None:
    purchase_order = accepted(world)
    price = price_of(purchase_order)
    world.network.ship(["1001-1"])
    world.run()
    for way in ("dearer", "over", "freight", "tax", "wrong_total", "euros", "stranger"):
        number = world.network.bill(["1001-1"], way)
        world.run(1)
        case = open_case()
        assert (case.kind, case.partner) == (case.Kind.INVOICE_DIFFERS, purchase_order.agreement.partner)
        goods = 2 * price
        tax = (goods * D("0.08")).quantize(D("0.01"))
        expected = {
            "dearer": (1, "price", f"{price:.2f}", f"{price + D('0.50'):.2f}", "1.00"),
            "over": (1, "quantity", "2 ordered, 2 shipped", "3", f"{price:.2f}"),
            "freight": (None, "charge", "no charge", "freight 12.00", "12.00"),
            "tax": (None, "tax", "no tax", f"tax {tax}", f"{tax}"),
            "wrong_total": (
                None,
                "total",
                f"{goods:.2f}, the sum of its lines, charges and taxes",
                f"{goods + 1:.2f}",
                "1.00",
            ),
            "euros": (None, "currency", "USD", "EUR", f"{goods:.2f}"),
            "stranger": (None, "an item that was not ordered", "nothing", "1 of GIFT-PEN", "3.00"),
        }
        assert rows(case) == [expected[way]]
        assert case.money == D(expected[way][4])
        assert bills()[number][0] == State.DISPUTED
        # The partner takes it back: nothing of it stands, and nobody is asked any more.
        world.network.bill(["1001-1"], "whole", number, "cancel")
        world.run(1)
        assert bills()[number][0] == State.WITHDRAWN
        assert invoiced(purchase_order) == {1: (0, 0)}
        assert not ExceptionCase.objects.filter(closed_at=None).exists()


def test_a_number_used_twice(world: World) -> None:
    purchase_order = accepted(world)
    world.network.ship(["1001-1"])
    number = world.network.bill(["1001-1"])
    world.run()
    world.network.bill(["1001-1"], "again", number)
    world.run()
    states = [each.state for each in SupplierInvoice.objects.order_by("pk")]
    assert states == [State.MATCHED, State.REPEATED]
    assert invoiced(purchase_order) == {1: (2, 0)}
    assert ExceptionCase.objects.count() == 0
    world.network.bill(["1001-1"], "altered", number)
    world.run()
    held = SupplierInvoice.objects.order_by("pk").last()
    assert held is not None
    assert held.state == State.HELD
    case = open_case()
    assert case.kind == case.Kind.DUPLICATE
    assert case.money == held.total == 3 * price_of(purchase_order)
    assert [(each["what"], each["asked"].split(" ")[0], each["answered"].split(" ")[0]) for each in case.evidence] == [
        ("total", f"{2 * price_of(purchase_order):.2f}", f"{held.total}"),
        ("line", "2", "3"),
    ]  # fmt: skip
    assert invoiced(purchase_order) == {1: (2, 0)}
    assert LineEntry.standing().filter(kind="invoiced").count() == 1


def test_any_order_of_arrival_comes_to_the_same(world: World) -> None:
    """The bill, its replacement, a credit memo and the ship notice, first as they were made, then the other way round."""
    purchase_order = accepted(world)
    number = world.network.bill(["1001-1"], "over")
    world.network.bill(["1001-1"], "whole", number, "replace")
    credit = world.network.bill(["1001-1"], "credit", number)
    world.network.ship(["1001-1"])
    files = hold(world)
    assert len(files) == 4
    for name, data in reversed(files.items()):
        world.network.drop(name, data)
        world.run(1)
    price = price_of(purchase_order)
    states = {(each.number, each.state, each.approved) for each in SupplierInvoice.objects.all()}
    assert states == {
        (number, State.WITHDRAWN, None),
        (number, State.MATCHED, 2 * price),
        (credit, State.MATCHED, price),
    }
    assert invoiced(purchase_order) == {1: (2, 1)}
    assert world.network.billed() == {"1001-1": {"1": "1"}}
    assert not ExceptionCase.objects.filter(closed_at=None).exists()


def test_one_bill_for_two_orders_and_one_for_an_order_that_we_did_not_send(world: World) -> None:
    accepted(world, 1001, 1007)
    numbers = ["1001-1", "1007-1"]
    world.network.ship([numbers[0]])
    both = world.network.bill(numbers)
    world.run()
    row = SupplierInvoice.objects.get()
    assert [part.purchase_order.number for part in row.parts.all()] == numbers
    assert row.state == State.WAITING
    world.network.ship([numbers[1]])
    world.run()
    assert bills()[both] == (State.MATCHED, row.total, row.total, 0)
    for number in numbers:
        purchase_order = PurchaseOrder.objects.get(number=number)
        told = {str(line): f"{each[0].normalize():f}" for line, each in invoiced(purchase_order).items()}
        assert told == world.network.billed()[number]

    stranger = world.network.bill([numbers[0]], "credit")
    [(name, data)] = hold(world).items()
    world.network.drop(name, data.replace(numbers[0].encode(), b"7777-1"))
    world.run()
    case = open_case()
    assert case.kind == case.Kind.UNKNOWN_PURCHASE_ORDER
    assert "purchase order 7777-1, which we did not send" in case.sentence
    assert bills()[stranger][0] == State.WAITING
    assert Document.objects.filter(transaction_set="810").count() == 2
