"""Which rows lie within somebody's reach: for every model, how a row belongs to partners, stores and kinds.

``within(model, reach)`` is the one condition that lists, pages, search, exports and counts share. A model that stands
in no row of ``TABLE`` is seen by those alone whose reach is unlimited: what is forgotten stays hidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q

from archive.models import (
    Document,
    DocumentReference,
    DocumentState,
    Event,
    Interchange,
    Transmission,
)
from archive.reach import Reach
from integration.models import (
    BulkItem,
    BulkJob,
    Carrier,
    CustomerLink,
    DailyFigure,
    ExceptionCase,
    Expectation,
    Invoice,
    InvoiceRule,
    InvoiceSeries,
    MailServer,
    Notice,
    NoticeRule,
    NoticeWebhook,
    Order,
    OrderDocument,
    OrderReference,
    OutgoingMail,
    PurchaseOrder,
    ReturnCase,
    ReturnFile,
    RoutingRule,
    Shipment,
    StockFeed,
    StockLocation,
    StockRule,
    StockTerms,
    Store,
    StoreEffect,
    StoreItem,
    SupplierInvoice,
    SupplierStock,
    Warehouse,
    WebhookCall,
)
from partners.models import (
    Agreement,
    AgreementDocument,
    BillTolerances,
    BusinessCalendar,
    CodeList,
    CodeListEntry,
    Holiday,
    HostKey,
    ItemCrossReference,
    Mailbox,
    MappingProfile,
    PartnerContact,
    PartnerIdentifier,
    Partnership,
    ReturnTerms,
    ShipmentTolerances,
    TradingPartner,
)

Paths = tuple[str, ...]


@dataclass(frozen=True)
class Belongs:
    """By which lookups rows of one model belong to partners, stores and kinds of documents.

    A row lies within a reach where one of the lookups leads into it; without lookups the model is not divided that way,
    and every row lies within. ``always`` is the kind of every row. ``unless`` names a field: where it is empty, the row
    is about no document, and the kinds do not divide it. ``each`` names rows that must *all* lie within: what shows one
    of them shows them all.
    """

    partner: Paths = ()
    store: Paths = ()
    kind: Paths = ()
    always: str = ""
    unless: str = ""
    each: Paths = ()


def _of_document(prefix: str) -> Belongs:
    return Belongs(
        partner=(f"{prefix}partner",),
        store=(f"{prefix}orders__order__store",),
        kind=(f"{prefix}transaction_set",),
    )


_UNDIVIDED = Belongs()
_OF_AGREEMENT = Belongs(partner=("agreement__partner",))
_OF_ORDER = ("purchase_orders__agreement__partner", "customer_link__agreement__partner")

TABLE: dict[type[Model], Belongs] = {
    Document: _of_document(""),
    DocumentReference: _of_document("document__"),
    DocumentState: _of_document("document__"),
    # A file or an envelope is read whole.
    Interchange: Belongs(each=("documents",)),
    Transmission: Belongs(each=("interchanges__documents", "interchange__documents")),
    # What happened to no document is told on the page of its subject, which was looked for before.
    Event: Belongs(
        partner=("document__partner",),
        store=("document__orders__order__store",),
        kind=("document__transaction_set",),
        unless="document",
    ),
    # By store they are not kept: whoever sees some stores only is shown none (portal.admin.charts).
    DailyFigure: Belongs(partner=("partner",), kind=("transaction_set",)),
    Store: Belongs(store=("pk",)),
    Order: Belongs(partner=_OF_ORDER, store=("store",)),
    OrderReference: Belongs(partner=tuple(f"order__{path}" for path in _OF_ORDER), store=("order__store",)),
    OrderDocument: Belongs(
        partner=("document__partner",), store=("order__store",), kind=("document__transaction_set",)
    ),
    PurchaseOrder: Belongs(partner=("agreement__partner",), store=("order__store",)),
    StoreEffect: Belongs(
        partner=("shipment__purchase_order__agreement__partner", "refund__case__partner"),
        store=("order__store",),
    ),
    Shipment: Belongs(
        partner=("purchase_order__agreement__partner",), store=("order__store",), always="856"
    ),
    ReturnCase: Belongs(partner=("partner",), store=("order__store",), always="180"),
    ReturnFile: Belongs(partner=("case__partner",), store=("case__order__store",), always="180"),
    Invoice: Belongs(partner=("copies__rule__agreement__partner",), store=("order__store",), always="810"),
    SupplierInvoice: Belongs(
        partner=("partner",), store=("parts__purchase_order__order__store",), always="810"
    ),
    StockFeed: Belongs(partner=("agreement__partner",), store=("lines__item__store",), always="846"),
    SupplierStock: Belongs(partner=("agreement__partner",), store=("item__store",), always="846"),
    StoreItem: Belongs(partner=("stock__agreement__partner",), store=("store",)),
    ExceptionCase: Belongs(
        partner=("partner", "purchase_order__agreement__partner", "document__partner"),
        store=(
            "store", "order__store", "purchase_order__order__store", "return_case__order__store",
            "document__orders__order__store",
        ),
        kind=("document__transaction_set",),
        unless="document",
    ),
    Expectation: Belongs(
        partner=("agreement__partner",),
        store=(
            "purchase_order__order__store", "return_case__order__store", "document__orders__order__store",
        ),
        kind=("document__transaction_set",),
    ),
    OutgoingMail: Belongs(partner=("partner", "case__partner"), store=("order__store", "case__store")),
    # Of jobs they are told of to whom the job is shown: ``integration.flows.notices.known_within``.
    Notice: Belongs(
        partner=("case__partner", "case__purchase_order__agreement__partner", "case__document__partner",
                 "mailbox__partner", "mailbox__agreements__partner"),
        store=("case__store", "case__order__store", "case__purchase_order__order__store", "store",
               "case__return_case__order__store", "case__document__orders__order__store"),
        kind=("case__document__transaction_set",),
        unless="case__document",
    ),
    BulkJob: Belongs(each=("items__document",)),
    BulkItem: _of_document("document__"),
    TradingPartner: Belongs(partner=("pk",)),
    PartnerIdentifier: Belongs(partner=("partner",)),
    # A network's mailbox brings the traffic of many: it is theirs whose agreement runs through it.
    Mailbox: Belongs(partner=("partner", "agreements__partner")),
    Agreement: Belongs(partner=("partner",)),
    AgreementDocument: Belongs(partner=("agreement__partner",), kind=("transaction_set",)),
    ItemCrossReference: _OF_AGREEMENT,
    CodeList: _OF_AGREEMENT,
    MappingProfile: Belongs(partner=("used_by__agreement__partner",), kind=("transaction_set",)),
    CustomerLink: Belongs(partner=("agreement__partner",), store=("store",)),
    RoutingRule: Belongs(partner=("agreement__partner",), store=("store",)),
    InvoiceRule: Belongs(partner=("agreement__partner",), store=("store",)),
    StockLocation: Belongs(partner=("agreement__partner",), store=("store",)),
    PartnerContact: Belongs(partner=("partner",)),
    Partnership: Belongs(partner=("identifier__partner",)),
    CodeListEntry: Belongs(partner=("code_list__agreement__partner",)),
    ShipmentTolerances: _OF_AGREEMENT,
    BillTolerances: _OF_AGREEMENT,
    ReturnTerms: _OF_AGREEMENT,
    StockTerms: _OF_AGREEMENT,
    StockRule: Belongs(store=("store",)),
    # What belongs to nobody in particular is shared by all.
    HostKey: _UNDIVIDED,
    Holiday: _UNDIVIDED,
    InvoiceSeries: _UNDIVIDED,
    Warehouse: _UNDIVIDED,
    Carrier: _UNDIVIDED,
    BusinessCalendar: _UNDIVIDED,
    MailServer: _UNDIVIDED,
    NoticeRule: _UNDIVIDED,
    NoticeWebhook: _UNDIVIDED,
    WebhookCall: _UNDIVIDED,
}  # fmt: skip

_NOTHING = Q(pk__in=[])


def within(model: type[Model], reach: Reach) -> Q:
    """Return the condition that a row of ``model`` lies within ``reach``.

    Rows are never doubled by it, so that it may stand before any order, slice or count.
    """
    if not reach.is_limited:
        return Q()
    belongs = TABLE.get(model)
    if belongs is None:
        return _NOTHING
    if belongs.each:
        return _each(model, belongs.each, reach)
    found = (
        _one_of(model, belongs.partner, reach.partners)
        & _one_of(model, belongs.store, reach.stores)
        & _of_kind(model, belongs, reach.sets)
    )
    if model is OrderReference and reach.partners is not None:
        found &= _tells_of_no_other(reach)
    return found


def _tells_of_no_other(reach: Reach) -> Q:
    """Return the condition that a reference of an order names none of its other partners or their numbers."""
    own = PurchaseOrder.objects.filter(
        within(PurchaseOrder, reach), order=OuterRef("order"), number=OuterRef("value")
    )
    return ~Q(kind__in=["partner", "vendor_item", "purchase_order"]) | Q(
        Q(kind="purchase_order") & Q(Exists(own))
    )


def _of_kind(model: type[Model], belongs: Belongs, sets: frozenset[str] | None) -> Q:
    if sets is None:
        return Q()
    if belongs.always:
        return Q() if belongs.always in sets else _NOTHING
    wanted = _one_of(model, belongs.kind, sets)
    return (wanted | Q(**{belongs.unless: None})) if belongs.unless else wanted


def _one_of(model: type[Model], paths: Paths, allowed: Iterable[Any] | None) -> Q:
    """Return the condition that one of ``paths`` leads to one of ``allowed``; paths through many rows join nothing."""
    if allowed is None or not paths:
        return Q()
    values = sorted(allowed)
    found = Q(pk__in=[])
    for path in paths:
        condition = Q(**{f"{path}__in": values})
        found |= Q(_exists(model, condition)) if _branches(model, path) else condition
    return found


def _each(model: type[Model], paths: Paths, reach: Reach) -> Q:
    """Return the condition that a row leads to documents, all of them within ``reach``."""
    inside = within(Document, reach)
    some, others = Q(pk__in=[]), Q()
    for path in paths:
        holds = Document._default_manager.filter(**{_way_back(model, path): OuterRef("pk")})
        some |= Q(Exists(holds.filter(inside)))
        others &= ~Q(Exists(holds.exclude(inside)))
    return some & others


def _exists(model: type[Model], condition: Q) -> Exists:
    return Exists(model._base_manager.filter(condition, pk=OuterRef("pk")))


@cache
def _branches(model: type[Model], path: str) -> bool:
    """Say whether one row may lead to several along ``path``."""
    at: Any = model
    for name in path.split("__"):
        if name == "pk":
            return False
        field = at._meta.get_field(name)
        if field.one_to_many or field.many_to_many:
            return True
        at = field.related_model or at
    return False


@cache
def _way_back(model: type[Model], path: str) -> str:
    """Return the lookup that leads from the end of ``path`` back to ``model``."""
    at: Any = model
    steps = []
    for name in path.split("__"):
        field = at._meta.get_field(name)
        steps.append(field.remote_field.name if field.auto_created else field.related_query_name())
        at = field.related_model
    return "__".join(reversed(steps))
