"""What sending a document of ours again would do, and doing it, in the caller's transaction.

The verbs are ``resubmit``, for one, and ``bulk``, for many, whose documents are sent one by one by ``send_again``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.clock import database_now
from archive.models import (
    AcknowledgmentState,
    Delivery,
    Direction,
    Document,
    DocumentState,
    Resubmission,
    document_name,
)
from archive.record import record_audit, record_event
from integration.flows.cases import close_case
from integration.flows.destroyed import refuse_destroyed
from integration.flows.generate import SET
from integration.flows.outgoing import NotWritable, Outgoing, store_interchange
from integration.flows.persons import person_of, tie
from integration.flows.rights import Refused
from integration.flows.written_again import (
    Content,
    DifferingLine,
    differing_lines,
    outgoing_again,
    sent_body,
)
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder, PurchaseOrderChange, ReturnCase
from integration.x12.tables import find_table
from partners.guides_in_use import guide_words

State = PurchaseOrder.State
Change = PurchaseOrderChange.State
_IN_FLIGHT = frozenset({Delivery.WAITING, Delivery.SENDING, Delivery.UNKNOWN})
_TAKEN = frozenset({AcknowledgmentState.ACCEPTED, AcknowledgmentState.ACCEPTED_WITH_ERRORS})
_ROLE = OrderDocument.Role.PURCHASE_ORDER
_TWICE = {
    "850": "may ship twice",
    "860": "may change the order twice",
    "810": "may pay twice",
    "180": "may open a second return",
    "855": "may take it for another answer",
}
"""What a partner may do who took the first one and gets it once more, by kind."""


@dataclass(frozen=True)
class ResubmitPlan:
    """What sending again would do; ``warnings`` say what the partner has answered already.

    ``difference`` are the segments in which what would be sent differs from the first one.
    """

    document: int
    content: Content
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    difference: tuple[DifferingLine, ...] = ()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        lines = [[each.was, each.text] for each in self.difference]
        parts = [self.document, self.content, self.sentences, self.warnings, lines]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class NotAgain(Refused):
    """A document is not to be sent again; ``group`` says why in words that fit all of its kind."""

    def __init__(self, sentence: str, group: str = "") -> None:
        super().__init__(sentence)
        self.group = group or sentence


def usual_content(document: Document) -> Content:
    """Return what is sent again where nobody chose: purchase orders rebuilt, since settings may have been mended."""
    return Content.REBUILT if document.transaction_set == SET else Content.SAME


def plan_resubmit(document: Document, content: Content | None = None) -> ResubmitPlan:
    """Return what sending ``document`` again would do now. Raises ``NotAgain`` where it makes no sense."""
    refuse_destroyed(document.interchange.payload_id)
    content = content or usual_content(document)
    require_ours(document)
    purchase_order = purchase_order_of(document)
    later = Resubmission.objects.filter(original=document).select_related("document__interchange").first()
    state = DocumentState.objects.get(document=document)
    require_sendable(document, state, purchase_order, later)
    outgoing = outgoing_again(document, content, purchase_order)
    agreement = outgoing.agreement
    difference: tuple[DifferingLine, ...] = ()
    name = _named(document, purchase_order, state)
    sentences: tuple[str, ...] = (
        f"{name} goes to {agreement.partner} once more as it is, under new control numbers, by {agreement.mailbox}.",
    )
    if content == Content.REBUILT:
        difference = tuple(differing_lines(sent_body(document), outgoing.segments))
        sentences = (
            f"{name} is written anew for {agreement.partner}, under new control numbers, and sent to"
            f" {agreement.mailbox}.",
            *_difference_words(document, outgoing, difference),
        )
    warnings = tuple(answered(document, state, purchase_order))
    return ResubmitPlan(document.pk, content, sentences, warnings, difference)


def require_ours(document: Document) -> None:
    """Refuse what was received, and what is no X12 or stands for an envelope: only sets that we sent are sent again."""
    if document.direction != Direction.OUT:
        raise NotAgain(gettext("Only documents that we sent can be sent again."))
    known = find_table(document.transaction_set, document.version) is not None
    if not known or document.agreement_id is None:
        raise NotAgain(
            gettext("%(document)s is no X12 document under an agreement: it cannot be sent again.")
            % {"document": document_name(document.transaction_set)}
        )


def require_sendable(
    document: Document, state: DocumentState, purchase_order: PurchaseOrder | None, later: Resubmission | None
) -> None:
    """Refuse what is under way, was sent again already (``later``), or is not wanted any more."""
    is_order = document.transaction_set == SET
    if is_order and purchase_order is None:
        raise NotAgain(gettext("It belongs to no purchase order of ours."))
    if later is not None:
        number = later.document.interchange.control_number
        raise NotAgain(
            gettext(
                "%(actor)s has sent it again already, as interchange %(number)s. Send that one again if need be."
            )
            % {"actor": later.actor, "number": number},
            gettext("Sent again already: what was sent last can be sent again."),
        )
    if state.delivery in _IN_FLIGHT:
        raise NotAgain(
            gettext("It is not sent yet (%(state)s): it goes on by itself.")
            % {"state": state.get_delivery_display().lower()},
            gettext("Not sent yet: it goes on by itself."),
        )
    if is_order and purchase_order is not None and purchase_order.state in (State.CANCELLED, State.DROPPED):
        words = purchase_order.get_state_display().lower()
        raise NotAgain(
            gettext("Purchase order %(number)s is %(state)s.")
            % {"number": purchase_order.number, "state": words},
            gettext("The purchase order is %(state)s.") % {"state": words},
        )


def hold(document: Document) -> PurchaseOrder | None:
    """Lock ``document`` in the caller's transaction: whoever sends it again meanwhile waits; return its purchase order.

    A purchase order is what who matches an answer holds too; other documents are held by their state.
    """
    require_ours(document)
    if document.transaction_set != SET:
        DocumentState.objects.select_for_update().get(document=document)
        return purchase_order_of(document)
    found = purchase_order_of(document, lock=True)
    if found is None:
        raise NotAgain(gettext("It belongs to no purchase order of ours."))
    return found


def purchase_order_of(document: Document, *, lock: bool = False) -> PurchaseOrder | None:
    """Return the purchase order that ``document`` asks for, changes or belongs to."""
    rows = PurchaseOrder.objects.select_related("order__store", "agreement__partner", "agreement__mailbox")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(documents__document=document).first()


def answered(document: Document, state: DocumentState, purchase_order: PurchaseOrder | None) -> list[str]:
    """Return what the partner has answered already, as warnings."""
    partner = document.partner
    warnings = []
    if state.acknowledgment in _TAKEN:
        twice = _TWICE.get(document.transaction_set, "may act on it twice")
        warnings.append(f"{partner} has accepted the first one as a document (997): he has it, and {twice}.")
    if document.transaction_set == SET and purchase_order is not None:
        if purchase_order.state in (State.ACCEPTED, State.DISPUTED):
            warnings.append(
                f"{partner} has answered the purchase order itself (855): ask him before you send it again."
            )
    elif PurchaseOrderChange.objects.filter(
        document=document, state__in=[Change.ACCEPTED, Change.DISPUTED]
    ).exists():
        warnings.append(f"{partner} has answered the change itself (865): ask him before you send it again.")
    elif ReturnCase.objects.filter(request=document, answer__isnull=False).exists():
        warnings.append(f"{partner} has answered the return itself (180): ask him before you send it again.")
    return warnings


def _named(document: Document, purchase_order: PurchaseOrder | None, state: DocumentState) -> str:
    if document.transaction_set == SET and purchase_order is not None:
        return f"Purchase order {purchase_order.number}"
    return f"{document_name(document.transaction_set)} {state.number or document.control_number}"


def _difference_words(
    document: Document, outgoing: Outgoing, difference: tuple[DifferingLine, ...]
) -> Iterator[str]:
    if outgoing.guide != document.guide:
        yield f"It is written by {guide_words(outgoing.guide)}, and the first one was by {guide_words(document.guide)}."
    changed = max(sum(each.was for each in difference), sum(not each.was for each in difference))
    if not changed:
        yield "What it says is the same."
        return
    segments = "one segment" if changed == 1 else f"{changed} segments"
    yield f"What it says differs from the first one in {segments}, since settings have changed."


def send_anew(
    user: User, document: Document, reason: str, key: str, content: Content | None = None
) -> Document:
    """Write ``document`` anew in the caller's transaction, which holds it; return the new document."""
    purchase_order = purchase_order_of(document)
    outgoing = outgoing_again(document, content or usual_content(document), purchase_order)
    try:
        with transaction.atomic():  # a refusal gives its control numbers back
            links = list(document.orders.select_related("order", "purchase_order").order_by("pk"))
            person = person_of(links[0].order) if links else None
            again = store_interchange(outgoing, database_now(), person)
    except NotWritable as problem:
        raise Refused(gettext("It cannot be written. %(problem)s") % {"problem": problem}) from problem
    Resubmission.objects.create(
        original=document, document=again, key=key, actor=user.get_username(), reason=reason
    )
    for link in links:
        tie(link.order, again, link.role, link.purchase_order)
    _tell(user, document, again, purchase_order, reason)
    return again


def _tell(
    user: User, first: Document, again: Document, purchase_order: PurchaseOrder | None, reason: str
) -> None:
    actor = user.get_username()
    number = again.interchange.control_number
    name = _named(first, purchase_order, DocumentState.objects.get(document=first))
    sentence = f"{name} is sent again as interchange {number}: {reason}"
    record_audit(user, "resubmit", f"document:{first.pk}", reason=reason, detail={"document": again.pk})
    for subject, about in ((f"document:{first.pk}", first), (f"document:{again.pk}", again)):
        record_event(subject, "resubmitted", sentence, document=about, actor=actor)
    causes = [f"rejected:{first.pk}", f"overdue:997:{first.pk}"]
    for case in ExceptionCase.objects.filter(cause__in=causes, closed_at=None):
        close_case(case, ExceptionCase.Decision.RETRY, f"Sent again: {reason}", actor=actor)
