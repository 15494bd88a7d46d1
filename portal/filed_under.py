"""Under which names (``order:7``, ``mail:3``) it is filed what happened to something, who decided it, and who read of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import Model, Q

from archive.models import AccessRecord, Document, Interchange, Transmission
from integration.models import (
    ExceptionCase,
    Expectation,
    Invoice,
    Order,
    OutgoingMail,
    PurchaseOrder,
    ReturnCase,
    Shipment,
    StoreEffect,
    SupplierInvoice,
)
from portal.admin.subjects import STEP_SUBJECTS
from portal.readings import SUBJECTS

_CALLED: dict[type[Model], str] = {**SUBJECTS, StoreEffect: "effect"}
_SHOWN = frozenset(SUBJECTS.values())
"""What kinds of rows lists, searches and exports name."""
_FEW = 100
"""Names that are looked up in the index one by one. With more, reading every list once is less than comparing it with each."""
_ALL_THAT_SHOWED = """
SELECT id FROM archive_accessrecord
WHERE kind IN ('list', 'search', 'export')
  AND EXISTS (SELECT FROM jsonb_array_elements_text(hits) AS hit(name) WHERE hit.name = ANY(%s))
"""
_KEPT_EXPORT = "api_export:"
Kind = AccessRecord.Kind

_OF_ORDER: tuple[tuple[type[Model], str], ...] = (
    (Document, "orders__order"),
    (PurchaseOrder, "order"),
    (Shipment, "order"),
    (ReturnCase, "order"),
    (Invoice, "order"),
    (SupplierInvoice, "parts__purchase_order__order"),
    (ExceptionCase, "order"),
    (OutgoingMail, "order"),
    (OutgoingMail, "case__order"),
    (Expectation, "purchase_order__order"),
    (Expectation, "return_case__order"),
    (StoreEffect, "order"),
)
_OF_RETURN: tuple[tuple[type[Model], str], ...] = (
    (ExceptionCase, "return_case"),
    (OutgoingMail, "case__return_case"),
    (Expectation, "return_case"),
    (StoreEffect, "refund__case"),
)
_OF_DOCUMENTS: tuple[tuple[type[Model], str], ...] = (
    (Shipment, "document__in"),
    (SupplierInvoice, "document__in"),
    (Invoice, "copies__document__in"),
    (Expectation, "document__in"),
)


def of_order(order: Order) -> list[str]:
    """Return the names of ``order`` and of all that hangs on it: documents, purchase orders, shipments, returns, invoices,
    cases, mails, what is due, and what is written to the store."""
    return [order.subject, f"order_number:{order.store_id}:{order.number}", *_all(_OF_ORDER, order)]


def of_return(case: ReturnCase) -> list[str]:
    """Return the names of a return, of its cases and their mails, of what is due, and of its refunds in the store."""
    return [case.subject, *_all(_OF_RETURN, case)]


def told_on_order(case: ReturnCase) -> Q:
    """Return the condition on events that tell of a return on the timeline of its order."""
    # Not by how it begins: R-100 is no part of R-1001.
    spoken_of = rf"eturn {_plain(case.number)}(?![0-9])"
    return Q(subject=case.order.subject, kind__startswith="return", sentence__regex=spoken_of)


def of_documents(documents: Collection[int], files: Collection[int]) -> list[str]:
    """Return the names of what ``documents`` and the ``files`` that brought or took them (primary keys) are filed under: their
    own, and those of what was made of them, of their cases, and of the mails about these.

    Of a file that brought other documents too, only what is said of the whole file.
    """
    cases = ExceptionCase.objects.filter(document__in=documents).values_list("pk", flat=True)
    of_files = ExceptionCase.objects.filter(transmission__in=files).filter(
        Q(document=None) | Q(document__in=documents)
    )
    asked = {*cases, *of_files.values_list("pk", flat=True)}
    carried = Interchange.objects.filter(documents__in=documents).values_list("pk", flat=True)
    return [
        *(f"{_CALLED[Document]}:{pk}" for pk in sorted(documents)),
        *(f"{_CALLED[Transmission]}:{pk}" for pk in sorted(files)),
        *(f"interchange:{pk}" for pk in sorted(set(carried))),
        *_all(_OF_DOCUMENTS, list(documents)),
        *(f"{_CALLED[ExceptionCase]}:{pk}" for pk in sorted(asked)),
        *_all(((OutgoingMail, "case__in"),), list(asked)),
    ]


def of_work_on(names: Iterable[str]) -> list[str]:
    """Return the names of work on what ``names`` name (``work:match:3``): somebody may have let it go on."""
    steps: dict[str, list[str]] = {}
    for step, kind in STEP_SUBJECTS.items():
        steps.setdefault(kind, []).append(step)
    split = (each.partition(":") for each in names)
    return [f"work:{step}:{key}" for kind, _, key in split for step in steps.get(kind, ())]


def readings_of(subject: str) -> Q:
    """Return the condition that a row says somebody read of ``subject`` (``order:7``, ``document:3``).

    Of an order that is what hangs on it too: its purchase orders, documents, shipments, returns, invoices, cases and mails.
    """
    kind, _, key = subject.partition(":")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return Q(pk=None)
    names, documents = [subject], Document.objects.none()
    if kind == "document":
        documents = Document.objects.filter(pk=int(key))
    order = Order.objects.filter(pk=int(key)).defer("content").first() if kind == "order" else None
    if order is not None:
        documents = Document.objects.filter(orders__order=order)
        names = of_order(order)
    carried = Interchange.objects.filter(documents__in=documents)
    paths = ("payload", "transmission__payload")
    payloads = {pk for path in paths for pk in carried.values_list(path, flat=True) if pk is not None}
    return readings_about(names, payloads)


def readings_about(names: Collection[str], payloads: Collection[int]) -> Q:
    """Return the condition that a row says somebody read the content of ``payloads`` or anything that ``names`` name: a page or
    file of it, or a list, search or export that showed it. Whoever took an export read what was written into it."""
    told = _that_showed(names)
    return Q(payload__in=payloads) | Q(subject__in=names) | told | Q(subject__in=_exports_with(told), hits=[])


def _exports_with(told: Q) -> list[str]:
    """Return the exports into which was written what ``told`` looks for."""
    # By the index of hits alone: that of subjects would lead to every part of every export.
    kept = AccessRecord.objects.filter(told).exclude(subject="").values_list("subject", flat=True).distinct()
    return [subject for subject in kept if subject.startswith(_KEPT_EXPORT)]


def _that_showed(names: Iterable[str]) -> Q:
    """Return the condition that a row is a list, search or export among whose ``hits`` one of ``names`` is."""
    asked = [each for each in names if each.partition(":")[0] in _SHOWN]
    if len(asked) > _FEW:
        with connection.cursor() as cursor:
            cursor.execute(_ALL_THAT_SHOWED, [asked])
            return Q(pk__in=[pk for (pk,) in cursor.fetchall()])
    found = Q(pk=None)
    for each in asked:
        found |= Q(kind__in=[Kind.LIST, Kind.SEARCH, Kind.EXPORT], hits__contains=[each])
    return found


def _all(kinds: Iterable[tuple[type[Model], str]], wanted: Any) -> list[str]:
    """Return the names of the rows of each model whose lookup is ``wanted``, each once."""
    found: dict[str, None] = {}
    for model, lookup in kinds:
        rows = model._default_manager.filter(**{lookup: wanted}).order_by("pk")
        found |= dict.fromkeys(f"{_CALLED[model]}:{pk}" for pk in rows.values_list("pk", flat=True))
    return list(found)


def _plain(words: str) -> str:
    """Return ``words`` for PostgreSQL's regular expressions, where they mean themselves."""
    return "".join(each if each.isalnum() else f"\\{each}" for each in words)
