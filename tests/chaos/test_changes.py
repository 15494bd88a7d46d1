"""A purchase order change is written once and under one identity, wherever the worker that writes it is killed."""

from __future__ import annotations

from collections import Counter

import pytest

from archive.models import Document
from integration.models import LineEntry, PurchaseOrderChange
from partners.models import Agreement, AgreementDocument
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation

pytestmark = pytest.mark.chaos

KILLS = scaled(10)
CANCELLED = 5


def take_changes() -> None:
    for agreement in Agreement.objects.all():
        for transaction_set, direction in (("860", "out"), ("865", "in")):
            AgreementDocument.objects.create(
                agreement=agreement, transaction_set=transaction_set, direction=direction
            )
    Agreement.objects.update(changes_after_sending=Agreement.AfterSending.SEND)


def test_a_worker_killed_behind_the_860_writes_and_moves_nothing_twice(installation: Installation) -> None:
    take_changes()
    numbers = installation.place(KILLS)
    installation.finish()
    for number in numbers:
        installation.tell_store("clock", {"advance": 2})
        installation.tell_store(f"orders/{number}", {"status_id": CANCELLED})
        installation.tell_store("clock", {"advance": 2})
        installation.ask("poll_store")
        installation.bring_to("generate")
        installation.kill_at("generate.done", "orders")
        installation.go_on()
    installation.finish()
    assert installation.kills == {"generate.done": KILLS}
    assert list(PurchaseOrderChange.objects.values_list("sequence", "state")) == [(1, "accepted")] * KILLS
    assert Document.objects.filter(transaction_set="860").count() == KILLS
    cancelled = LineEntry.standing().filter(kind="cancelled")
    assert list(cancelled.values_list("quantity", flat=True)) == [2] * KILLS
    arrived = Counter(
        each["purchase_order"] for each in installation.network.ledger if each["event"] == "change"
    )
    assert arrived == {f"{number}-1": 1 for number in numbers}
