"""What there is to read: each resource a model with its record, its filters, and the right that shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet

from archive.models import (
    AcknowledgmentState,
    Delivery,
    Direction,
    Document,
    DocumentReference,
    Interchange,
    Validation,
)
from integration.flows.positions import positions
from integration.matching.ledger import STATEMENTS
from integration.models import (
    DailyFigure,
    ExceptionCase,
    Invoice,
    LineEntry,
    Order,
    OrderDocument,
    PurchaseOrder,
    PurchaseOrderLine,
    Reconciliation,
    ReturnCase,
    ReturnLine,
    Shipment,
    Store,
    SupplierInvoice,
)
from partners.models import AgreementDocument, MappingRevision, Mode, TradingPartner
from portal.api import records
from portal.api.filters import Filter, Shape


@dataclass(frozen=True)
class Readable:
    """Whatever a token may be made for: ``name`` is how the scopes of tokens call it, ``path`` its address.

    ``seen_by`` is the model whose ``view`` permission shows it, where that is not its own.
    """

    name: str
    model: type[Model]
    record: Any
    title: str
    seen_by: type[Model] | None = None

    @property
    def path(self) -> str:
        """Its address below the root."""
        return self.name.replace("_", "-")

    @property
    def permission(self) -> str:
        """The right to look at it."""
        options = (self.seen_by or self.model)._meta
        return f"{options.app_label}.view_{options.model_name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its records, in their order."""
        return tuple(self.record.Meta.fields)


@dataclass(frozen=True)
class Resource(Readable):
    """A list of rows, by what changed. ``archive.changes`` calls it by its ``name``, too.

    ``related`` and ``prefetched`` are read with its rows; ``complete`` adds to the rows of a page what no query brings.
    ``only`` leaves out rows that are none of it; ``within`` leads to the row whose reach decides, where it is not its own.
    """

    record: type[records.Record]
    filters: Sequence[Filter] = ()
    related: Sequence[str] = ()
    prefetched: Sequence[str] = ()
    only: Q = field(default_factory=Q)
    complete: Callable[[Sequence[Any]], None] | None = None
    within: str = ""

    def rows(self) -> QuerySet[Any]:
        """Return its rows with all that their records show."""
        found = self.model._default_manager.filter(self.only).order_by()
        return found.select_related(*self.related).prefetch_related(*self.prefetched)


def _id(name: str, about: str, lookup: str = "", *, finds: bool = False) -> Filter:
    return Filter(name, lookup or name, about, Shape.ID, finds=finds)


def _choice(name: str, lookup: str, about: str, choices: Sequence[str]) -> Filter:
    return Filter(name, lookup, about, Shape.CHOICE, tuple(choices))


def _number(lookup: str, about: str, name: str = "number") -> Filter:
    return Filter(name, lookup, about, finds=True)


_IN_OR_OUT = _choice("direction", "direction", "Received or sent.", Direction.values)
_SET = Filter("transaction_set", "transaction_set", "ST01, such as 850.")


def _with_numbers(documents: Sequence[Document]) -> None:
    """Tie orders and numbers to documents: some twenty rows a document, so they are read as plain values."""
    told: dict[int, set[tuple[str, str]]] = {each.pk: set() for each in documents}
    references = DocumentReference.objects.filter(document__in=told, kind__in=records.TOLD_REFERENCES)
    for document, kind, value in references.values_list("document", "kind", "value"):
        told[document].add((kind, value))
    tied: dict[int, list[dict[str, Any]]] = {pk: [] for pk in told}
    orders = OrderDocument.objects.filter(document__in=told).order_by("pk")
    for document, order, purchase_order, role in orders.values_list(
        "document", "order", "purchase_order", "role"
    ):
        tied[document].append({"order_id": order, "purchase_order_id": purchase_order, "role": role})
    for each in documents:
        numbers = [{"kind": kind, "value": value} for kind, value in sorted(told[each.pk])]
        each.told_references, each.tied = numbers, tied[each.pk]  # type: ignore[attr-defined]


def _with_positions(lines: Sequence[PurchaseOrderLine]) -> None:
    found = positions(lines)
    for line in lines:
        line.position = found[line.pk]  # type: ignore[attr-defined]


def _with_revisions(documents: Sequence[AgreementDocument]) -> None:
    profiles = {each.profile_id for each in documents if each.profile_id}
    newest = (
        MappingRevision.objects.filter(profile__in=profiles)
        .order_by("profile_id", "-number")
        .distinct("profile_id")
    )
    found = {each.profile_id: each for each in newest.defer("base", "overrides", "samples")}
    for document in documents:
        document.revision = found.get(document.profile_id or 0)  # type: ignore[attr-defined]


RESOURCES = (
    Resource(
        "documents",
        Document,
        records.DocumentRecord,
        "documents",
        filters=(
            _IN_OR_OUT,
            _SET,
            _id("partner_id", "With whom."),
            _id("interchange_id", "In which interchange.", finds=True),
            _id("order_id", "Of which order.", "orders__order_id", finds=True),
            _id("purchase_order_id", "Of which purchase order.", "orders__purchase_order_id", finds=True),
            _number("state__number", "Its own number, as it is written."),
            _choice("validation", "state__validation", "Does it hold to the standard?", Validation.values),
            _choice("delivery", "state__delivery", "How far was it sent?", Delivery.values),
            _choice(
                "acknowledgment", "state__acknowledgment", "What did the 997 say?", AcknowledgmentState.values
            ),
        ),
        related=("state", "interchange"),
        complete=_with_numbers,
    ),
    Resource(
        "interchanges",
        Interchange,
        records.InterchangeRecord,
        "interchanges",
        filters=(
            _IN_OR_OUT,
            _id("mailbox_id", "Over which mailbox."),
            _number("control_number", "ISA13, nine digits.", "control_number"),
        ),
        related=("agreement", "payload"),
        prefetched=("attempts__outcomes",),
        seen_by=Document,
    ),
    Resource(
        "orders",
        Order,
        records.OrderRecord,
        "orders",
        filters=(
            _id("store_id", "Of which store."),
            Filter("number", "number", "Its number in the store.", Shape.ID, finds=True),
            _choice("state", "state", "How far it is.", Order.State.values),
            _id("status_id", "Its status in the store."),
            Filter("placed_from", "placed_at__gte", "Placed at that moment or later.", Shape.TIME),
            Filter("placed_before", "placed_at__lt", "Placed before that moment.", Shape.TIME),
        ),
        prefetched=("purchase_orders",),
    ),
    Resource(
        "purchase_orders",
        PurchaseOrder,
        records.PurchaseOrderRecord,
        "purchase orders",
        filters=(
            _id("store_id", "Of which store.", "order__store_id"),
            _id("order_id", "For which order.", finds=True),
            _id("partner_id", "Of whom.", "agreement__partner_id"),
            _number("number", "Its number."),
            _choice("state", "state", "How far it is.", PurchaseOrder.State.values),
        ),
        related=("order", "agreement"),
    ),
    Resource(
        "purchase_order_lines",
        PurchaseOrderLine,
        records.PurchaseOrderLineRecord,
        "lines of purchase orders, with their positions",
        filters=(
            _id("purchase_order_id", "Of which purchase order.", finds=True),
            _id("order_id", "For which order.", "purchase_order__order_id", finds=True),
            _id("partner_id", "Of whom.", "purchase_order__agreement__partner_id"),
            Filter("sku", "sku", "The store's SKU."),
        ),
        related=("purchase_order__agreement",),
        complete=_with_positions,
        seen_by=PurchaseOrder,
        within="purchase_order",
    ),
    Resource(
        "acknowledgment_lines",
        LineEntry,
        records.AcknowledgmentLineRecord,
        "acknowledgments by line",
        filters=(
            _id("purchase_order_id", "Of which purchase order.", "line__purchase_order_id", finds=True),
            _id("line_id", "Of which purchase order line.", finds=True),
            _id("document_id", "In which document.", finds=True),
            _id("partner_id", "Who said it.", "line__purchase_order__agreement__partner_id"),
            _choice("status", "kind", "What he said.", STATEMENTS),
        ),
        related=("line__purchase_order__agreement", "reversed_by"),
        only=Q(kind__in=STATEMENTS, reverses=None),
        seen_by=PurchaseOrder,
        within="line__purchase_order",
    ),
    Resource(
        "shipments",
        Shipment,
        records.ShipmentRecord,
        "shipments",
        filters=(
            _id("store_id", "Of which store.", "order__store_id"),
            _id("order_id", "Of which order.", finds=True),
            _id("purchase_order_id", "Of which purchase order.", finds=True),
            _id("partner_id", "Who shipped.", "purchase_order__agreement__partner_id"),
            _number("number", "The partner's number of it."),
            _number("tracking_number", "Its tracking number.", "tracking_number"),
        ),
        related=("order", "purchase_order__agreement", "effect"),
        prefetched=("lines__line",),
    ),
    Resource(
        "invoices",
        Invoice,
        records.InvoiceRecord,
        "invoices",
        filters=(
            _id("store_id", "Of which store.", "order__store_id"),
            _id("order_id", "Of which order.", finds=True),
            _number("number", "Its number."),
            _choice("kind", "kind", "Invoice or credit memo.", Invoice.Kind.values),
            _choice("state", "state", "How far it is.", Invoice.State.values),
        ),
        related=("order",),
        prefetched=("copies",),
    ),
    Resource(
        "supplier_invoices",
        SupplierInvoice,
        records.SupplierInvoiceRecord,
        "suppliers' invoices",
        filters=(
            _id("partner_id", "Who bills."),
            _id("document_id", "The document.", finds=True),
            _number("number", "The supplier's number of it."),
            _choice("state", "state", "What came of it.", SupplierInvoice.State.values),
        ),
        prefetched=("parts",),
    ),
    Resource(
        "returns",
        ReturnCase,
        records.ReturnRecord,
        "returns",
        filters=(
            _id("store_id", "Of which store.", "order__store_id"),
            _id("order_id", "Of which order.", finds=True),
            _id("purchase_order_id", "Of which purchase order.", finds=True),
            _id("partner_id", "To whom."),
            _number("number", "Our number of it."),
            _number("rma", "The partner's authorization.", "rma"),
            _choice("stage", "stage", "How far it came.", ReturnCase.Stage.values),
        ),
        related=("order",),
    ),
    Resource(
        "return_lines",
        ReturnLine,
        records.ReturnLineRecord,
        "lines of returns",
        filters=(
            _id("return_id", "Of which return.", "case_id", finds=True),
            _id("partner_id", "To whom.", "case__partner_id"),
        ),
        related=("case", "line"),
        seen_by=ReturnCase,
        within="case",
    ),
    Resource(
        "cases",
        ExceptionCase,
        records.CaseRecord,
        "cases",
        filters=(
            _choice("kind", "kind", "What it is about.", ExceptionCase.Kind.values),
            Filter("is_open", "closed_at__isnull", "Open or closed.", Shape.YES_OR_NO),
            _id("order_id", "Of which order.", finds=True),
            _id("purchase_order_id", "Of which purchase order.", finds=True),
            _id("document_id", "Of which document.", finds=True),
            _id("partner_id", "Of which partner."),
        ),
        related=("owner",),
    ),
    Resource(
        "partners",
        TradingPartner,
        records.PartnerRecord,
        "trading partners",
        filters=(Filter("is_active", "is_active", "Is it in use?", Shape.YES_OR_NO),),
        prefetched=("identifiers", "agreements"),
    ),
    Resource(
        "stores",
        Store,
        records.StoreRecord,
        "stores",
        filters=(_choice("mode", "mode", "Watch or live.", Mode.values),),
    ),
    Resource(
        "mappings",
        AgreementDocument,
        records.MappingRecord,
        "mappings in force",
        filters=(_IN_OR_OUT, _SET, _id("agreement_id", "Under which agreement.", finds=True)),
        related=("agreement", "profile"),
        complete=_with_revisions,
    ),
    Resource(
        "reconciliations",
        Reconciliation,
        records.ReconciliationRecord,
        "reconciliations",
        prefetched=("gaps",),
    ),
    Resource(
        "daily_figures",
        DailyFigure,
        records.DailyFigureRecord,
        "daily figures",
        filters=(
            _IN_OR_OUT,
            _SET,
            _id("partner_id", "With whom."),
            Filter("day_from", "day__gte", "On that day or later.", Shape.DATE),
            Filter("day_before", "day__lt", "Before that day.", Shape.DATE),
        ),
        seen_by=Document,
    ),
)
BY_NAME = {each.name: each for each in RESOURCES}

SCORECARDS = Readable("scorecards", TradingPartner, records.ScorecardRecord, "scorecards of partners")
"""Counted as they are asked for: there is no row of it, and no feed of its changes (``portal.api.scorecards``)."""

READABLE: dict[str, Readable] = {**BY_NAME, SCORECARDS.name: SCORECARDS}
"""Everything that a token may be made for, by name."""
