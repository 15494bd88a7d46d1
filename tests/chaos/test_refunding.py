"""No refund twice and none lost, wherever workers are killed or answers are lost while one is made.

One of two pieces is refunded, so that the store would take the same refund a second time without a word: it refuses only
what is more than is left.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import requests

from integration.flows import apply_refunds
from integration.flows.refund import decide_refund, refund_plan
from integration.models import ExceptionCase, PurchaseOrder, Refund
from tests import factories
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation
from tests.returned import return_of

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
PLACES = ("effect.sending", "effect.written")


def decided(installation: Installation, orders: int) -> list[int]:
    """Have orders be accepted, and of each a refund of one piece be decided, with nothing left to do but to make it."""
    numbers = installation.place(orders)
    installation.finish()
    nora = factories.user(group="decide")
    for purchase_order in PurchaseOrder.objects.filter(order__number__in=numbers).order_by("pk"):
        case = return_of(purchase_order)
        pieces = {case.lines.get().pk: 1}
        decide_refund(nora, case, pieces, 0, refund_plan(case, pieces).digest, "Broken.")
    return numbers


def compared(installation: Installation, numbers: list[int]) -> Counter[int]:
    """Count orders by how many refunds the store holds of them, each of just one piece."""
    counted: Counter[int] = Counter()
    for number in numbers:
        address = f"{installation.store_url}/_simulator/orders/{number}/refunds"
        found: list[dict[str, Any]] = requests.get(address, timeout=60).json()
        assert all([item["quantity"] for item in each["items"]] == [1] for each in found)
        counted[len(found)] += 1
    return counted


def test_deaths_while_a_refund_is_made_lose_and_double_nothing(installation: Installation) -> None:
    numbers = decided(installation, KILLS)
    for place in (PLACES * KILLS)[:KILLS]:
        installation.kill_at(place, "effects")
        installation.go_on()
    installation.finish()
    assert compared(installation, numbers) == {1: KILLS}
    made = Refund.objects.filter(ended_at__isnull=False, store_refund__isnull=False, effect__state="done")
    assert made.count() == KILLS
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_a_refund_that_is_not_looked_for_is_made_twice(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_refunds, "_own", lambda *wanted: None)
    few = min(KILLS, 2)
    numbers = decided(installation, few)
    for _ in range(few):
        installation.kill_at("effect.written", "effects")
        installation.go_on()
    assert compared(installation, numbers) == {2: few}
