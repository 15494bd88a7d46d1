"""What reconciliation finds missing is mended, wherever the worker that found it is killed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration.flows.gaps import stores
from integration.flows.reconciliation import ask
from integration.models import Gap, Order, Reconciliation, Work
from tests import factories
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
PLACES = ("reconcile_all.done",)


def test_deaths_behind_the_look_lose_no_repair(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "SETTLED", timedelta(seconds=-60))
    known, lead = Order.objects.count(), factories.user("lea", "decide")
    for _ in range(KILLS):
        [order] = installation.place()
        ask(lead, "Before the audit.")
        installation.kill_at("reconcile_all.done", "documents")
        mending = Work.objects.filter(step="import_order", subject__endswith=f":{order}")
        assert not mending.exists()
        installation.go_on()
        assert mending.exists()
    assert (
        Gap.objects.filter(check_name="order", sentence__contains="nothing is known of it here").count()
        == KILLS
    )
    assert Reconciliation.objects.filter(finished_at=None).count() == 0
    installation.finish()
    assert Order.objects.count() == known + KILLS
    assert books.balance() == Reckoning(orders=KILLS)
    assert installation.kills == dict.fromkeys(PLACES, KILLS)
