"""What an event says: a CloudEvent 1.0 as JSON, written once. It names rows and states; what they hold is read by the API.

Nothing of a person is in it, nor of what goods cost. A member of ``data`` that is published stays; new ones may come.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db.models import Model, QuerySet

from archive.models import Document
from integration.models import (
    EventType,
    ExceptionCase,
    Invoice,
    Order,
    PurchaseOrder,
    ReturnCase,
    Shipment,
)

PREFIX = "com.gridport."
"""Stands before ``EventType`` in the type of a CloudEvent."""

TEST_TYPE = f"{PREFIX}test"
Data = dict[str, Any]


@dataclass(frozen=True)
class Happening:
    """That ``row_id`` of ``what`` (``order``, ``document`` …) came to ``state``; ``source`` is the row that says so.

    ``xid`` is the transaction that wrote it. ``state`` is empty where the type says it all.
    """

    source: str
    xid: int
    type: EventType
    what: str
    row_id: int
    state: str
    at: datetime

    @property
    def subject(self) -> str:
        """The row's name, as in timelines."""
        return f"{self.what}:{self.row_id}"


@dataclass(frozen=True)
class Kind:
    """How rows of one ``what`` are found, and what of them is told."""

    model: type[Model]
    rows: Callable[[], QuerySet[Any]]
    told: Callable[[Any], Data]


def cloud_event(
    message_id: UUID, event_type: str, subject: str, at: datetime, data: Data, source: str = ""
) -> bytes:
    """Return the bytes of a CloudEvent of the full type ``event_type``."""
    event = {
        "specversion": "1.0",
        "id": str(message_id),
        "source": source or source_of_events(),
        "type": event_type,
        "subject": subject,
        "time": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def source_of_events() -> str:
    """Return what tells this installation from others: its address, where that is set."""
    return settings.PUBLIC_URL.rstrip("/") or "urn:gridport"


def message_id(epoch: UUID, happening: Happening) -> UUID:
    """Return the event's id: the same whenever it is asked for, and another one in a database restored from a backup."""
    return uuid5(epoch, happening.source)


def data_of(happenings: Sequence[Happening]) -> dict[str, Data]:
    """Return what each event says of its row, by source: of a row that is gone by now nothing but its id."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for each in happenings:
        wanted[each.what].add(each.row_id)
    told: dict[tuple[str, int], Data] = {}
    for what, pks in wanted.items():
        kind = KINDS[what]
        told.update({(what, row.pk): kind.told(row) for row in kind.rows().filter(pk__in=pks)})
    return {each.source: _data(each, told.get((each.what, each.row_id), {})) for each in happenings}


def _data(happening: Happening, told: Data) -> Data:
    state = {"state": happening.state} if happening.state else {}
    return {happening.what: happening.row_id, **state, **told}


def _document(row: Document) -> Data:
    state = getattr(row, "state", None)  # there is none before it is projected
    return {
        "direction": row.direction,
        "transaction_set": row.transaction_set,
        "partner": row.partner_id,
        "validation": state.validation if state else "",
        "delivery": state.delivery if state else "",
        "acknowledgment": state.acknowledgment if state else "",
    }


def _order(row: Order) -> Data:
    return {"store": row.store_id, "number": row.number, "status": row.status_id}


def _purchase_order(row: PurchaseOrder) -> Data:
    return {"number": row.number, "order": row.order_id, "partner": row.agreement.partner_id}


def _shipment(row: Shipment) -> Data:
    return {
        "order": row.order_id,
        "purchase_order": row.purchase_order_id,
        "document": row.document_id,
        "partner": row.purchase_order.agreement.partner_id,
    }


def _invoice(row: Invoice) -> Data:
    return {"kind": row.kind, "number": row.number, "order": row.order_id}


def _case(row: ExceptionCase) -> Data:
    return {
        "kind": row.kind,
        "decision": row.decision,
        "order": row.order_id,
        "purchase_order": row.purchase_order_id,
        "return": row.return_case_id,
        "document": row.document_id,
        "partner": row.partner_id,
    }


def _return(row: ReturnCase) -> Data:
    return {
        "number": row.number,
        "order": row.order_id,
        "purchase_order": row.purchase_order_id,
        "partner": row.partner_id,
    }


KINDS: dict[str, Kind] = {
    "document": Kind(Document, lambda: Document.objects.select_related("state"), _document),
    "order": Kind(Order, lambda: Order.objects.only("store", "number", "status_id"), _order),
    "purchase_order": Kind(
        PurchaseOrder,
        lambda: PurchaseOrder.objects.select_related("agreement").defer("content", "agreed"),
        _purchase_order,
    ),
    "shipment": Kind(
        Shipment,
        lambda: Shipment.objects.select_related("purchase_order__agreement").defer(
            "purchase_order__content", "purchase_order__agreed"
        ),
        _shipment,
    ),
    "invoice": Kind(Invoice, lambda: Invoice.objects.only("kind", "number", "order"), _invoice),
    "case": Kind(ExceptionCase, lambda: ExceptionCase.objects.defer("evidence", "plan", "sentence"), _case),
    "return": Kind(
        ReturnCase, lambda: ReturnCase.objects.only("number", "order", "purchase_order", "partner"), _return
    ),
}
"""By ``Happening.what``."""
