"""Sending many documents again: which are meant, what it would do, and the button that begins it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from archive.house import house_language
from archive.models import Document
from integration.flows import decide
from integration.flows.bulk import WHICH_WORDS, Which, plan_bulk, start_bulk
from integration.flows.decide import Refused
from portal.access import seen
from portal.admin.base import GridAdmin, filter_menus
from portal.admin.resend_forms import ResendForm
from portal.admin.show import list_url, page_url
from portal.admin.verbs import require


@dataclass(frozen=True)
class Choice:
    """The documents that somebody chose, and which they are in words."""

    rows: QuerySet[Document]
    words: str


def address_for(request: HttpRequest, chosen: QuerySet[Document]) -> str:
    """Return the address of the page for what was chosen in the list: its rows, or all that its filter shows."""
    if request.POST.get("select_across") == "1":
        asked = {"filter": request.GET.urlencode()}
    else:
        asked = {"ids": ",".join(str(pk) for pk in sorted(chosen.values_list("pk", flat=True)))}
    return f"{reverse('admin:archive_document_send_many')}?{urlencode(asked)}"


def bulk_page(shown_by: GridAdmin, request: HttpRequest) -> HttpResponse:
    """Show what sending the chosen documents again would do; on POST begin it as it was shown, and go to the job."""
    user = require(request, decide.RESUBMIT_BULK)
    choice = _choice(shown_by, request)
    asked = request.GET.get("which", "")
    which = Which(asked) if asked in set(Which) else Which.FAILED
    reason = ResendForm(request.POST if request.method == "POST" else None)
    key = (request.POST.get("key") or uuid4().hex)[:64]
    if request.method == "POST" and reason.is_valid():
        with house_language():
            scope = f"{_choice(shown_by, request).words}. {WHICH_WORDS[which]}"
        try:
            job = start_bulk(
                user,
                choice.rows,
                reason.words,
                request.POST.get("digest", ""),
                key,
                scope=scope,
                which=which,
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            return HttpResponseRedirect(page_url(job))
    try:
        plan = plan_bulk(choice.rows, which=which)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(list_url(Document, request.GET.get("filter", "")))
    context = {
        "title": gettext("Send many again"),
        "plan": plan,
        "scope": choice.words,
        "alone": settings.BULK_ALONE,
        "scopes": [(WHICH_WORDS[each], _with(request, each), each == which) for each in Which],
        "key": key,
        "form": reason,
        "cancel_url": list_url(Document, request.GET.get("filter", "")),
    }
    return shown_by.page(request, None, "portal/bulk_plan.html", context)


def _choice(shown_by: GridAdmin, request: HttpRequest) -> Choice:
    if "filter" in request.GET:
        return _filtered(shown_by, request, request.GET["filter"])
    given = [
        pk for pk in request.GET.get("ids", "").split(",") if pk.isascii() and pk.isdigit() and len(pk) < 19
    ]
    pks = {int(pk) for pk in given[: settings.BULK_LIMIT + 1]}
    words = (
        gettext("One document, chosen one by one")
        if len(pks) == 1
        else gettext("%(number)s documents, chosen one by one") % {"number": len(pks)}
    )
    return Choice(seen(Document.objects.filter(pk__in=pks)), words)


def _filtered(shown_by: GridAdmin, request: HttpRequest, query: str) -> Choice:
    """Return what the list of documents shows under ``query``."""
    asked = copy.copy(request)
    asked.GET = QueryDict(query)
    try:
        listed = shown_by.get_changelist_instance(asked)
    except IncorrectLookupParameters:
        return Choice(Document.objects.none(), "")
    found = Document.objects.filter(pk__in=listed.get_queryset(asked).order_by().values("pk"))
    chosen = [f"{menu.title}: {menu.chosen}" for menu in filter_menus(listed) if menu.is_set]
    if listed.query:
        chosen.append(gettext("search: “%(query)s”") % {"query": listed.query})
    return Choice(
        found,
        gettext("All documents of the list (%(chosen)s)")
        % {"chosen": ", ".join(chosen) or gettext("no filter")},
    )


def _with(request: HttpRequest, which: Which) -> str:
    query = request.GET.copy()
    query["which"] = which
    return f"?{query.urlencode()}"
