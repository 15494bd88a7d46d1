"""Sending a document again: what the partner said already, what would go out, then the button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from archive.models import Direction, Document, DocumentState, TransmissionOutcome, document_name
from integration.flows import decide
from integration.flows.decide import Refused
from integration.flows.resubmit import Content, ResubmitPlan, plan_resubmit, resubmit
from integration.flows.written_again import may_be_rebuilt
from integration.x12.tables import find_table
from partners.guides_in_use import guide_for, guide_words
from portal.admin.base import GridAdmin
from portal.admin.content import READ_CONTENT
from portal.admin.documents_table import document_words
from portal.admin.resend_forms import ResendForm
from portal.admin.show import acknowledgment_badge, page_url
from portal.admin.verbs import person, require


@dataclass(frozen=True)
class Choice:
    """One thing that can be sent: its plan, or the ``problem`` that keeps it from being sent."""

    value: str
    words: str
    plan: ResubmitPlan | None
    problem: str = ""
    chosen: bool = False


def may_be_sent_again(document: Document, request: HttpRequest) -> bool:
    """Say whether the document's page offers to send it again; what speaks against it is said on the next page."""
    is_ours = document.direction == Direction.OUT and document.agreement_id is not None
    is_set = is_ours and find_table(document.transaction_set, document.version) is not None
    return is_set and person(request).has_perm(decide.RESUBMIT)


def resubmission_page(shown_by: GridAdmin, request: HttpRequest, document: Document) -> HttpResponse:
    """Show what sending again would do; on POST do it as it was shown, and go to the new document."""
    user = require(request, decide.RESUBMIT)
    posted = request.POST if request.method == "POST" else None
    form = ResendForm(posted)
    given = request.POST
    wanted = given.get("content", "")
    key = (given.get("key") or uuid4().hex)[:64]
    if posted is not None and form.is_valid():
        try:
            again = resubmit(
                user,
                document,
                form.words,
                given.get(f"digest_{wanted}", ""),
                key,
                content=Content(wanted) if wanted in set(Content) else None,
                confirmed=given.get("confirmed") == "yes",
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("It is sent again as interchange %s.") % again.interchange.control_number
            )
            return HttpResponseRedirect(page_url(again))
    try:
        choices = _choices(document, wanted)
    except Refused as refusal:
        if posted is None:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(page_url(document))
    context = {
        "title": _("%s: send again") % document_words(document),
        "heading": _("Send %s again?") % _called(document),
        "document": document,
        "plan": next(each.plan for each in choices if each.plan is not None),
        "choices": choices,
        "facts": _facts(document),
        "may_read": user.has_perm(READ_CONTENT),
        "confirmed": given.get("confirmed") == "yes",
        "key": key,
        "form": form,
        "cancel_url": page_url(document),
    }
    return shown_by.page(request, document, "portal/resubmission.html", context)


def _called(document: Document) -> str:
    """Return ``purchase order (850) for order 1042``, or what the document is called where it belongs to no order."""
    link = document.orders.select_related("order").defer("order__content").first()
    if link is None:
        return document_words(document)
    name = document_name(document.transaction_set)
    return _("%(set)s for order %(number)s") % {
        "set": name[:1].lower() + name[1:],
        "number": link.order.number,
    }


def _choices(document: Document, wanted: str) -> list[Choice]:
    """Return what can be sent, the one first that holds unless somebody says otherwise. Raises ``Refused`` for none.

    Where both say the same there is nothing to choose.
    """
    same = _choice(document, Content.SAME, _("The same content, segment for segment"))
    if not may_be_rebuilt(document):
        return _chosen([same], wanted)
    used = (
        guide_for(document.agreement, document.transaction_set, document.direction, document.version)
        if document.agreement
        else None
    )
    words = _("Rebuilt with today's settings and mapping (%s)") % guide_words(used.name if used else "")
    rebuilt = _choice(document, Content.REBUILT, words)
    if rebuilt.plan is not None and same.plan is not None and not rebuilt.plan.difference:
        return _chosen([same], wanted)
    return _chosen([same, rebuilt], wanted)


def _choice(document: Document, content: Content, words: str) -> Choice:
    try:
        return Choice(content.value, words, plan_resubmit(document, content))
    except Refused as refusal:
        return Choice(content.value, words, None, str(refusal))


def _chosen(choices: list[Choice], wanted: str) -> list[Choice]:
    possible = [each for each in choices if each.plan is not None]
    if not possible:
        raise Refused(choices[0].problem)
    value = wanted if wanted in {each.value for each in possible} else possible[0].value
    return [Choice(each.value, each.words, each.plan, each.problem, each.value == value) for each in choices]


def _facts(document: Document) -> list[dict[str, Any]]:
    """Return to whom it went, when first, and what they answered last, as pairs of words for the head of the page."""
    outcomes = TransmissionOutcome.objects.filter(
        transmission__interchange=document.interchange, result=TransmissionOutcome.Result.DELIVERED
    )
    delivered = outcomes.order_by("pk").first()
    state: DocumentState = document.state
    last = document.acknowledgments.select_related("source").order_by("-pk").first()
    answer: SafeString | str = acknowledgment_badge(state) or _("None")
    return [
        {"title": _("To"), "words": str(document.partner or "")},
        {
            "title": _("First sent"),
            "at": delivered.recorded_at if delivered else None,
            "words": _("Never delivered"),
        },
        {"title": _("As interchange"), "words": document.interchange.control_number},
        {
            "title": _("Last answer"),
            "words": answer,
            "at": last.recorded_at if last else None,
            "source": document_name(last.source.transaction_set) if last else "",
        },
    ]
