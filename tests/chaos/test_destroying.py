"""What is destroyed is destroyed once, with one certificate, wherever workers are killed; and old stock lines likewise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from archive.models import DisposalCertificate, DisposalItem, Event, Payload
from integration import tasks, work
from integration.flows.destroy import destroy_step
from integration.flows.steps import STEPS
from integration.flows.trim_stock import trim_step
from integration.models import StockFeedLine, Work
from tests import factories
from tests.chaos.forking import Forked, die_at, scaled
from tests.governed import approved, archived, dated, rule
from tests.stock import advice, feed, supplier

pytestmark = pytest.mark.chaos

PLACES = ("destroy.done", "trim_stock.done")
KILLS = scaled(20)
LONG_AGO = datetime(2020, 1, 6, 6, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)


def die_and_go_on(forked: Forked, step: str) -> None:
    """Have a worker die once it has done and committed ``step``; when its lease is over, have another go on."""
    lane = STEPS[step].lane

    def dying() -> None:
        die_at(f"{step}.done")
        tasks.drain(lane)

    forked.dies(dying)
    Work.objects.exclude(lease_token=None).update(lease_until="2020-01-01T00:00Z", due_at="2020-01-01T00:00Z")
    forked.run([lambda: tasks.drain(lane) and None])


def test_deaths_behind_a_destruction_leave_one_certificate(committed: str, forked: Forked) -> None:
    first, second = (factories.user(f"keeper{number}", superuser=True) for number in (1, 2))
    rule(first)
    box, partner = factories.mailbox(), factories.partner()
    for _ in range(KILLS):
        payload, [document] = archived(box, partner, ["855"])
        dated(datetime.now(UTC) - timedelta(days=800), document)
        [item] = approved(first, second)
        assert item.payload == payload
        die_and_go_on(forked, "destroy")
    items = DisposalItem.objects.all()
    assert DisposalCertificate.objects.count() == items.count() == KILLS
    assert not Payload.objects.filter(pk__in=items.values("payload"), ciphertext__gt=b"").exists()
    assert Event.objects.filter(kind="destroyed").count() == KILLS
    assert not Work.objects.filter(step="destroy").exists()


def test_a_step_that_comes_again_finds_its_effect_there(committed: str, forked: Forked) -> None:
    first, second = (factories.user(f"keeper{number}", superuser=True) for number in (1, 2))
    rule(first)
    _, [document] = archived(factories.mailbox(), factories.partner(), ["855"])
    dated(datetime.now(UTC) - timedelta(days=800), document)
    [item] = approved(first, second)
    tasks.drain("documents")
    work.put("documents", destroy_step(item))
    tasks.drain("documents")
    assert DisposalCertificate.objects.get().item == item
    assert Event.objects.filter(kind="destroyed").count() == 1


def test_deaths_behind_the_removal_of_stock_lines_change_nothing(committed: str, forked: Forked) -> None:
    acme = supplier()
    for day in range(3):
        feed(acme, advice({1: day}, f"A{day}", f"2020010{day + 1}"), LONG_AGO + timedelta(days=day))
    work.put("stock", trim_step())
    die_and_go_on(forked, "trim_stock")
    assert StockFeedLine.objects.values_list("feed__number", flat=True).get() == "A2"
    assert Work.objects.filter(step="trim_stock", parked_at=None).count() == 1
