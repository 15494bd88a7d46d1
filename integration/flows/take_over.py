"""Open purchase orders of another system, taken over with their positions by CSV; control numbers go on from there.

A file is looked at first: each line says what it comes to, and nothing is written before a person has seen that. Then it
is taken over whole or not at all. The file is kept in the archive, and the ledger's first entries name it instead of a
document, which we never had.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive import store as archive_store
from archive.clock import database_now
from archive.record import record_audit, record_event
from integration.flows.agreed import statement_to_json
from integration.flows.import_orders import import_step
from integration.flows.references import write_references
from integration.flows.rights import EDIT_AGREEMENT, EDIT_STORE, Refused, require
from integration.flows.translation_files import NEW, SAME, WRONG, Row, read_lines
from integration.matching.lines import LineStatement
from integration.models import LineEntry, Order, PurchaseOrder, PurchaseOrderLine, Store, TakeOver
from integration.work import put
from partners.control_numbers import LARGEST, seed_control_number
from partners.models import Agreement, ControlNumber, ItemCrossReference

COLUMNS = (
    "purchase_order", "order", "agreement", "line", "sku", "vendor_item", "unit", "unit_price", "ordered", "cancelled",
    "acknowledged", "backordered", "promised_on", "shipped", "invoiced",
)  # fmt: skip
REQUIRED = ("purchase_order", "order", "agreement", "line", "sku", "ordered")
_QUANTITIES = ("ordered", "cancelled", "acknowledged", "backordered", "shipped", "invoiced")
_MOVEMENTS = ("ordered", "cancelled", "shipped", "invoiced")
_LONGEST_NUMBER = 22
State = PurchaseOrder.State


@dataclass
class TakenLine:
    """One line of the file, understood."""

    number: int
    sku: str
    vendor_item: str
    unit: str
    unit_price: Decimal | None
    quantities: dict[str, Decimal | None]
    promised_on: date | None
    store_line: dict[str, Any]


@dataclass
class Taken:
    """One purchase order of the file."""

    number: str
    order: Order
    agreement: Agreement
    lines: list[TakenLine] = field(default_factory=list)


@dataclass(frozen=True)
class TakeOverPlan:
    """What a file comes to; ``unread`` are the orders that have to be read from the store first."""

    rows: tuple[Row, ...]
    saved: tuple[Taken, ...]
    unread: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """Return how many lines are new, the same and wrong."""
        found = Counter(row.verdict for row in self.rows)
        return {verdict: found[verdict] for verdict in (NEW, "changed", SAME, WRONG)}


def plan_take_over(store: Store, text: str) -> TakeOverPlan:
    """Return what taking over the file ``text`` would do; nothing is changed."""
    lines, problem = read_lines(text, COLUMNS, REQUIRED)
    if problem is not None:
        return TakeOverPlan((problem,), ())
    known = _Known.of(store, [cells for _, cells in lines])
    taken: dict[str, Taken] = {}
    rows = []
    for number, cells in lines:
        what = f"{cells['purchase_order']} line {cells['line']}"
        try:
            verdict, sentence = _take(cells, known, taken)
        except ValueError as error:
            verdict, sentence = WRONG, str(error)
        rows.append(Row(number, verdict, what, sentence))
    return TakeOverPlan(tuple(rows), tuple(taken.values()), tuple(sorted(known.unread)))


def take_over(user: User, store: Store, text: str, digest: str, reason: str) -> TakeOver:
    """Take over the file as it was shown, whole. Raises ``Refused`` where it would do something else now."""
    reason = require(user, EDIT_STORE, reason)
    with transaction.atomic():
        Store.objects.select_for_update().get(pk=store.pk)
        plan = plan_take_over(store, text)
        if plan.digest != digest:
            raise Refused(
                gettext("Something has changed since you looked. Here is what the file would do now.")
            )
        if plan.counts[WRONG] or not plan.saved:
            raise Refused(
                gettext(
                    "Lines of the file are wrong, or it takes over nothing: correct it, and choose it again."
                )
            )
        kept = TakeOver.objects.create(
            store=store, payload=archive_store.put(text.encode()), actor=user.get_username(), reason=reason
        )
        for each in plan.saved:
            _write(each, kept)
        detail = {"purchase_orders": len(plan.saved), "file": kept.payload.address}
        record_audit(user, "take over", f"store:{store.pk}", reason=reason, detail=detail)
    return kept


def read_orders(user: User, store: Store, numbers: Sequence[int], reason: str) -> int:
    """Have the orders be read from the store, so that their purchase orders can be taken over; return how many."""
    reason = require(user, EDIT_STORE, reason)
    with transaction.atomic():
        for number in numbers:
            put("orders", import_step(store.pk, number))
        record_audit(user, "read orders", f"store:{store.pk}", reason=reason, detail={"orders": len(numbers)})
    return len(numbers)


def seed_numbers(user: User, agreement: Agreement, last: Mapping[str, int], reason: str) -> None:
    """Have the control numbers towards a partner go on after ``last`` (by ``ControlNumber.Kind``).

    Raises ``Refused``, with nothing done, where one is lower than what was given out already.
    """
    reason = require(user, EDIT_AGREEMENT, reason)
    sender = f"{agreement.own_qualifier}:{agreement.own_id}"
    receiver = f"{agreement.identifier.qualifier}:{agreement.identifier.value}"
    with transaction.atomic():
        for kind, value in last.items():
            if not 0 < value <= LARGEST:
                raise Refused(
                    gettext("A control number is from 1 to %(largest)s.") % {"largest": f"{LARGEST:,}"}
                )
            stands = seed_control_number(sender, receiver, kind, value)
            if stands != value:
                label = ControlNumber.Kind(kind).label
                raise Refused(
                    gettext(
                        "%(label)s %(stands)s was given out already: going on after %(value)s would give numbers out twice."
                    )
                    % {"label": label, "stands": f"{stands:09d}", "value": f"{value:09d}"}
                )
        record_audit(
            user, "seed control numbers", f"agreement:{agreement.pk}", reason=reason, detail=dict(last)
        )


@dataclass
class _Known:
    """What the file is held against."""

    store: Store
    agreements: dict[str, Agreement]
    orders: dict[int, Order]
    numbers: set[str]
    times: Counter[tuple[str, str]]
    items: dict[tuple[int, str], ItemCrossReference]
    unread: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, store: Store, cells: Sequence[dict[str, str]]) -> _Known:
        numbers = {
            int(each["order"]) for each in cells if each["order"].isdecimal() and len(each["order"]) < 19
        }
        named = {each["purchase_order"] for each in cells}
        agreements = {each.name: each for each in store.agreements.select_related("partner")}
        items = ItemCrossReference.objects.filter(
            agreement__in=agreements.values(), sku__in={each["sku"] for each in cells}
        )
        return cls(
            store,
            agreements,
            {each.number: each for each in Order.objects.filter(store=store, number__in=numbers)},
            set(PurchaseOrder.objects.filter(number__in=named).values_list("number", flat=True)),
            Counter((each["purchase_order"], each["line"]) for each in cells),
            {(item.agreement_id, item.sku): item for item in items},
        )


def _take(cells: dict[str, str], known: _Known, taken: dict[str, Taken]) -> tuple[str, str]:
    """Understand one line; return its verdict and sentence. Raises ``ValueError`` with what is wrong."""
    number = cells["purchase_order"]
    if not number or len(number) > _LONGEST_NUMBER:
        raise ValueError(f"A purchase order's number has 1 to {_LONGEST_NUMBER} characters.")
    if number in known.numbers:
        return SAME, "It is on record already, and left as it is."
    if known.times[number, cells["line"]] > 1:
        raise ValueError("This line stands in the file more than once; leave one of them.")
    agreement = known.agreements.get(cells["agreement"])
    if agreement is None:
        raise ValueError(f"{known.store} has no agreement “{cells['agreement']}”.")
    order = _order(cells["order"], known)
    line = _line(cells, agreement, order, known)
    stands = taken.setdefault(number, Taken(number, order, agreement))
    if (stands.order, stands.agreement) != (order, agreement):
        raise ValueError("Other lines of this purchase order name another order or agreement.")
    if stands.lines and _ship_to(stands.lines[0]) != _ship_to(line):
        raise ValueError("Other lines of this purchase order go to another address of the order.")
    stands.lines.append(line)
    told = ", ".join(
        f"{value.normalize():f} {name}" for name, value in line.quantities.items() if value is not None
    )
    return NEW, f"{agreement.partner}, order {order.number}: {told}."


def _order(text: str, known: _Known) -> Order:
    if not text.isdecimal() or len(text) > 18:
        raise ValueError(f"“{text}” is no order number.")
    order = known.orders.get(int(text))
    if order is None:
        known.unread.add(int(text))
        raise ValueError(f"Order {text} is not read from {known.store} yet: have it read first.")
    return order


def _line(cells: dict[str, str], agreement: Agreement, order: Order, known: _Known) -> TakenLine:
    if not cells["line"].isdecimal() or not 0 < int(cells["line"]) < 100_000:
        raise ValueError(f"“{cells['line']}” is no line number.")
    found = [each for each in order.content["lines"] if each["sku"] == cells["sku"]]
    if len(found) != 1:
        what = "no line" if not found else f"{len(found)} lines"
        raise ValueError(f"Order {order.number} has {what} with SKU {cells['sku']}.")
    quantities = {name: _quantity(name, cells.get(name, "")) for name in _QUANTITIES}
    if not quantities["ordered"]:
        raise ValueError("Nothing is ordered in this line.")
    item = known.items.get((agreement.pk, cells["sku"]))
    return TakenLine(
        number=int(cells["line"]),
        sku=cells["sku"],
        vendor_item=(cells.get("vendor_item") or (item.vendor_item if item else ""))[:48],
        unit=cells.get("unit") or (item.unit if item else "each"),
        unit_price=_quantity("unit_price", cells.get("unit_price", "")),
        quantities=quantities,
        promised_on=_day(cells.get("promised_on", "")),
        store_line=found[0],
    )


def _ship_to(line: TakenLine) -> str:
    return str(line.store_line["order_address_id"])


def _quantity(name: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
        exponent = value.as_tuple().exponent
    except InvalidOperation:
        raise ValueError(f"“{text}” is no number ({name}); write it as 12 or 12.5.") from None
    if not value.is_finite() or value < 0 or value >= 10**10 or (isinstance(exponent, int) and exponent < -4):
        raise ValueError(f"“{text}” cannot be ({name}): 0 or more, with 4 decimals at most.")
    return value


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is no day; write it as 2026-12-01.") from None


def _write(taken: Taken, kept: TakeOver) -> None:
    order = taken.order
    answered = all(line.quantities["acknowledged"] is not None for line in taken.lines)
    statements = [_statement(line) for line in taken.lines] if answered else []
    made = PurchaseOrder.objects.create(
        order=order,
        agreement=taken.agreement,
        ship_to=_ship_to(taken.lines[0]),
        number=taken.number,
        sequence=_sequence(taken),
        state=State.ACCEPTED if answered else State.GENERATED,
        agreed=[statement_to_json(each) for each in statements] or None,
        digest=order.digest,
    )
    lines = PurchaseOrderLine.objects.bulk_create(
        PurchaseOrderLine(
            purchase_order=made,
            line_number=line.number,
            store_line=line.store_line["id"],
            sku=line.sku,
            vendor_item=line.vendor_item,
            upc=str(line.store_line.get("upc", ""))[:14],
            description=line.store_line["name"][:300],
            quantity=line.quantities["ordered"] or Decimal(0),
            unit=line.unit,
            unit_price=line.unit_price,
        )
        for line in taken.lines
    )
    entries = [
        entry for line, row in zip(taken.lines, lines, strict=True) for entry in _entries(line, row, kept)
    ]
    LineEntry.objects.bulk_create(entries)
    state = Order.State.ACCEPTED if answered else Order.State.ROUTED
    Order.objects.filter(pk=order.pk).update(state=state, state_reason="")
    write_references(order)
    sentence = (
        f"Purchase order {made.number} was taken over from another system by {kept.actor}: {kept.reason}"
    )
    record_event(order.subject, "taken_over", sentence, actor=kept.actor)


def _sequence(taken: Taken) -> int:
    """Return the next free place: one order may have had several purchase orders of one partner elsewhere."""
    others = taken.order.purchase_orders.filter(agreement=taken.agreement, ship_to=_ship_to(taken.lines[0]))
    found: dict[int, bool] = defaultdict(
        bool, {place: True for place in others.values_list("sequence", flat=True)}
    )
    place = 0
    while found[place]:
        place += 1
    return place


def _statement(line: TakenLine) -> LineStatement:
    said = line.quantities
    return LineStatement(
        line.number,
        said["acknowledged"] or Decimal(0),
        line.unit_price,
        line.promised_on,
        said["backordered"] or Decimal(0),
    )


def _entries(line: TakenLine, row: PurchaseOrderLine, kept: TakeOver) -> list[LineEntry]:
    said = line.quantities["acknowledged"]
    amounts = {name: line.quantities[name] or Decimal(0) for name in (*_MOVEMENTS, "backordered")}
    told = [(name, amounts[name]) for name in _MOVEMENTS if amounts[name]]
    if said is not None:
        told.append(("acknowledged", said))
        told += [("backordered", amounts["backordered"])] * bool(amounts["backordered"])
    now = database_now()
    return [
        LineEntry(
            line=row,
            kind=kind,
            quantity=quantity,
            unit_price=line.unit_price,
            promised_on=line.promised_on if kind in ("acknowledged", "backordered") else None,
            take_over=kept,
            stated_at=now,
        )
        for kind, quantity in told
    ]
