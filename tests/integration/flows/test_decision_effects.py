"""What the simulators record after a decision is what its plan says, for every kind of decision."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integration.flows.decisions import carry_out
from integration.flows.planned import Given, Plan
from integration.flows.plans import choices, plan
from integration.models import ExceptionCase, LineEntry, OutgoingMail, PurchaseOrder
from partners.models import Agreement, ItemCrossReference
from tests import factories
from tests.world import World, world

__all__ = ["world"]

NUMBER = 1004


@pytest.fixture
def short(world: World) -> ExceptionCase:
    """Twelve asked, eleven acknowledged, one on backorder; the partner takes changes, and another one has the item."""
    world.network.answers[f"{NUMBER}-1"] = "short"
    world.place(NUMBER)
    world.run()
    case = ExceptionCase.objects.get()
    assert case.purchase_order is not None
    mine = case.purchase_order.agreement
    mine.documents.create(transaction_set="860", direction="out")
    mine.documents.create(transaction_set="865", direction="in")
    ItemCrossReference.objects.create(
        agreement=Agreement.objects.exclude(pk=mine.pk).get(),
        sku="AC-004",
        vendor_item="BW-77",
        unit_cost=Decimal(6),
    )
    return case


def given(name: str, case: ExceptionCase) -> Given:
    assert case.purchase_order is not None
    later = timezone.now() + timedelta(days=2)
    return {
        "remainder": Given(agreement=Agreement.objects.exclude(pk=case.purchase_order.agreement_id).get().pk),
        "wait": Given(due_at=later),
        "contact": Given(due_at=later, to="orders@acme.example"),
        "match": Given(number="1001-1"),
        "leave": Given(leaves_store=True),
    }.get(name, Given())


def as_planned(wanted: Plan) -> dict[str, object]:
    """Return what has to be recorded outside, by the plan's own data."""
    tells = wanted.after == PurchaseOrder.State.ACCEPTED and not wanted.leaves_store
    return {
        "store": ["POST", "PUT"] if tells else [],
        "status": 9 if tells else 11,
        "new 850": [wanted.value] if wanted.lines else [],
        "860": len(wanted.reductions),
        "cancelled": sum(
            (Decimal(each["quantity"]) for each in (wanted.reductions or _cancelled(wanted))), Decimal(0)
        ),
        "mails": [wanted.mail["subject"]] if wanted.mail else [],
    }


def _cancelled(wanted: Plan) -> list[dict[str, str]]:
    return wanted.entries if wanted.after == PurchaseOrder.State.CANCELLED else []


def recorded(world: World, asked: int, taken: int) -> dict[str, object]:
    writes = [each["method"] for each in world.store.state.ledger[asked:] if each["method"] != "GET"]
    fresh = world.network.ledger[taken:]
    cancelled = LineEntry.standing().filter(kind="cancelled").values_list("quantity", flat=True)
    return {
        "store": sorted(set(writes)),
        "status": world.store.state.order(NUMBER)["status_id"],
        "new 850": [
            each["purchase_order"] for each in fresh if each["event"] == "arrival" and each["purchase_order"]
        ],
        "860": sum(each["event"] == "change" for each in fresh),
        "cancelled": sum(cancelled, Decimal(0)),
        "mails": list(OutgoingMail.objects.values_list("subject", flat=True)),
    }


DECIDED = ["accept", "leave", "remainder", "cancel", "contact", "wait", "reject", "not_ours"]


@pytest.mark.parametrize("name", DECIDED)
def test_what_is_recorded_outside_is_what_the_plan_says(
    world: World, short: ExceptionCase, name: str
) -> None:
    lead: User = factories.user("lea", "decide")
    asked, taken = len(world.store.state.ledger), len(world.network.ledger)
    decision, what = ("accept" if name == "leave" else name), given(name, short)
    wanted = plan(short, decision, what)
    carry_out(lead, short, decision, what, "As agreed.", wanted.digest)
    world.run()
    assert recorded(world, asked, taken) == as_planned(wanted)


def test_every_decision_on_an_answer_is_among_them(short: ExceptionCase) -> None:
    # Matching elsewhere has its own tests: what it does outside is the other purchase order's.
    assert {choice.name for choice in choices(short)} - {"match"} == set(DECIDED) - {"leave"}
