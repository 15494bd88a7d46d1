"""Find: one box for every number and name, and one page for what it brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from archive.models import Document, Transmission
from archive.search import KINDS, Hit
from integration.models import ExceptionCase, Order
from integration.search import Found, FoundDocument, FoundOrder, Part, Scope, find
from portal.access import reach_of
from portal.admin.base import Crumb
from portal.admin.documents_table import DocumentRow, document_rows
from portal.admin.files import result_badge
from portal.admin.narrowing import Narrowing
from portal.admin.saved_searches import SaveForm, offered, remove, save
from portal.admin.show import and_more, list_url, money, order_badge, page_url
from portal.admin.verbs import person

MOST_MATCHES = 4
OF_ORDERS = ("order", "purchase_order", "sku", "upc", "vendor_item", "customer", "email", "partner")
OF_DOCUMENTS = (
    "purchase_order", "order", "vendor_order", "control_number", "group_control_number", "set_control_number",
    "invoice", "shipment", "rma", "tracking", "sscc", "reference", "sku", "vendor_item", "upc", "item", "partner",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """One order: its row, what matched, and its documents."""

    order: Order
    url: str
    badge: SafeString
    total: str
    partners: str
    numbers: list[str]
    matches: str
    documents: list[DocumentRow]
    further: int


@dataclass(frozen=True)
class Loose:
    """One document of no order, or of several."""

    row: DocumentRow
    matches: str


@dataclass(frozen=True)
class Section:
    """What matches exactly, or what begins with the term, under its heading."""

    key: str
    heading: str
    groups: list[Group]
    loose: list[Loose]
    files: list[dict[str, Any]]


def find_page(request: HttpRequest) -> HttpResponse:
    """Show what matches ``q``; go straight to the one order or document whose number it is."""
    if not may_find(request):
        raise PermissionDenied
    text = " ".join(request.GET.get("q", "").split())
    narrowing = Narrowing.of(text, request.GET)
    scope = replace(_scope(request), narrowed=narrowing.documents)
    found = find(text, scope, request.GET.get("after", "")) if text else None
    if found is not None and found.straight is not None:
        return HttpResponseRedirect(page_url(found.straight))
    address = reverse("find")
    crumbs = [Crumb(gettext("Find"), address), Crumb(f"“{text}”")] if text else [Crumb(gettext("Find"))]
    request.current_app = admin.site.name
    context = {
        **admin.site.each_context(request),
        "title": gettext("Find “%(text)s”") % {"text": text} if text else gettext("Find"),
        "crumbs": crumbs,
        "term": text,
        "looked_among": _looked_among(scope),
        "elsewhere": _elsewhere(request, text),
        "narrowing": narrowing if scope.documents else None,
        "saved_searches": offered(person(request), narrowing.query),
        "save_form": SaveForm(initial={"query": narrowing.query}) if narrowing.query else None,
    }
    if found is not None:
        context |= {
            "sections": _sections(found, text),
            "count": _count(found),
            "first_url": f"{address}?{narrowing.query}" if request.GET.get("after") else "",
            "next_url": f"{address}?{narrowing.query}&{urlencode({'after': found.after})}"
            if found.after
            else "",
        }
    return TemplateResponse(request, "portal/find.html", context)


def save_search(request: HttpRequest) -> HttpResponse:
    """Keep the search that is posted."""
    return save(request, may_find(request))


def remove_search(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a search of one's own."""
    return remove(request, pk, may_find(request))


def may_find(request: HttpRequest) -> bool:
    """Say whether there is anything that the user may look for."""
    scope = _scope(request)
    return scope.orders or scope.documents or scope.files


def may_look(request: HttpRequest, model: type[Model]) -> bool:
    """Say whether the user may look at rows of ``model``."""
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def _scope(request: HttpRequest) -> Scope:
    return Scope(
        orders=may_look(request, Order),
        documents=may_look(request, Document),
        files=may_look(request, Transmission),
        reach=reach_of(person(request)),
    )


def _sections(found: Found, text: str) -> list[Section]:
    parts = (
        ("exact", f"Matches “{text}”", found.exact),
        ("longer", gettext("Begins with “%(text)s”") % {"text": text}, found.longer),
    )
    return [_section(key, heading, part) for key, heading, part in parts if part]


def _section(key: str, heading: str, part: Part) -> Section:
    return Section(
        key,
        heading,
        [_group(each) for each in part.orders],
        [_loose(each) for each in part.documents],
        [{"row": row, "url": page_url(row), "badge": result_badge(row)} for row in part.files],
    )


def _group(found: FoundOrder) -> Group:
    order = found.order
    partners = dict.fromkeys(each.agreement.partner.name for each in found.purchase_orders)
    return Group(
        order=order,
        url=page_url(order),
        badge=order_badge(order),
        total=money(order.total, order.currency),
        partners=", ".join(partners),
        numbers=[each.number for each in found.purchase_orders],
        matches=_matches(found.matches),
        documents=document_rows(found.documents),
        further=found.document_count - len(found.documents),
    )


def _loose(found: FoundDocument) -> Loose:
    [row] = document_rows([found.document])
    return Loose(row, _matches(found.matches))


def _matches(hits: Sequence[Hit]) -> str:
    """Return what matched as words: ``Purchase order 1042-1, SKU FS-1 and 3 more``."""
    told = [f"{KINDS[hit.kind].words} {hit.value}" for hit in hits[:MOST_MATCHES]]
    words = ", ".join(told)
    further = len(hits) - len(told)
    return and_more(words[:1].upper() + words[1:], further)


def _count(found: Found) -> str:
    """Return how much matches, on all pages."""
    if found.is_more:
        return gettext("%(count)s+ orders and documents match") % {"count": f"{found.count:,}"}
    return (
        gettext("%(count)s orders and documents match") % {"count": f"{found.count:,}"}
        if found.count > 1
        else ""
    )


def _looked_among(scope: Scope) -> list[str]:
    """Return what the user's searches look among, in the plural."""
    kinds = [*(OF_ORDERS if scope.orders else ()), *(OF_DOCUMENTS if scope.documents else ())]
    words = [str(_PLURALS.get(kind) or f"{KINDS[kind].words}s") for kind in dict.fromkeys(kinds)]
    return [*words, gettext("files' names")] if scope.files else words


_PLURALS = {
    "email": gettext_lazy("customers' e-mail addresses"),
    "rma": gettext_lazy("return authorizations (RMA)"),
    "sscc": gettext_lazy("carton labels (SSCC)"),
    "vendor_item": gettext_lazy("vendors' items"),
    "vendor_order": gettext_lazy("partners' own order numbers"),
}


def _elsewhere(request: HttpRequest, text: str) -> list[Crumb]:
    """Return where else to look for ``text``."""
    query = urlencode({"q": text})
    tries = [
        Crumb(gettext("Look among the cases' words"), list_url(ExceptionCase, f"{query}&cases=all")),
        Crumb(gettext("All orders"), list_url(Order)),
        Crumb(gettext("All documents"), list_url(Document)),
    ]
    models = (ExceptionCase, Order, Document)
    return [each for each, model in zip(tries, models, strict=True) if may_look(request, model)]
