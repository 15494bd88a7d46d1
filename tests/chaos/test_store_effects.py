"""P3: what is meant to be written to the store is written, once, wherever workers are killed or answers are lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice, product
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from integration import tasks
from integration.bigcommerce.client import StoreClient
from integration.flows.steps import STEPS
from integration.models import StoreEffect, Work
from tests.chaos.forking import scaled
from tests.chaos.installation import DUE, HELD, Installation
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
KINDS = len([StoreEffect.Kind.METAFIELD, StoreEffect.Kind.STATUS])
PLACES = ("effect.sending", "effect.written", "apply_effect.done")
State = StoreEffect.State
COMPLETED, CANCELLED, AWAITING_SHIPMENT = 10, 5, 9


def kill_while_writing(installation: Installation, *places: str) -> list[int]:
    """Kill at the effects on orders, two on each; return how many were known to be under way, by place."""
    installation.place_and_bring_to("apply_effect", len(places) * KILLS // KINDS)
    known = []
    for place in places:
        known.append(0)
        for _ in range(KILLS):
            installation.kill_at(place, "effects")
            known[-1] += StoreEffect.objects.filter(state=State.SENDING).count()
            installation.go_on()
    return known


def test_deaths_while_writing_to_the_store_lose_and_double_nothing(
    installation: Installation, books: Books
) -> None:
    assert kill_while_writing(installation, *PLACES) == [KILLS, KILLS, 0]
    assert books.balance() == Reckoning(orders=len(PLACES) * KILLS // KINDS)
    assert installation.kills == dict.fromkeys(PLACES, KILLS)


def test_an_effect_that_is_not_committed_first_is_not_known_to_be_under_way(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = STEPS["apply_effect"]
    monkeypatch.setitem(STEPS, "apply_effect", replace(kind, run=transaction.atomic(kind.run)))
    assert kill_while_writing(installation, "effect.written") == [0]


def test_a_metafield_that_is_not_looked_for_is_sent_as_new_twice(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StoreClient, "_find_metafield", lambda *field: None)
    installation.place_and_bring_to("apply_effect", KILLS)
    for _ in range(KILLS):
        installation.kill_at("effect.written", "effects")
        installation.go_on()
    assert books.balance().posted_again == KILLS


def test_requests_that_the_dead_never_saw_answered_are_not_repeated(
    installation: Installation, books: Books
) -> None:
    installation.place_and_bring_to("apply_effect", KILLS)
    for _ in range(KILLS):
        for method in ("POST", "PUT"):
            installation.kill_unanswered(method, "effects")
            installation.go_on()
    assert books.balance() == Reckoning(orders=KILLS)
    assert installation.kills == {"POST not answered": KILLS, "PUT not answered": KILLS}


def test_deaths_after_an_answer_was_lost_look_before_they_repeat(
    installation: Installation, books: Books
) -> None:
    installation.place_and_bring_to("apply_effect", KILLS)
    for _ in range(KILLS):
        installation.tell_store(
            "faults", {"method": "POST", "path": "/v3/orders", "kind": "apply_then_close"}
        )
        installation.kill_at("work.failed", "effects")
        assert StoreEffect.objects.filter(state=State.UNKNOWN).count() == 1
        installation.go_on()
    assert books.balance() == Reckoning(orders=KILLS)
    assert installation.kills == {"work.failed": KILLS}


def bring_to_the_status(installation: Installation, orders: int = KILLS) -> None:
    """Let orders come so far that nothing but their status is left to be written."""
    installation.place_and_bring_to("apply_effect", orders)
    effects = StoreEffect.objects.filter(kind=StoreEffect.Kind.STATUS)
    later = Work.objects.filter(subject__in=[str(pk) for pk in effects.values_list("pk", flat=True)])
    later.update(due_at=HELD)
    installation.healthy(lambda: tasks.drain("effects"))
    later.update(due_at=DUE)


def statuses_taken_back(installation: Installation, *places: str) -> list[int]:
    """Have staff complete or cancel each order between a death and the next attempt; return what did not stay so."""
    chosen = {}
    for place, status in islice(cycle(product(places, [COMPLETED, CANCELLED])), KILLS):
        installation.kill_at(place, "effects")
        number = StoreEffect.objects.get(state=State.SENDING).order.number
        installation.tell_store(f"orders/{number}", {"status_id": status})
        chosen[number] = status
        installation.go_on()
    found = {number: installation.in_store(number)["status_id"] for number in chosen}
    return [now for number, now in found.items() if now != chosen[number]]


def test_a_status_that_staff_set_after_a_death_stays(installation: Installation) -> None:
    bring_to_the_status(installation)
    skipped = StoreEffect.objects.filter(state=State.SKIPPED)
    before = skipped.count()
    assert statuses_taken_back(installation, "effect.sending", "effect.written") == []
    assert skipped.count() == before + KILLS


def test_a_status_that_is_not_read_first_is_taken_back(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_to_the_status(installation)
    never_changed = SimpleNamespace(status_id=11, date_modified=timezone.now())
    monkeypatch.setattr(StoreClient, "get_order", lambda client, number: never_changed)
    assert statuses_taken_back(installation, "effect.written") == [AWAITING_SHIPMENT] * KILLS
