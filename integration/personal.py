"""Where what can be changed tells of a person, column by column: one table, by which all of it is cleared at once.

Facts hold nothing of the kind in clear: their payloads go with their keys. A test walks the catalogue and wants every
column of text of every model told here, as personal or, with the reason, as not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Model, Q, QuerySet

from archive.models import Document, DocumentReference, Translation
from integration.models import (
    BulkItem,
    BulkJob,
    Comment,
    ExceptionCase,
    Invoice,
    Order,
    OrderAcknowledgment,
    OrderReference,
    OutgoingMail,
    PurchaseOrder,
    PurchaseOrderChange,
    Refund,
    ReturnCase,
    ReturnDocument,
    ReturnFile,
    ReturnLine,
    StoreEffect,
)

ERASED = "Erased: it told of a person who is to be forgotten."
_NAMING = ("customer", "email")
PARTIES = frozenset({
    "bill_to", "buyer", "buyer_contact", "contact", "mark_for", "other_parties", "parties", "receiver", "remit_to",
    "sender", "ship_from", "ship_to", "vendor", "warehouse",
})  # fmt: skip
"""Fields of canonical documents that say who: parties and contacts, as one or as a list."""
FREE = frozenset({"customer_order_number", "notes", "other_references", "references", "text"})
"""Fields of canonical documents that people write what they like into."""
_KEPT_OF_ADDRESS = frozenset({"id", "country", "country_iso2", "shipping_method"})

Forget = Callable[[Any], Any]


@dataclass(frozen=True)
class Personal:
    """What of a model's rows tells of a person.

    Rows are reached by ``orders``, lookups that lead to their order, or by ``documents``, to a document whose payload is gone.
    ``columns`` are left with a value, or with what a function makes of theirs; ``rest`` names the other columns of text, which tell
    nothing; rows within ``drops`` go altogether.
    """

    orders: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    rest: str = ""
    drops: Q | None = None


def forgotten_order(content: dict[str, Any]) -> dict[str, Any]:
    """Return an order's content without whose it was: its lines and where its addresses lie by country stay."""
    bare = {**content, "customer_name": "", "customer_id": 0, "customer_message": ""}
    bare["billing_address"] = _forgotten_address(content.get("billing_address") or {})
    bare["addresses"] = [_forgotten_address(each) for each in content.get("addresses") or ()]
    lines = content.get("lines") or ()
    bare["lines"] = [
        {**each, "wrapping_message": ""} if "wrapping_message" in each else each for each in lines
    ]
    return bare


def _forgotten_address(address: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if name in _KEPT_OF_ADDRESS else ([] if name == "form_fields" else "")
        for name, value in address.items()
    }


def forgotten_document(content: Any) -> Any:
    """Return a canonical document as JSON without the parties and the words in it."""
    if isinstance(content, list):
        return [forgotten_document(each) for each in content]
    if not isinstance(content, dict):
        return content
    return {
        name: ([] if isinstance(value, list) else None)
        if name in PARTIES | FREE
        else forgotten_document(value)
        for name, value in content.items()
    }


def forgotten_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what the store answered to a write without its own words."""
    return {name: value for name, value in answer.items() if name != "error"}


TABLE: dict[type[Model], Personal] = {
    Order: Personal(
        ("pk",),
        columns={
            "customer_name": "", "customer_number": "", "state_reason": "", "digest": "", "content": forgotten_order,
        },
        rest="currency routing",
    ),
    OrderReference: Personal(
        ("order",),
        drops=Q(kind__in=_NAMING) | Q(kind="purchase_order") & ~Q(order__purchase_orders__number=F("value")),
        rest="kind value normal",
    ),
    PurchaseOrder: Personal(("order",), columns={"content": None, "digest": ""}, rest="ship_to number agreed"),
    PurchaseOrderChange: Personal(
        ("purchase_order__order",), columns={"content": None, "reason": ERASED}, rest="lines state_before actor"
    ),
    OrderAcknowledgment: Personal(
        ("order",), columns={"content": forgotten_document, "number": ""}, rest="lines"
    ),
    Invoice: Personal(
        ("order",),
        columns={"content": forgotten_document, "state_reason": ""},
        rest="about number currency proof",
    ),
    ReturnCase: Personal(
        ("order",),
        columns={"reason": "", "closed_reason": ""},
        rest="number source_key opened_by rma scac tracking_number currency closed_by",
    ),
    ReturnLine: Personal(
        ("case__order",), columns={"comment": ""}, rest="reason wanted disposition response"
    ),
    ReturnDocument: Personal(("case__order",), columns={"told": ""}),
    ReturnFile: Personal(("case__order",), columns={"shows": ERASED, "called": ""}, rest="added_by"),
    Refund: Personal(("order",), columns={"method": ""}, rest="currency decided_by"),
    StoreEffect: Personal(("order",), columns={"answer": forgotten_answer}, rest="marker intended"),
    ExceptionCase: Personal(
        ("order", "purchase_order__order", "return_case__order"),
        ("document",),
        columns={"sentence": ERASED, "evidence": list, "decision_reason": "", "plan": dict},
        rest="cause currency closed_by",
    ),
    OutgoingMail: Personal(
        ("order", "case__order", "case__purchase_order__order", "case__return_case__order"),
        columns={"to": list, "subject": "Erased", "body": ERASED, "error": ""},
        rest="marker message_id",
    ),
    BulkItem: Personal(documents=("document",), columns={"sentence": "", "warnings": list}),
    BulkJob: Personal(  # what was meant may be a search for a name
        documents=("items__document",),
        columns={"scope": ERASED, "warnings": list},
        rest="key reason started_by decided_by decided_because stopped_by stopped_because",
    ),
    Translation: Personal(
        documents=("document",), columns={"content": None, "findings": list, "report": list}
    ),
    DocumentReference: Personal(
        documents=("document",), drops=Q(kind__in=[*_NAMING, "reference"]), rest="kind value normal"
    ),
}  # fmt: skip

COMMENTS = {"text": ERASED}
"""What comments on an order and on what hangs on it are left with; they name it by its subject (``order:7``)."""
COMMENTED = Personal(columns=COMMENTS, rest="subject author_name")


def clear(orders: Sequence[int], using: str = "default") -> None:
    """Clear everything that tells whose ``orders`` (primary keys) were, in the caller's transaction.

    Of their documents that is done whose payload has lost its key: what speaks of others too stays as it is.
    """
    documents = gone_documents(orders, using)
    comments = Comment.objects.using(using).filter(subject__in=_subjects(orders, documents, using))
    comments.update(**COMMENTS)
    for model, personal in TABLE.items():
        rows = _rows(model, personal, orders, documents, using)
        if personal.drops is not None:
            rows.filter(personal.drops).delete()
        _leave(rows, personal.columns)


def gone_documents(orders: Sequence[int], using: str = "default") -> list[int]:
    """Return the documents of ``orders`` whose payload has lost its key."""
    of = Document.objects.using(using).filter(orders__order__in=orders)
    gone = of.filter(interchange__payload__key=None, interchange__payload__key_id="")
    return list(gone.values_list("pk", flat=True).distinct())


def _rows(
    model: type[Model], personal: Personal, orders: Sequence[int], documents: Sequence[int], using: str
) -> QuerySet[Any]:
    wanted = Q(pk=None)
    for paths, keys in ((personal.orders, orders), (personal.documents, documents)):
        for each in paths:
            wanted |= Q(**{f"{each}__in": keys})
    found = model._default_manager.using(using)
    return found.filter(pk__in=found.filter(wanted).order_by().values("pk"))


def _leave(rows: QuerySet[Any], columns: Mapping[str, Any]) -> None:
    plain = {name: value for name, value in columns.items() if not callable(value)}
    plain |= {name: value() for name, value in columns.items() if value in (list, dict)}
    if plain:
        rows.update(**plain)
    for name in columns.keys() - plain.keys():
        for row in rows.only("pk", name).iterator(chunk_size=200):
            rows.filter(pk=row.pk).update(**{name: columns[name](getattr(row, name))})


def _subjects(orders: Sequence[int], documents: Sequence[int], using: str) -> list[str]:
    cases = ExceptionCase.objects.using(using).filter(
        Q(order__in=orders)
        | Q(purchase_order__order__in=orders)
        | Q(return_case__order__in=orders)
        | Q(document__in=documents)
    )
    returns = ReturnCase.objects.using(using).filter(order__in=orders)
    return [
        *(f"order:{pk}" for pk in orders),
        *(f"document:{pk}" for pk in documents),
        *(f"case:{pk}" for pk in cases.values_list("pk", flat=True)),
        *(f"return:{pk}" for pk in returns.values_list("pk", flat=True)),
    ]
