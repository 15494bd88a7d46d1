"""Tolerances tried out on what a partner answered before: what would be accepted by itself, and what would be asked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Min
from django.db.models.functions import Coalesce

from integration.documents import PurchaseOrderAcknowledgment, from_json
from integration.flows.accept import ANSWER_ROLE
from integration.flows.agreed import tolerances_of
from integration.flows.counted import decision_on
from integration.matching.acknowledgment import Decision
from integration.matching.tolerances import Tolerances
from integration.models import OrderDocument, PurchaseOrder
from partners.models import Agreement

MOST_TRIED = 300


@dataclass(frozen=True)
class Tried:
    """One purchase order whose answers would be taken otherwise; ``reasons`` say what is let pass or asked."""

    purchase_order: PurchaseOrder
    accepted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """What tolerances come to on the last ``answered`` purchase orders of an agreement that were answered."""

    answered: int
    accepted_now: int
    accepted_then: int
    changed: tuple[Tried, ...]


def try_tolerances(agreement: Agreement, wanted: Tolerances) -> Trial:
    """Hold past answers against ``wanted`` and against the tolerances that are in force; nothing is changed."""
    answers = _answers(agreement)
    found = PurchaseOrder.objects.select_related("order", "agreement").in_bulk(list(answers))
    in_force = tolerances_of(agreement)
    changed, now, then = [], 0, 0
    for pk, said in answers.items():
        purchase_order = found[pk]
        as_is = decision_on(purchase_order, said, in_force, anew=True)
        as_wanted = decision_on(purchase_order, said, wanted, anew=True)
        now += as_is.accepted
        then += as_wanted.accepted
        if as_is.accepted != as_wanted.accepted:
            changed.append(Tried(purchase_order, as_wanted.accepted, _reasons(as_wanted)))
    return Trial(len(answers), now, then, tuple(changed))


def _reasons(decision: Decision) -> tuple[str, ...]:
    told = decision.passed if decision.accepted else decision.differences
    return tuple(str(each) for each in told)


def _answers(agreement: Agreement) -> dict[int, list[PurchaseOrderAcknowledgment]]:
    """Return the answers to the purchase orders answered last, oldest first, by the purchase order's key."""
    links = (
        OrderDocument.objects.filter(purchase_order__agreement=agreement, role=ANSWER_ROLE)
        .annotate(said_at=Coalesce(Min("document__line_entries__stated_at"), "document__recorded_at"))
        .select_related("document__translation")
        .order_by("-document_id")
    )
    newest: dict[int, None] = {}
    for pk in links.values_list("purchase_order_id", flat=True).iterator():
        newest[pk] = None
        if len(newest) == MOST_TRIED:
            break
    answers: dict[int, list[PurchaseOrderAcknowledgment]] = defaultdict(list)
    for link in links.filter(purchase_order__in=list(newest)).order_by("said_at", "document_id"):
        said = from_json("purchase_order_acknowledgment", link.document.translation.content or {})
        assert isinstance(said, PurchaseOrderAcknowledgment)
        answers[link.purchase_order_id or 0].append(said)
    return answers
