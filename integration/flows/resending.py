"""What sending a purchase order again would do, and doing it, in the caller's transaction.

The verbs are ``resubmit``, for one, and ``bulk``, for many, whose documents are sent one by one by ``send_again``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from archive import store
from archive.clock import database_now
from archive.models import (
    AcknowledgmentState,
    Delivery,
    Direction,
    Document,
    DocumentState,
    Resubmission,
)
from archive.record import record_audit, record_event
from integration.flows.cases import close_case
from integration.flows.generate import SET, purchase_order_outgoing
from integration.flows.outgoing import NotWritable, store_interchange
from integration.flows.rights import Refused
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder
from integration.x12.envelope import read_interchange
from integration.x12.syntax import Segment
from partners.guides_in_use import guide_words

State = PurchaseOrder.State
_IN_FLIGHT = frozenset({Delivery.WAITING, Delivery.SENDING, Delivery.UNKNOWN})
_ROLE = OrderDocument.Role.PURCHASE_ORDER


@dataclass(frozen=True)
class ResubmitPlan:
    """What sending again would do; ``warnings`` say what the partner has answered already."""

    document: int
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        parts = [self.document, self.sentences, self.warnings]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class NotAgain(Refused):
    """A document is not to be sent again; ``group`` says why in words that fit all of its kind."""

    def __init__(self, sentence: str, group: str = "") -> None:
        super().__init__(sentence)
        self.group = group or sentence


def plan_resubmit(document: Document) -> ResubmitPlan:
    """Return what sending ``document`` again would do now. Raises ``NotAgain`` where it makes no sense."""
    require_ours(document)
    purchase_order = purchase_order_of(document)
    later = Resubmission.objects.filter(original=document).select_related("document__interchange").first()
    state = DocumentState.objects.get(document=document)
    require_sendable(state, purchase_order, later)
    assert purchase_order is not None
    agreement = purchase_order.agreement
    sentences = (
        f"Purchase order {purchase_order.number} is written anew for {agreement.partner}, under new control numbers, and"
        f" sent to {agreement.mailbox}.",
        *_differences(document, purchase_order),
    )
    return ResubmitPlan(document.pk, sentences, tuple(answered(state, purchase_order)))


def require_ours(document: Document) -> None:
    """Refuse anything but a purchase order (850) that we sent."""
    if document.direction != Direction.OUT or document.transaction_set != SET:
        raise NotAgain("Only purchase orders (850) that we sent can be sent again.")


def require_sendable(
    state: DocumentState, purchase_order: PurchaseOrder | None, later: Resubmission | None
) -> None:
    """Refuse what is under way, was sent again already (``later``), or is not wanted any more."""
    if purchase_order is None:
        raise NotAgain("It belongs to no purchase order of ours.")
    if later is not None:
        number = later.document.interchange.control_number
        raise NotAgain(
            f"{later.actor} has sent it again already, as interchange {number}. Send that one again if need be.",
            "Sent again already: what was sent last can be sent again.",
        )
    if state.delivery in _IN_FLIGHT:
        raise NotAgain(
            f"It is not sent yet ({state.get_delivery_display().lower()}): it goes on by itself.",
            "Not sent yet: it goes on by itself.",
        )
    if purchase_order.state in (State.CANCELLED, State.DROPPED):
        words = purchase_order.get_state_display().lower()
        raise NotAgain(
            f"Purchase order {purchase_order.number} is {words}.", f"The purchase order is {words}."
        )


def locked_purchase_order(document: Document) -> PurchaseOrder:
    """Return the purchase order of ``document``, locked: whoever sends it again meanwhile waits."""
    require_ours(document)
    found = purchase_order_of(document, lock=True)
    if found is None:
        raise NotAgain("It belongs to no purchase order of ours.")
    return found


def purchase_order_of(document: Document, *, lock: bool = False) -> PurchaseOrder | None:
    """Return the purchase order that ``document`` asks for."""
    rows = PurchaseOrder.objects.select_related("order__store", "agreement__partner", "agreement__mailbox")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(documents__document=document, documents__role=_ROLE).first()


def answered(state: DocumentState, purchase_order: PurchaseOrder) -> list[str]:
    """Return what the partner has answered already, as warnings."""
    partner = purchase_order.agreement.partner
    taken = (AcknowledgmentState.ACCEPTED, AcknowledgmentState.ACCEPTED_WITH_ERRORS)
    warnings = []
    if state.acknowledgment in taken:
        warnings.append(
            f"{partner} has accepted the first one as a document (997): he has it, and may ship twice."
        )
    if purchase_order.state in (State.ACCEPTED, State.DISPUTED):
        warnings.append(
            f"{partner} has answered the purchase order itself (855): ask him before you send it again."
        )
    return warnings


def _differences(document: Document, purchase_order: PurchaseOrder) -> Iterator[str]:
    try:
        outgoing = purchase_order_outgoing(purchase_order)
    except NotWritable as problem:
        raise Refused(f"It cannot be written. {problem}") from problem
    if outgoing.guide != document.guide:
        yield f"It is written by {guide_words(outgoing.guide)}, and the first one was by {guide_words(document.guide)}."
    before, now = _sent_segments(document), outgoing.segments
    changed = sum(old != new for old, new in zip(before, now, strict=False)) + abs(len(before) - len(now))
    if not changed:
        yield "What it says is the same."
        return
    segments = "one segment" if changed == 1 else f"{changed} segments"
    yield f"What it says differs from the first one in {segments}, since settings have changed."


def _sent_segments(document: Document) -> list[Segment]:
    """Return the body of the document as it was sent, without ST and SE."""
    reading = read_interchange(store.open(document.interchange.payload, purpose="send again"))
    located = next(each for group in reading.groups for each in group.sets if each.offset == document.offset)
    return list(located.segments[1:-1])


def send_anew(
    user: User, document: Document, purchase_order: PurchaseOrder, reason: str, key: str
) -> Document:
    """Write ``document`` anew in the caller's transaction, which holds the purchase order; return the new document."""
    again = _written(purchase_order, database_now())
    Resubmission.objects.create(
        original=document, document=again, key=key, actor=user.get_username(), reason=reason
    )
    OrderDocument.objects.create(
        order=purchase_order.order, purchase_order=purchase_order, document=again, role=_ROLE
    )
    _tell(user, document, again, purchase_order, reason)
    return again


def _written(purchase_order: PurchaseOrder, now: datetime) -> Document:
    try:
        return store_interchange(purchase_order_outgoing(purchase_order), now)
    except NotWritable as problem:
        raise Refused(f"It cannot be written. {problem}") from problem


def _tell(user: User, first: Document, again: Document, purchase_order: PurchaseOrder, reason: str) -> None:
    actor = user.get_username()
    number = again.interchange.control_number
    sentence = f"Purchase order {purchase_order.number} is sent again as interchange {number}: {reason}"
    record_audit(user, "resubmit", f"document:{first.pk}", reason=reason, detail={"document": again.pk})
    for subject, about in ((f"document:{first.pk}", first), (f"document:{again.pk}", again)):
        record_event(subject, "resubmitted", sentence, document=about, actor=actor)
    causes = [f"rejected:{first.pk}", f"overdue:997:{first.pk}"]
    for case in ExceptionCase.objects.filter(cause__in=causes, closed_at=None):
        close_case(case, ExceptionCase.Decision.RETRY, f"Sent again: {reason}", actor=actor)
