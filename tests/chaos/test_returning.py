"""No return is asked for twice, and none is forgotten, wherever workers are killed while requests are written."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from integration.flows.returns import Wanted, ask_partner, open_return
from integration.models import PurchaseOrder, ReturnCase
from integration.simulators.network.purchase_orders import element, segments_of
from partners.models import AgreementDocument
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation

pytestmark = pytest.mark.chaos

KILLS = scaled(10)
PLACES = ("write_return.done",)


def asked_for(installation: Installation) -> list[str]:
    """Which returns the network was asked for, by our number, in their order."""
    found = []
    for path in sorted(installation.network.taken.iterdir()):
        segments = segments_of(path.read_bytes())
        found += [element(each, 2) for each in segments if each[0] == "BGN"]
    return found


def test_deaths_while_returns_are_asked_for_lose_and_double_nothing(installation: Installation) -> None:
    numbers = installation.place(KILLS)
    installation.ask("poll_store")
    installation.finish()
    orders = [each.number for each in PurchaseOrder.objects.filter(order__number__in=numbers)]
    for number in orders:
        installation.network.ship([number])
    installation.ask("fetch_mailbox")
    installation.finish()
    admin = User.objects.filter(is_superuser=True).first()
    assert admin is not None
    for each in PurchaseOrder.objects.filter(number__in=orders).order_by("pk"):
        AgreementDocument.objects.get_or_create(
            agreement=each.agreement, transaction_set="180", direction="out"
        )
        case = open_return(
            admin, each, [Wanted(1, each.lines.get().quantity, "damaged")], "The shopper wrote"
        )
        ask_partner(admin, case, "The shopper wrote")
    for _ in range(KILLS):
        installation.kill_at("write_return.done", "orders")
        installation.go_on()
    installation.finish()
    cases = ReturnCase.objects.filter(purchase_order__number__in=orders).order_by("pk")
    assert [each.stage for each in cases] == ["requested"] * KILLS
    assert sorted(asked_for(installation)) == sorted(each.number for each in cases)
    assert installation.kills["write_return.done"] == KILLS
