"""Sending a purchase order again: what it would do and what the partner said already, then the button."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from archive.models import Direction, Document
from integration.flows import decide
from integration.flows.decide import Refused
from integration.flows.generate import SET
from integration.flows.resubmit import plan_resubmit, resubmit
from portal.admin.base import GridAdmin
from portal.admin.documents_table import document_words
from portal.admin.show import page_url
from portal.admin.verbs import ReasonForm, person, require


def may_be_sent_again(document: Document, request: HttpRequest) -> bool:
    """Say whether the document's page offers to send it again; what speaks against it is said on the next page."""
    is_ours = document.direction == Direction.OUT and document.transaction_set == SET
    return is_ours and person(request).has_perm(decide.DECIDE)


def resubmission_page(shown_by: GridAdmin, request: HttpRequest, document: Document) -> HttpResponse:
    """Show what sending again would do; on POST do it as it was shown, and go to the new document."""
    user = require(request, decide.DECIDE)
    reason = ReasonForm(request.POST if request.method == "POST" else None)
    key = request.POST.get("key") or uuid4().hex
    if request.method == "POST" and reason.is_valid():
        try:
            again = resubmit(
                user, document, reason.cleaned_data["reason"], request.POST.get("digest", ""), key[:64]
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"It is sent again as interchange {again.interchange.control_number}.")
            return HttpResponseRedirect(page_url(again))
    try:
        plan = plan_resubmit(document)
    except Refused as refusal:
        if request.method != "POST":
            messages.error(request, str(refusal))
        return HttpResponseRedirect(page_url(document))
    context = {
        "title": f"{document_words(document)}: send again",
        "plan": plan,
        "key": key,
        "form": reason,
        "cancel_url": page_url(document),
    }
    return shown_by.page(request, document, "portal/resubmission.html", context)
