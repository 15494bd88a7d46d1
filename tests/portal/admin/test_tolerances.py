"""What is accepted by itself: tried out on past answers, saved for a reason, and shown on the agreement's page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from archive.models import AccessRecord, AuditEntry
from integration.flows.match import match
from integration.models import ExceptionCase, PurchaseOrder
from integration.work import Unclaimed
from partners.models import Agreement, AllowedSubstitute, AnswerTolerances
from tests import factories
from tests.pages import Desk, open_desk


@pytest.fixture
def short(db: None) -> PurchaseOrder:
    """A purchase order of two and five, answered with one and five: a case."""
    made = factories.purchase_order(factories.order(1042))
    factories.sent(made)
    document = factories.received(made.agreement, "855", factories.shortage(made))
    match(str(document.pk), Unclaimed())
    return PurchaseOrder.objects.get()


def address(agreement: Agreement) -> str:
    return reverse("admin:partners_agreement_tolerances", args=[agreement.pk])


def post(client: Client, agreement: Agreement, do: str, **given: str) -> Any:
    return client.post(address(agreement), {"do": do, **given})


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_they_are_tried_on_past_answers_before_anything_is_saved(
    decider: Client, short: PurchaseOrder
) -> None:
    shown = words(post(decider, short.agreement, "try", short_percent="50"))
    assert "On the last 1 purchase order that" in shown
    assert "Accepted by itself: 1 with these tolerances, 0 with those in force." in shown
    assert "Line 1 (FS-1): asked 2 each, answered 1 quantity changed (50 % less is accepted)" in shown
    assert not AnswerTolerances.objects.exists()
    read = AccessRecord.objects.latest("pk")
    assert (read.purpose, read.hits) == ("tolerances tried on answers", [f"purchase_order:{short.pk}"])
    short.refresh_from_db()
    assert short.state == PurchaseOrder.State.DISPUTED
    tight = words(post(decider, short.agreement, "try", short_percent="49"))
    assert "Accepted by itself: 0 with these tolerances, 0 with those in force." in tight
    assert "None of them would be taken otherwise." in tight


def test_saving_asks_why_is_kept_and_holds_for_the_next_answer(decider: Client, short: PurchaseOrder) -> None:
    agreement = short.agreement
    unreasoned = post(decider, agreement, "save", short_percent="50", reason=" ")
    assert "Say why in a few words" in words(unreasoned)
    assert not AnswerTolerances.objects.exists()
    saved = post(
        decider,
        agreement,
        "save",
        short_percent="50",
        substitutes="FS-2 = V-9\nFS-2 = V-10",
        reason="New contract.",
    )
    assert saved.status_code == 302
    row = AnswerTolerances.objects.get()
    assert (row.agreement, row.short_percent, row.price_percent) == (agreement, Decimal(50), None)
    assert [(each.sku, each.item) for each in AllowedSubstitute.objects.all()] == [
        ("FS-2", "V-10"),
        ("FS-2", "V-9"),
    ]
    assert list(AuditEntry.objects.values_list("verb", "reason").order_by("pk")) == [
        ("add substitute", "New contract."),
        ("add substitute", "New contract."),
        ("add tolerances", "New contract."),
    ]
    shown = words(decider.get(reverse("admin:partners_agreement_change", args=[agreement.pk])))
    assert "A quantity that is less by at most 50 %." in shown
    assert "2 items that come instead of others." in shown
    again = factories.received(agreement, "855", factories.shortage(short))
    match(str(again.pk), Unclaimed())
    short.refresh_from_db()
    assert short.state == PurchaseOrder.State.ACCEPTED
    assert ExceptionCase.objects.get().closed_by == "Gridport"


def test_what_cannot_be_is_said_at_its_field(decider: Client, short: PurchaseOrder) -> None:
    refused = words(
        post(decider, short.agreement, "try", price_percent="-1", substitutes="FS-2 V-9", days_late="x")
    )
    assert "Ensure this value is greater than or equal to 0." in refused
    assert "Line 1: write it as SKU = number of the substitute." in refused
    assert "Enter a whole number." in refused


def test_those_who_may_only_look_see_them_and_may_not_change_them(short: PurchaseOrder) -> None:
    desk: Desk = open_desk()
    assert desk.client.get(address(short.agreement)).status_code == 403
    page = desk.page(short.agreement)
    assert "Only what was asked for, exactly." in page
    assert "Try out and change" not in page
