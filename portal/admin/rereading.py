"""Reading something received again: what that would change, then the button that does exactly that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from archive.models import Direction, Document, Transmission
from integration.flows import decide
from integration.flows.decide import Refused
from integration.flows.reprocess import ReadingPlan, plan_reprocess, reprocess
from integration.flows.reread import KEPT, has_unread, plan_reread, repeats_a_number, reread
from integration.models import ExceptionCase
from portal.admin.base import GridAdmin
from portal.admin.documents_table import document_words
from portal.admin.show import page_url
from portal.admin.verbs import ReasonForm, person, require

Kind = ExceptionCase.Kind
_OF_DOCUMENTS = (
    Kind.UNREADABLE,
    Kind.ACKNOWLEDGMENT_DIFFERS,
    Kind.UNKNOWN_PURCHASE_ORDER,
    Kind.UNMATCHED,
)


@dataclass(frozen=True)
class Reading:
    """What is read again: the row whose page leads there, its name, and the two halves of the verb."""

    row: Document | Transmission
    words: str
    plan: Callable[[User], ReadingPlan]
    carry_out: Callable[[User, str, str, str], None]
    restart_choice: bool = False


def document_may_be_read_again(document: Document, request: HttpRequest) -> bool:
    """Say whether the document's page offers it; what speaks against it is said on the next page."""
    return document.direction == Direction.IN and person(request).has_perm(decide.DECIDE)


def file_may_be_read_again(transmission: Transmission, request: HttpRequest) -> bool:
    """Say whether the file's page offers it: something in it was kept and not read."""
    return person(request).has_perm(decide.DECIDE) and has_unread(transmission)


def links(case: ExceptionCase) -> list[dict[str, str]]:
    """Return what an open ``case`` about something received offers: to read that again, when the cause is mended."""
    if case.closed_at is not None:
        return []
    if case.document is not None and case.document.direction == Direction.IN and case.kind in _OF_DOCUMENTS:
        url = reverse("admin:archive_document_read_again", args=[case.document.pk])
        help_text = gettext(
            "After a code list, the agreement or Gridport was mended: see first what would change."
        )
        return [{"words": gettext("Read the document again"), "help": help_text, "url": url}]
    if case.transmission is None or case.document is not None or case.kind not in KEPT:
        return []
    url = reverse("admin:archive_transmission_read_again", args=[case.transmission.pk])
    if case.kind != Kind.DUPLICATE:
        help_text = gettext(
            "After the partnership, the agreement or Gridport was mended: see first what it holds."
        )
        return [{"words": gettext("Read the file again"), "help": help_text, "url": url}]
    return [
        {
            "words": gettext("The partner restarted his numbers"),
            "help": gettext("The file is read, and from it on his control numbers count anew."),
            "url": f"{url}?restarted=yes",
        },
        {
            "words": gettext("Read it all the same"),
            "help": gettext("This file alone: he used the number by mistake."),
            "url": url,
        },
    ]


def of_document(document: Document) -> Reading:
    """Return a document as something to be read again."""
    return Reading(
        document,
        document_words(document),
        lambda user: plan_reprocess(user, document),
        lambda user, reason, digest, key: reprocess(user, document, reason, digest, key),
    )


def of_file(transmission: Transmission, request: HttpRequest) -> Reading:
    """Return a file as something to be read again, as the page's address says."""
    restarted = request.GET.get("restarted") == "yes"
    return Reading(
        transmission,
        str(transmission),
        lambda user: plan_reread(user, transmission, restarted=restarted),
        lambda user, reason, digest, key: reread(
            user, transmission, reason, digest, key, restarted=restarted
        ),
        restart_choice=repeats_a_number(transmission),
    )


def reading_page(shown_by: GridAdmin, request: HttpRequest, reading: Reading) -> HttpResponse:
    """Show what reading again would do; on POST do it as it was shown, and go back to what was read."""
    user = require(request, decide.DECIDE)
    reason = ReasonForm(request.POST if request.method == "POST" else None)
    key = (request.POST.get("key") or uuid4().hex)[:64]
    back = HttpResponseRedirect(page_url(reading.row))
    if request.method == "POST" and reason.is_valid():
        try:
            reading.carry_out(user, reason.cleaned_data["reason"], request.POST.get("digest", ""), key)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, gettext("It was read again."))
            return back
    try:
        plan = reading.plan(user)
    except Refused as refusal:
        if request.method != "POST":
            messages.error(request, str(refusal))
        return back
    context = {
        "title": gettext("%(words)s: read again") % {"words": reading.words},
        "plan": plan,
        "key": key,
        "form": reason,
        "restart_choice": reading.restart_choice,
        "restarted": request.GET.get("restarted") == "yes",
        "cancel_url": page_url(reading.row),
    }
    return shown_by.page(request, reading.row, "portal/reading.html", context)
