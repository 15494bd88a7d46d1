"""A business customer is told once of each truth, and under one identity, wherever the worker that tells him is killed."""

from __future__ import annotations

from collections import Counter

import pytest

from integration.flows import acknowledge
from integration.models import CustomerLink, OrderAcknowledgment
from partners.models import Mailbox
from tests import factories
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation

pytestmark = pytest.mark.chaos

KILLS = scaled(10)
PLACES = ("acknowledge.done",)


def tell_all(installation: Installation) -> list[int]:
    """Have orders acknowledged at once, and again once their suppliers have answered; kill whoever does it, each time."""
    if not CustomerLink.objects.exists():  # the installation outlives a test
        factories.customer_link(on=Mailbox.objects.get(), number_source="order")
    numbers = installation.place(KILLS)
    installation.ask("poll_store")
    for _ in ("at once", "again"):
        installation.bring_to("acknowledge")
        for _ in numbers:
            installation.kill_at("acknowledge.done", "orders")
            installation.go_on()
        installation.finish()
    assert installation.kills == {"acknowledge.done": 2 * KILLS}
    return numbers


def documents(installation: Installation) -> Counter[str]:
    """Return how many 855s the customer got of each order, by his own ledger."""
    return Counter(each["purchase_order"] for each in installation.network.ledger if each["event"] == "told")


def test_a_worker_killed_behind_the_855_tells_nothing_twice(installation: Installation) -> None:
    numbers = tell_all(installation)
    assert documents(installation) == {str(number): 2 for number in numbers}
    told = [each for each in installation.network.ledger if each["event"] == "told"]
    assert Counter(each["purpose"] for each in told) == {"00": KILLS, "05": KILLS}
    assert OrderAcknowledgment.objects.filter(order__number__in=numbers).count() == 2 * KILLS


def test_without_a_look_at_what_was_told_it_is_told_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledge, "is_news", lambda told, now: True)
    numbers = tell_all(installation)
    # Whoever goes on after a death writes anew; how often besides depends on how many asked meanwhile.
    written = OrderAcknowledgment.objects.filter(order__number__in=numbers)
    assert written.count() > 2 * KILLS
