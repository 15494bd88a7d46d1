"""What is overdue is told once, wherever workers are killed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.clock import database_now
from integration.flows import clock
from integration.models import ExceptionCase
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation, do_one
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
PLACES = ("reconcile.done",)


def test_deaths_while_looking_for_overdue_answers_tell_of_each_once(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "database_now", lambda: database_now() + timedelta(days=3))
    installation.place_and_bring_to("transmit", KILLS)
    for _ in range(KILLS):
        installation.healthy(lambda: do_one("mailboxes"))
        installation.ask("reconcile")
        installation.kill_at("reconcile.done", "documents")
        installation.go_on()
    overdue = ExceptionCase.objects.filter(kind=ExceptionCase.Kind.OVERDUE)
    assert overdue.filter(closed_at=None).count() == 2 * KILLS
    assert books.balance() == Reckoning(orders=KILLS)
    assert overdue.count() == ExceptionCase.objects.count() == 2 * KILLS
    assert installation.kills == dict.fromkeys(PLACES, KILLS)
