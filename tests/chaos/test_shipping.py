"""No shipment twice and none lost, wherever workers are killed or answers are lost while one is made.

Half of each line is shipped, so that the store would take the same shipment a second time without a word: it refuses
only what is more than is left.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import requests

from integration.flows import apply_shipments
from integration.models import ExceptionCase, Shipment, StoreEffect
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation

pytestmark = pytest.mark.chaos

KILLS = scaled(60)
PLACES = ("effect.sending", "effect.written")
State = StoreEffect.State


def half_shipped(installation: Installation, orders: int) -> list[int]:
    """Have orders be accepted and half shipped, with nothing left to do but to make the shipments."""
    numbers = installation.place(orders)
    installation.finish()
    for number in numbers:
        installation.network.ship([f"{number}-1"], "half")
    installation.ask("fetch_mailbox")
    installation.bring_to("apply_effect")
    return numbers


def in_store(installation: Installation, number: int) -> list[tuple[str, dict[str, int]]]:
    """Ask the store's own process for what it holds as shipped of an order."""
    address = f"{installation.store_url}/_simulator/orders/{number}/shipments"
    found: list[dict[str, Any]] = requests.get(address, timeout=60).json()
    return [
        (each["tracking_number"], {str(item["order_product_id"]): item["quantity"] for item in each["items"]})
        for each in found
    ]


def compared(installation: Installation, numbers: list[int]) -> Counter[str]:
    """Count orders by what the store holds against what the supplier says left him."""
    left: dict[str, list[dict[str, Any]]] = {}
    for entry in installation.network.ledger:
        if entry["event"] == "shipment":
            for parcel in entry["parcels"]:
                (purchase_order,) = parcel["contents"]
                left.setdefault(purchase_order, []).append(parcel)
    counted: Counter[str] = Counter()
    for number in numbers:
        told = in_store(installation, number)
        wanted = [
            (parcel["tracking"], {f"{number}001": int(quantity) for quantity in lines.values()})
            for parcel in left[f"{number}-1"]
            for lines in parcel["contents"].values()
        ]
        kind = "right" if told == wanted else "twice" if len(told) > len(wanted) else "lost"
        counted[kind] += 1
    return counted


def test_deaths_while_a_shipment_is_made_lose_and_double_nothing(installation: Installation) -> None:
    numbers = half_shipped(installation, KILLS)
    for place in (PLACES * KILLS)[:KILLS]:
        installation.kill_at(place, "effects")
        installation.go_on()
    installation.finish()
    assert compared(installation, numbers) == {"right": KILLS}
    assert {installation.in_store(number)["status_id"] for number in numbers} == {3}
    shipments = Shipment.objects.filter(order__number__in=numbers)
    assert shipments.exclude(store_shipment=None).count() == KILLS
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_requests_that_the_dead_never_saw_answered_are_not_repeated(installation: Installation) -> None:
    numbers = half_shipped(installation, KILLS)
    for _ in range(KILLS):
        installation.kill_unanswered("POST", "effects")
        installation.go_on()
    installation.finish()
    assert compared(installation, numbers) == {"right": KILLS}


def test_a_shipment_that_is_not_looked_for_is_made_twice(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_shipments, "_unclaimed", lambda *wanted: None)
    few = min(KILLS, 6)
    numbers = half_shipped(installation, few)
    for _ in range(few):
        installation.kill_at("effect.written", "effects")
        installation.go_on()
    installation.finish()
    assert compared(installation, numbers) == {"twice": few}
