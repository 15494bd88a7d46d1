"""The page of a look at everything: counts as links, every gap with what was done, and the button for those who may."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integration.flows.reconciliation import reconcile_all
from integration.models import Gap, Reconciliation, Work
from integration.work import Unclaimed
from portal.admin.show import list_url
from tests import factories
from tests.pages import Desk, open_desk


@pytest.fixture
def desk(db: None) -> Desk:
    return open_desk()


def looked(*gaps: tuple[str, str], unread: tuple[str, ...] = ()) -> Reconciliation:
    row = Reconciliation.objects.create(
        started_at=timezone.now(),
        finished_at=timezone.now(),
        checks=[{"check": "order", "good": 40, "explained": 2, "gaps": len(gaps)}],
        unread=list(unread),
    )
    for sentence, repair in gaps:
        Gap.objects.create(reconciliation=row, check_name="order", sentence=sentence, repair=repair)
    return row


def test_without_gaps_it_says_so(desk: Desk) -> None:
    page = desk.page(looked())
    assert "Every order that is worked on has its purchase order, or a reason 42 40 2 0" in page
    assert "0 gaps" in page
    assert "Gaps 0 gaps." in page
    assert "Gridport, daily" in page


def test_each_gap_is_told_with_its_repair(desk: Desk) -> None:
    page = desk.page(looked(("Order 7 is unknown.", "It is read now."), ("850 0001 has no receipt.", "")))
    assert "2 gaps" in page
    assert "Order 7 is unknown. Orders of the stores It is read now." in page
    assert "850 0001 has no receipt. Orders of the stores A case asks a person." in page
    assert "2 gaps" in desk.list(Reconciliation)


def test_what_could_not_be_looked_at_is_no_proof(desk: Desk) -> None:
    page = desk.page(looked(unread=("Quay Shop could not be looked at: no answer.",)))
    assert "Not all could be looked at" in page
    assert "Quay Shop could not be looked at: no answer. Of it nothing is proved." in page


def test_only_those_who_decide_may_ask_for_one(desk: Desk, decider: Client) -> None:
    address = reverse("admin:integration_reconciliation_ask")
    assert "Reconcile now" not in desk.list(Reconciliation)
    assert desk.client.get(address).status_code == 403
    assert "Reconcile now…" in decider.get(list_url(Reconciliation)).content.decode()
    assert decider.post(address, {"reason": " "}).status_code == 200
    answer = decider.post(address, {"reason": "Before the audit."})
    row = Reconciliation.objects.get()
    assert answer["Location"] == reverse("admin:integration_reconciliation_change", args=[row.pk])
    assert Work.objects.get(step="reconcile_all").subject == str(row.pk)
    assert "are being read. Open this page again" in decider.get(answer["Location"]).content.decode()


def test_the_numbers_of_a_real_look_are_shown(desk: Desk) -> None:
    factories.sent(factories.purchase_order())
    row = Reconciliation.objects.create(started_at=timezone.now())
    reconcile_all(str(row.pk), Unclaimed())
    row.refresh_from_db()
    page = desk.page(row)
    assert "Every purchase order is sent, or something has it in hand 1 1 0 0" in page
    assert "Every document that was delivered has its 997, or is within its time 1 0 1 0" in page
    # The store and the mailbox of the factories are nowhere.
    assert len(row.unread) == 2
