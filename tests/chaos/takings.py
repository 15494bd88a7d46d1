"""Ways by which what is kept here is taken out: files, packs, lists as files, and all that the API reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from archive.models import Document, Transmission
from integration import tasks
from integration.models import (
    BulkJob,
    ExceptionCase,
    Invoice,
    Order,
    PurchaseOrder,
    Reconciliation,
    ReturnCase,
    Shipment,
    SupplierInvoice,
)
from portal.admin.show import list_url
from portal.api.resources import RESOURCES
from tests.portal.api.test_actions import posted
from tests.portal.api.test_reading import ROOT

WHY = "For the auditor, file 12."
NAMED: dict[str, tuple[str, type[Model]]] = {
    "documents": ("document", Document),
    "orders": ("order", Order),
    "purchase_orders": ("purchase_order", PurchaseOrder),
    "purchase_order_lines": ("purchase_order", PurchaseOrder),
    "acknowledgment_lines": ("purchase_order", PurchaseOrder),
    "shipments": ("shipment", Shipment),
    "invoices": ("invoice", Invoice),
    "supplier_invoices": ("supplier_invoice", SupplierInvoice),
    "returns": ("return", ReturnCase),
    "return_lines": ("return", ReturnCase),
    "cases": ("case", ExceptionCase),
    "reconciliations": ("reconciliation", Reconciliation),
}
"""What rows of the API's lists tell of, typed by hand; the other lists tell of no order, document or person."""


@dataclass(frozen=True)
class Taking:
    """One way: how it is asked for, and what the one row about it has to say.

    ``opened``: whether payloads are opened for it too, each with a row of its own. A taking of the kind ``content`` has that row
    alone. ``by_api`` says how it is refused.
    """

    what: str
    ask: Callable[[], Any]
    kind: str
    subject: str = ""
    hits: frozenset[str] = field(default_factory=frozenset)
    opened: bool = False
    by_api: bool = False


def takings(made: PurchaseOrder, staff: Client, token: Client) -> list[Taking]:
    """Return every way by which something of the world around ``made`` is taken, by ``staff`` and by ``token``."""
    return [*_files(made, staff), *_packs(made, staff), *_tables(staff), *by_api(token), *_exports(token)]


def _named(kind: str, rows: Iterable[int]) -> frozenset[str]:
    return frozenset(f"{kind}:{pk}" for pk in rows)


def _files(made: PurchaseOrder, staff: Client) -> Iterator[Taking]:
    document = made.order.documents.order_by("pk")[0].document
    file = Transmission.objects.order_by("pk")[0]
    for row in (document, file):
        path = reverse(f"admin:archive_{row._meta.model_name}_download", args=[row.pk])
        subject = f"{row._meta.model_name}:{row.pk}"
        yield Taking(f"file of {subject}", _get(staff, path), "download", subject, opened=True)
    shipment = Shipment.objects.order_by("pk")[0]
    path = reverse("admin:integration_shipment_packing_slip_pdf", args=[shipment.pk, "a4"])
    yield Taking("packing slip", _get(staff, path), "download", f"shipment:{shipment.pk}")
    case = ReturnCase.objects.order_by("pk")[0]
    path = reverse("admin:integration_returncase_claim_form_pdf", args=[case.pk, "a4"])
    yield Taking("claim form", _get(staff, path), "download", f"return:{case.pk}")


def _packs(made: PurchaseOrder, staff: Client) -> Iterator[Taking]:
    order = made.order
    case = order.returns.order_by("pk")[0]
    partner, documents = made.agreement.partner, list(order.documents.values_list("document", flat=True))
    about = [*(f"case:{each.pk}" for each in order.cases.all()), f"return:{case.pk}"]
    day = order.documents.order_by("pk")[0].document.recorded_at.date().isoformat()
    sent = order.documents.get(role="purchase_order").document_id
    of_return = {*case.documents.values_list("document", flat=True), sent}
    partners = partner.archived_documents.values_list("pk", flat=True)
    for what, said, told in (
        ("an order", {"kind": "order", "text": str(order.number), "row": order.pk}, _named("document", documents) | {order.subject, *about}),
        ("a return", {"kind": "return", "text": case.number}, _named("document", of_return) | {case.subject}),
        ("a partner", {"kind": "partner", "partner": partner.pk, "first": day, "last": day}, _named("document", partners)),
    ):  # fmt: skip
        ask = _post(staff, reverse("evidence"), {"text": "", "reason": WHY, **said})
        yield Taking(f"pack of {what}", ask, "export", hits=told, opened=True)


def _tables(staff: Client) -> Iterator[Taking]:
    for name in ("itemcrossreference", "codelist"):
        path = reverse(f"admin:partners_{name}_export_file")
        yield Taking(f"table of {name}", _get(staff, path), "export")
    job = BulkJob.objects.order_by("pk")[0]
    hits = _named("document", job.items.values_list("document", flat=True))
    path = reverse("admin:integration_bulkjob_result", args=[job.pk])
    yield Taking("table of a bulk job", _get(staff, path), "export", f"bulk_job:{job.pk}", hits)
    slips = list(Shipment.objects.order_by("pk"))
    chosen = {"action": "slips_on_a4", "_selected_action": [each.pk for each in slips]}
    ask = _post(staff, list_url(Shipment), chosen)
    yield Taking("many packing slips", ask, "export", hits=_named("shipment", (each.pk for each in slips)))


def by_api(token: Client) -> Iterator[Taking]:
    """Yield all that the API reads."""
    for resource in RESOURCES:
        path, name = f"{ROOT}/{resource.path}/", resource.name
        rows = list(resource.rows())
        kind, model = NAMED.get(name, ("", Document))
        told = (
            _named(kind, model._default_manager.values_list("pk", flat=True))
            if kind and rows
            else frozenset()
        )
        yield Taking(f"list of {name}", _get(token, path), "list", hits=told, by_api=True)
        for file in ("csv", "ndjson"):
            ask = _get(token, path, {"format": file})
            yield Taking(f"{file} of {name}", ask, "export", hits=told, by_api=True)
        if rows and not resource.within:
            subject = f"{kind}:{rows[0].pk}" if kind else ""
            ask = _get(token, f"{path}{rows[0].pk}/")
            yield Taking(f"row of {name}", ask, "page", subject, by_api=True)
    for what, kind in (("", "list"), ("csv", "export"), ("ndjson", "export")):
        ask = _get(token, f"{ROOT}/scorecards/", {"format": what} if what else {})
        yield Taking(f"scorecards as {what}", ask, kind, by_api=True)
    document = Document.objects.filter(translation__content__isnull=False).order_by("pk")[0]
    yield Taking("bytes", _get(token, f"{ROOT}/documents/{document.pk}/raw/"), "content", by_api=True)
    ask = _get(token, f"{ROOT}/documents/{document.pk}/content/")
    yield Taking("content", ask, "content", document.subject, by_api=True)
    case = ExceptionCase.objects.order_by("pk")[0]
    ask = _get(token, f"{ROOT}/cases/{case.pk}/decisions/")
    yield Taking("decisions", ask, "page", case.subject, by_api=True)


def _exports(token: Client) -> Iterator[Taking]:
    for name, file in (("documents", "csv"), ("orders", "ndjson")):
        status, told = posted(token, "exports", {"resource": name, "format": file}, uuid4().hex)
        assert status == 202, told
        while tasks.drain("exports"):
            pass
        for packed in ("identity", "gzip"):
            ask = _get(token, f"{ROOT}/exports/{told['id']}/file/", headers={"Accept-Encoding": packed})
            yield Taking(
                f"export of {name}, {packed}", ask, "export", f"api_export:{told['id']}", by_api=True
            )


def _get(client: Client, path: str, query: dict[str, str] | None = None, **said: Any) -> Callable[[], Any]:
    return lambda: client.get(path, query or {}, **said)


def _post(client: Client, path: str, said: dict[str, Any]) -> Callable[[], Any]:
    return lambda: client.post(path, said)
