"""Whose order it is, as a person of the archive, and which payloads speak of that person.

What we write about an order is put under its person's key (``store_interchange``, ``store_file``). What comes in is tied to its
person once it is tied to an order: ``tie`` is the one way to do that, so no document of an order is missed when the
person is to be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable

from archive.models import ACKNOWLEDGMENTS, DataSubject, Direction, Document, Payload
from archive.subjects import hold_key, name_in_store, speaks_of, subject_of
from integration.models import Order, OrderDocument, PurchaseOrder


def person_name(order: Order) -> str:
    """Return what names the person whose order it is; an order that names nobody is a person of its own."""
    store, content = order.store.store_hash, order.content
    email = (content.get("billing_address") or {}).get("email") or ""
    named = name_in_store(store, customer=content.get("customer_id") or 0, email=email)
    return named or f"person:{store}:order:{order.number}"


def person_of(order: Order) -> DataSubject:
    """Return the person whose order it is, with a key to put under, in the caller's transaction.

    Who it is stays as it was told first, so that what is edited later is found with what went before.
    """
    if order.person is None:
        order.person = subject_of(person_name(order))
        Order.objects.filter(pk=order.pk).update(person=order.person)
    else:
        hold_key(order.person)
    return order.person


def tie(
    order: Order, document: Document, role: str, purchase_order: PurchaseOrder | None = None
) -> OrderDocument:
    """Put ``document`` with ``order``, once, and what brought it with the order's person; in the caller's transaction."""
    link, _ = OrderDocument.objects.get_or_create(
        order=order, document=document, defaults={"purchase_order": purchase_order, "role": role}
    )
    _tie_to_person(order, document)
    return link


def tie_anew(order: Order, document: Document, role: str, purchase_order: PurchaseOrder) -> OrderDocument:
    """Put ``document`` with ``order`` as somebody decided: in that role and with that purchase order, whatever was before."""
    link, _ = OrderDocument.objects.update_or_create(
        order=order, document=document, defaults={"purchase_order": purchase_order, "role": role}
    )
    _tie_to_person(order, document)
    return link


def _tie_to_person(order: Order, document: Document) -> None:
    if document.direction == Direction.IN and document.transaction_set not in ACKNOWLEDGMENTS:
        speaks_of(payloads_of([document]), person_of(order))


def tie_file(payload: Payload, order: Order) -> None:
    """Record that a file which is no document speaks of the person of ``order``."""
    speaks_of([payload], person_of(order))


def payloads_of(documents: Iterable[Document]) -> list[Payload]:
    """Return the payloads that hold ``documents``: of each its interchange's, and the file's that brought it."""
    found = {}
    for document in documents:
        interchange = document.interchange
        brought = interchange.transmission.payload if interchange.transmission else interchange.payload
        for payload in (interchange.payload, brought):
            found[payload.pk] = payload
    return list(found.values())
