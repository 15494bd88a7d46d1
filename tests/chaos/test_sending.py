"""P2: a purchase order reaches its supplier once and under one identity, wherever workers are killed."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from archive.models import Interchange, Transmission
from integration.flows import import_orders, transmit
from integration.flows.generate import purchase_order_outgoing
from integration.flows.outgoing import store_interchange
from integration.flows.steps import STEPS
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
TWICE = KILLS // 2
BEFORE_SENDING = ("import_order.done", "route.done", "compose.done", "generate.done")
SENDING = ("transmit.attempt_committed", "transport.uploaded", "transmit.sent", "transmit.done")


def kill_after_polls(installation: Installation) -> None:
    """Have two orders come with every poll, and die when the cursor may be past them and nobody was told."""
    for _ in range(KILLS):
        installation.place(2)
        installation.ask("poll_store")
        installation.kill_at("poll_store.done", "store")
        installation.go_on()


def test_deaths_on_the_way_to_the_mailbox_lose_and_double_nothing(
    installation: Installation, books: Books
) -> None:
    kill_after_polls(installation)
    for place in BEFORE_SENDING:
        installation.bring_to(place.removesuffix(".done"))
        for _ in range(KILLS):
            installation.kill_at(place, "orders")
            installation.go_on()
    assert books.balance() == Reckoning(orders=2 * KILLS)
    assert installation.kills == dict.fromkeys(["poll_store.done", *BEFORE_SENDING], KILLS)


def test_a_cursor_that_passes_all_that_was_seen_loses_orders(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_over = import_orders._pass_over

    def pass_over_all(store: Any, page: Any, seen: Any, now: Any) -> Any:
        goes_on = pass_over(store, page, seen, now)
        seen.safe = max([seen.safe, *(found.date_modified for found in page)])
        return goes_on

    monkeypatch.setattr(import_orders, "_pass_over", pass_over_all)
    installation.network.answer = "silent"
    kill_after_polls(installation)
    assert books.balance().never_sent == KILLS


def kill_while_sending(installation: Installation, place: str) -> None:
    """Kill at documents' first attempts; every other time the network takes what lies there before the second."""
    for number in range(KILLS):
        installation.kill_at(place, "mailboxes")
        if number % 2 == 0:
            installation.network.take_all()
        installation.go_on()
    installation.network.take_all()


def kill_at_each_place_of_sending(installation: Installation, books: Books) -> None:
    """Kill at each place in turn; fail where more files came again, or more attempts were made, than had to be.

    Only what lay on the mailbox whole, and was taken before its outcome was committed, has to be sent again unseen.
    """
    installation.place_and_bring_to("transmit", len(SENDING) * KILLS)
    again, attempts = [], [Transmission.objects.filter(direction="out").count()]
    for place in SENDING:
        kill_while_sending(installation, place)
        again.append(books.sent_again())
        attempts.append(Transmission.objects.filter(direction="out").count())
    assert again == [0, 0, TWICE, TWICE]
    assert [now - before for before, now in pairwise(attempts)] == [
        2 * KILLS,
        2 * KILLS,
        KILLS + TWICE,
        KILLS,
    ]
    assert installation.kills == dict.fromkeys(SENDING, KILLS)


def test_deaths_while_sending_send_the_same_again_at_most(installation: Installation, books: Books) -> None:
    kill_at_each_place_of_sending(installation, books)
    assert books.balance() == Reckoning(orders=len(SENDING) * KILLS, sent_again=TWICE)


def test_deaths_while_sending_over_sftp_send_the_same_again_at_most(
    installation: Installation, books: Books
) -> None:
    installation.use("sftp")
    installation.network.answer = "silent"
    kill_at_each_place_of_sending(installation, books)
    orders = len(SENDING) * KILLS
    unanswered = Reckoning(orders=orders, misposted=orders, not_written=2 * orders)
    assert books.balance() == replace(unanswered, sent_again=TWICE)


stored = transmit._stored


def made_anew(interchange: Interchange) -> tuple[str, bytes]:
    """Return what a sender sends that stores nothing: every attempt after the first is a new interchange."""
    if not interchange.attempts.exists():
        return stored(interchange)
    purchase_order = interchange.documents.get().orders.get().purchase_order
    outgoing = purchase_order_outgoing(purchase_order)
    with transaction.atomic():
        document = store_interchange(outgoing, timezone.now())
    return stored(document.interchange)


def kill_after_the_upload(installation: Installation) -> None:
    installation.network.answer = "silent"
    installation.place_and_bring_to("transmit", KILLS)
    kill_while_sending(installation, "transmit.sent")


def test_a_new_interchange_for_each_attempt_reaches_suppliers_twice(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transmit, "_stored", made_anew)
    kill_after_the_upload(installation)
    found = books.balance()
    assert (found.renumbered, found.sent_again) == (KILLS, 0)


def test_an_attempt_that_is_not_committed_first_is_not_in_the_archive(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = STEPS["transmit"]
    monkeypatch.setitem(STEPS, "transmit", replace(kind, run=transaction.atomic(kind.run)))
    kill_after_the_upload(installation)
    found = books.balance()
    assert (found.unrecorded, found.sent_again) == (TWICE, TWICE)


@pytest.mark.parametrize("seed", [20261124])
def test_deaths_at_any_time_under_load_lose_and_double_nothing(
    installation: Installation, books: Books, seed: int, record_property: Any
) -> None:
    record_property("seed", seed)
    rng = random.Random(seed)
    for _ in range(KILLS):
        installation.place(2)
        installation.ask("poll_store", "fetch_mailbox")
        installation.kill_at("work.claimed", passing=rng.randint(2, 12))
        if rng.random() < 0.5:
            installation.network.take_all()
        installation.go_on()
    assert books.balance() == Reckoning(orders=2 * KILLS)
    assert installation.kills == {"work.claimed": KILLS}
