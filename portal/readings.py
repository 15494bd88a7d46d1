"""Who looks at what: each page, list, search, download and export leaves its row before a byte of it leaves.

Two rows, where a page shows the content of a payload: that one is written by ``archive.store`` as the payload is opened, and
says which; this one says which page. What cannot be recorded is not shown: the answer is 503, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.apps import apps
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, resolve

from archive.house import house_language
from archive.models import (
    AccessRecord,
    AuditEntry,
    DisposalCertificate,
    DisposalRun,
    Document,
    Hold,
    Transmission,
)
from archive.store import NotRecorded, fingerprints, record_access
from integration.models import (
    BulkJob,
    Erasure,
    EventDelivery,
    ExceptionCase,
    Expectation,
    Invoice,
    Order,
    OutgoingMail,
    PurchaseOrder,
    Reconciliation,
    ReturnCase,
    Shipment,
    SupplierInvoice,
    Work,
)
from portal.error_pages import unrecorded

Answer = TypeVar("Answer", bound=HttpResponseBase)
Kind = AccessRecord.Kind

SUBJECTS: dict[type[models.Model], str] = {
    Document: "document",
    Transmission: "transmission",
    AccessRecord: "access",
    AuditEntry: "audit",
    BulkJob: "bulk_job",
    DisposalCertificate: "certificate",
    DisposalRun: "disposal",
    Erasure: "erasure",
    EventDelivery: "event_delivery",
    ExceptionCase: "case",
    Expectation: "expectation",
    Hold: "hold",
    Invoice: "invoice",
    Order: "order",
    OutgoingMail: "mail",
    PurchaseOrder: "purchase_order",
    Reconciliation: "reconciliation",
    ReturnCase: "return",
    Shipment: "shipment",
    SupplierInvoice: "supplier_invoice",
    Work: "work_row",
}
"""What lists and pages show of orders, of documents and of people: how a row is named in ``subject`` and ``hits``."""

ALSO = {
    "change_log": "change log",
    "find": "Find",
    "index": "dashboard",
    "integration_routingrule_try_rules": "routing tried with an order",
    "integration_routingrule_what_if": "what a routing rule would change",
    "integration_store_take_over": "orders taken over",
    "partners_agreement_tolerances": "tolerances tried on answers",
    "partners_mappingprofile_rehearse": "mapping rehearsed",
    "partners_mappingprofile_release": "samples of a mapping",
    "partners_mappingprofile_sample": "sample of a mapping",
}
"""Pages of other models, and of none, that show such rows too."""

WORDS = {
    "add": "form for {one}",
    "add_document": "document to be put under {one}",
    "add_file": "file to be added to {one}",
    "again": "{one} to be sent again",
    "arrived": "whether {one} arrived",
    "ask": "reconciliation to be made",
    "change": "page of {one}",
    "changelist": "list of {many}",
    "claim_form": "claim form of {one}",
    "claim_form_pdf": "claim form of {one}, as PDF",
    "comment": "comment on {one}",
    "decide": "decision on {one}",
    "decision": "decision on {one}",
    "delete": "deletion of {one}",
    "download": "download of {one}",
    "due": "what is due for disposal",
    "erase": "erasure of the customer of {one}",
    "file": "file of {one}",
    "history": "history of {one}",
    "import_page": "{many} to be brought in from a file",
    "looking": "who else looks at {one}",
    "many": "decision on several {many}",
    "open": "form for {one}",
    "packing_slip": "packing slip of {one}",
    "packing_slip_pdf": "packing slip of {one}, as PDF",
    "pdf": "{one}, as PDF",
    "read_again": "{one} to be read again",
    "refund": "refund for {one}",
    "release": "{one} to be released",
    "restock": "goods of {one} to be put back in stock",
    "result": "result of {one}",
    "send_again": "{one} to be sent again",
    "send_many": "{many} to be sent again",
    "small_file": "picture of {one}, small",
    "take": "documents to be put on hold",
    "verb": "next step of {one}",
    "withdraw_file": "file of {one} to be withdrawn",
}
"""What is shown, by how its address ends: of one row, with its article, or of many."""

CALLED: dict[type[models.Model], tuple[str, str]] = {
    AccessRecord: ("an entry of the access log", "who looked at what"),
    AuditEntry: ("an entry of the audit log", "who did what"),
    DisposalCertificate: ("a certificate of disposal", "certificates of disposal"),
    EventDelivery: ("the delivery of an event", "events delivered to other systems"),
    ExceptionCase: ("a case", "cases"),
    Expectation: ("something that is due", "what is due"),
    OutgoingMail: ("an e-mail", "e-mails"),
    ReturnCase: ("a return", "returns"),
    Work: ("a piece of work", "work that waits"),
}
"""How one row and many are called, where that is not as the model is."""

_OF_MODEL = {f"{each._meta.app_label}_{each._meta.model_name}_": name for each, name in SUBJECTS.items()}


def shows(url_name: str) -> bool:
    """Say whether the page of that name shows rows of which it is kept who looked at them."""
    return url_name in ALSO or any(url_name.startswith(prefix) for prefix in _OF_MODEL)


FILES = {"evidence": "evidence pack"}
"""Files that pages give out which show no such rows themselves."""


def telling(response: Answer, subjects: Iterable[str]) -> Answer:
    """Say what ``response`` tells of (``order:7``) where its address does not: it is kept with the reading. Return it."""
    response._tells_of = list(dict.fromkeys(subjects))  # type: ignore[attr-defined]
    return response


class ReadingMiddleware:
    """Records what is about to be shown to whom, and shows nothing that it cannot record."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, once it is on record; the answer is whole by then, and nothing of it has left."""
        response = self.get_response(request)
        match = request.resolver_match
        if match is None or "api" in match.app_names:
            return response  # the API records for itself: whose token, which rows
        if not request.user.is_authenticated or not _is_shown(match, response):
            return response
        try:
            record_access(actor=request.user.get_username(), **_reading(request, match, response))
        except NotRecorded:
            _let_go(response)
            return unrecorded(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 503 where a view could not record what it was about to open."""
        return unrecorded(request) if isinstance(exception, NotRecorded) else None


def _let_go(response: HttpResponse) -> None:
    """Close what ``response`` holds open. Its own ``close`` would also say that the request is over, which goes on."""
    for close in response._resource_closers:  # type: ignore[attr-defined]
        close()


def _is_shown(match: ResolverMatch, response: HttpResponse) -> bool:
    name = match.url_name or ""
    if response.status_code == 302:
        return name == "find"  # it leads straight to the one row that is meant
    return response.status_code == 200 and (_is_attached(response) or shows(name))


def _is_attached(response: HttpResponse) -> bool:
    return response.headers.get("Content-Disposition", "").startswith("attachment")


def _reading(request: HttpRequest, match: ResolverMatch, response: HttpResponse) -> dict[str, Any]:
    """Return what the row says of what is shown."""
    name = match.url_name or ""
    prefix = next((each for each in _OF_MODEL if name.startswith(each)), "")
    row = next((match.kwargs[key] for key in ("object_id", "pk") if key in match.kwargs), None)
    subject = f"{_OF_MODEL[prefix]}:{row}"[:60] if prefix and row is not None else ""
    term = " ".join(request.GET.get("q", "").split())
    hits = _hits(response, prefix)
    return {
        "kind": _kind(response, subject, term, hits),
        "subject": subject,
        "hits": hits,
        "term": hashed(term)[0] if term else "",
        "purpose": words_of(name)[:100],
    }


@house_language()
def words_of(name: str) -> str:
    """Return what is shown by the page of that name, in words: ``page of an order``, ``claim form of a return, as PDF``."""
    if name in ALSO or name in FILES:
        return ALSO.get(name) or FILES[name]
    app, model_name, rest = (*name.split("_", 2), "", "")[:3]
    try:
        model = apps.get_model(app, model_name)
    except LookupError:
        return name.replace("_", " ")
    one, many = CALLED.get(model) or _called(model)
    if model not in SUBJECTS:
        return f"{rest.replace('_', ' ')} of {many}"
    return WORDS.get(rest, f"{rest.replace('_', ' ')} of {{one}}").format(one=one, many=many)


def _called(model: type[models.Model]) -> tuple[str, str]:
    one = str(model._meta.verbose_name)
    return f"{'an' if one[0] in 'aeiou' else 'a'} {one}", str(model._meta.verbose_name_plural)


def _kind(response: HttpResponse, subject: str, term: str, hits: list[str]) -> str:
    """Return what kind of thing is shown; a file of many rows is an export, whatever it is written in."""
    if _is_attached(response):
        is_table = response.headers.get("Content-Type", "").startswith("text/csv")
        return Kind.EXPORT if is_table or hits else Kind.DOWNLOAD
    if subject:
        return Kind.PAGE
    return Kind.SEARCH if term else Kind.LIST


def hashed(term: str) -> list[str]:
    """Return how what was looked for is kept, under each store key, the one in use first.

    Whoever knows the words finds who looked for them, and nobody else reads them.
    """
    return fingerprints(f"term:{term.casefold()}".encode())


def _hits(response: HttpResponse, prefix: str) -> list[str]:
    """Return the rows that a list shows, that Find brought or led to, or that a view says it tells of."""
    if (told := getattr(response, "_tells_of", None)) is not None:
        return list(told)
    if response.status_code == 302:
        return _named([response.headers["Location"]])
    context = getattr(response, "context_data", None) or {}
    if "cl" in context and prefix:
        return [f"{_OF_MODEL[prefix]}:{each.pk}" for each in context["cl"].result_list]
    return _named(_addresses(context.get("sections") or ()))


def _addresses(sections: Iterable[Any]) -> Iterator[str]:
    """Yield the addresses of the pages of what Find shows."""
    for section in sections:
        for group in section.groups:
            yield group.url
            yield from (each.url for each in group.documents)
        yield from (each.row.url for each in section.loose)
        yield from (each["url"] for each in section.files)


def _named(addresses: Iterable[str]) -> list[str]:
    """Return the rows whose pages are at ``addresses``."""
    found = {}
    for address in addresses:
        match = resolve(urlsplit(address).path)
        prefix = (match.url_name or "").removesuffix("change")
        if prefix in _OF_MODEL:
            found[f"{_OF_MODEL[prefix]}:{match.kwargs['object_id']}"] = True
    return list(found)
