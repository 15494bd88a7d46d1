"""P1 of the mailbox: a file that was taken is read once, and what follows from it done once, wherever workers die."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from archive.models import Transmission
from integration.errors import RetryableError
from integration.flows import receive
from integration.flows.steps import STEPS
from integration.transports.directory import DirectoryTransport
from integration.work import Step
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation, do_one
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
FETCHING = ("receive.stored", "receive.removed", "fetch_mailbox.done")
READING = ("translate.done", "match.done")


def answers(installation: Installation, orders: int) -> Iterator[None]:
    """Let the two answers to one order lie on the mailbox at a time, and no others."""
    installation.place(orders)
    installation.ask("poll_store")
    installation.bring_to("fetch_mailbox")
    installation.network.take_all()
    waiting = sorted(installation.network.outbox.iterdir(), key=lambda path: path.name[-16:])
    files = [(path.name, path.read_bytes()) for path in waiting]
    for path in waiting:
        path.unlink()
    assert len(files) == 2 * orders
    for pair in zip(files[::2], files[1::2], strict=True):
        for name, data in pair:
            installation.network.drop(name, data)
        yield


def kill_while_fetching(installation: Installation, *places: str) -> None:
    """Die at the first of two files and at the second, in turn."""
    lying = answers(installation, KILLS * len(places))
    for place in places:
        for number in range(KILLS):
            next(lying)
            installation.ask("fetch_mailbox")
            installation.kill_at(place, "mailboxes", passing=1 if place.endswith(".done") else 1 + number % 2)
            installation.go_on()


def test_deaths_while_fetching_and_reading_lose_and_double_nothing(
    installation: Installation, books: Books
) -> None:
    kill_while_fetching(installation, *FETCHING)
    for place in READING:
        installation.bring_to(place.removesuffix(".done"))
        for _ in range(KILLS):
            installation.kill_at(place, "documents")
            installation.go_on()
    assert books.balance() == Reckoning(orders=len(FETCHING) * KILLS)
    assert installation.kills == dict.fromkeys([*FETCHING, *READING], KILLS)


def test_files_that_are_not_committed_before_they_are_removed_are_lost(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = STEPS["fetch_mailbox"]
    monkeypatch.setitem(STEPS, "fetch_mailbox", replace(kind, run=transaction.atomic(kind.run)))
    kill_while_fetching(installation, "receive.removed")
    assert books.balance().unread == sum(1 + number % 2 for number in range(KILLS))


def test_files_that_only_the_run_that_took_them_hands_over_are_lost(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Transmission] = []

    def recorded(*arrival: Any) -> Transmission:
        taken.append(record_arrival(*arrival))
        return taken[-1]

    def of_this_run(mailbox: Any) -> list[Step]:
        return [Step("translate", str(each.pk), f"transmission:{each.pk}") for each in taken]

    record_arrival = receive.record_arrival
    monkeypatch.setattr(receive, "record_arrival", recorded)
    monkeypatch.setattr(receive, "_translate_steps", of_this_run)
    kill_while_fetching(installation, "fetch_mailbox.done")
    assert books.balance().unread == 2 * KILLS


def test_a_fault_at_a_later_file_loses_no_earlier_one(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.place_and_bring_to("transmit", 1)
    installation.healthy(lambda: do_one("mailboxes"))
    assert installation.network.take_all() == 1
    fetch = DirectoryTransport.fetch
    fetched: list[str] = []

    def fetch_one(transport: DirectoryTransport, name: str, limit: int) -> bytes:
        fetched.append(name)
        if len(fetched) > 1:
            raise RetryableError("The line broke.")
        return fetch(transport, name, limit)

    with monkeypatch.context() as broken:
        broken.setattr(DirectoryTransport, "fetch", fetch_one)
        installation.ask("fetch_mailbox")
        installation.healthy(lambda: do_one("mailboxes"))
    assert [path.name[-7:] for path in installation.network.outbox.iterdir()] == ["855.x12"]
    assert books.balance() == Reckoning(orders=1)


def test_a_file_whose_like_is_not_looked_for_is_taken_twice(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "known_files", lambda mailbox, name: [])
    kill_while_fetching(installation, "receive.stored")
    assert books.balance().read_again == KILLS
