"""P11: networks may break anywhere. Whatever a line does and wherever, P1 to P4 hold, and all ends as it should."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from archive.models import Interchange, TransmissionOutcome
from integration import tasks
from integration.bigcommerce import connection
from integration.bigcommerce.client import StoreClient
from integration.flows import apply, transmit
from integration.flows.stores import client_for
from integration.models import ExceptionCase
from tests.chaos.forking import is_whole, scaled
from tests.chaos.installation import Installation
from tests.chaos.networks import COMBINATIONS, MAILBOX, REFUSED, STORE, Combination, Networks, toxic_of
from tests.chaos.proxy import DOWN, UP, Toxic
from tests.chaos.reckoning import Books, Reckoning
from tests.chaos.test_store_effects import bring_to_the_status

pytestmark = pytest.mark.chaos

SCHEDULES = 25 if is_whole() else 10
SEEDS = range(20261128, 20261128 + (8 if is_whole() else 2))
ORDERS = 2 if is_whole() else 1
FAULTS = 6
ROUNDS = 4


@pytest.fixture(scope="module")
def shared_networks(shared_installation: Installation) -> Iterator[Networks]:
    networks = Networks(shared_installation)
    yield networks
    networks.close()


@pytest.fixture
def networks(shared_networks: Networks, books: Books, record_property: Any) -> Iterator[Networks]:
    before = shared_networks.made()
    shared_networks.lead_through()
    yield shared_networks
    shared_networks.heal()
    made: Counter[str] = Counter()
    for ((_, side, direction), place), times in (shared_networks.made() - before).items():
        made[f"{side} {place}, {direction}"] += times
    record_property("faults", dict(made))


def live_through(networks: Networks, dealt: list[Combination], rng: random.Random) -> list[Combination]:
    """Have rounds of work meet what was dealt; return what of it never came to happen.

    Each door that is shut has a round of its own.
    """
    shut = [combination[1] for combination in dealt if combination[::2] == REFUSED]
    for combination in dealt:
        if combination[::2] != REFUSED:
            networks.tell(combination[1], "arm", toxic_of(combination, rng))
    for _ in range(ROUNDS):
        networks.round(shut.pop() if shut else "")
        if not shut and not networks.anything_armed():
            break
    return networks.heal() + [("down", side, UP) for side in shut]


def unknown_ends() -> int:
    """Return how many uploads there were of which nobody knew whether they had arrived."""
    return TransmissionOutcome.objects.filter(result=TransmissionOutcome.Result.UNKNOWN).count()


@pytest.mark.parametrize("seed", SEEDS)
def test_p11_networks_that_break_anywhere_lose_and_double_nothing(
    installation: Installation, books: Books, networks: Networks, seed: int, record_property: Any
) -> None:
    record_property("seed", seed)
    before = networks.made()
    rng = random.Random(seed)
    deck: list[Combination] = []
    unknown_before = unknown_ends()
    for number in range(SCHEDULES):
        while len(deck) < FAULTS:
            deck += rng.sample(COMBINATIONS, len(COMBINATIONS))
        dealt, deck = deck[:FAULTS], deck[FAULTS:]
        installation.place(ORDERS)
        deck = live_through(networks, dealt, rng) + deck
        networks.settle()
        open_cases = list(ExceptionCase.objects.filter(closed_at=None).values_list("sentence", flat=True))
        assert open_cases == [], f"seed {seed}, schedule {number}: {dealt}"
    found = books.balance()
    made = {combination for combination, _ in networks.made() - before}
    # Only what the network took before anybody could look for it comes again, and then as it was.
    assert found.sent_again <= unknown_ends() - unknown_before
    assert replace(found, sent_again=0) == Reckoning(orders=SCHEDULES * ORDERS), f"seed {seed}"
    assert made == set(COMBINATIONS), f"seed {seed}"


# The same with one line changed: what each guard is for.

CUTS = scaled(20)


def lose_answers(networks: Networks, side: str, *places: str, every_other: bool = False) -> int:
    """Have what is at each of ``places`` be done and its answer lost, ``CUTS`` times; return how many were lost.

    ``every_other`` lets the next answer through after each, so that none is lost to what repeats at once.
    """
    networks.tell(
        side,
        "arm",
        *[
            Toxic("limit_data", DOWN, place=place, skip=number if every_other else 0)
            for place in places
            for number in range(CUTS)
        ],
    )
    for _ in range(ROUNDS):
        networks.round()
        if not networks.anything_armed():
            break
    left = networks.heal()
    networks.settle()
    return CUTS * len(places) - len(left)


def test_p11_answers_lost_to_writes_are_looked_for_and_nothing_is_written_twice(
    installation: Installation, books: Books, networks: Networks
) -> None:
    installation.place_and_bring_to("apply_effect", CUTS)
    assert lose_answers(networks, STORE, "POST answer", "PUT answer") == 2 * CUTS
    assert books.balance() == Reckoning(orders=CUTS)


def blind(client: StoreClient) -> StoreClient:
    """Return the client, to which every order looks as if nobody had written to it yet."""
    look = client.get_order
    client.get_order = lambda number: replace(look(number), status_id=11)  # type: ignore[method-assign]
    return client


def test_p11_a_status_that_is_not_looked_for_is_written_twice(
    installation: Installation, books: Books, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_to_the_status(installation, CUTS)
    monkeypatch.setattr(apply, "client_for", lambda store: blind(client_for(store)))
    assert lose_answers(networks, STORE, "PUT answer") == CUTS
    assert books.balance().put_again == CUTS


def test_p11_a_metafield_that_is_not_looked_for_is_posted_twice(
    installation: Installation, books: Books, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.place_and_bring_to("apply_effect", CUTS)
    find, looked = StoreClient._find_metafield, Counter[int]()

    def only_after_a_conflict(client: StoreClient, number: int, *field: str) -> Any:
        looked[number] += 1
        return find(client, number, *field) if looked[number] > 1 else None

    monkeypatch.setattr(StoreClient, "_find_metafield", only_after_a_conflict)
    assert lose_answers(networks, STORE, "POST answer") == CUTS
    assert books.balance().posted_again == CUTS


def test_p11_a_post_that_is_repeated_blindly_is_posted_twice(
    installation: Installation, books: Books, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.place_and_bring_to("apply_effect", CUTS)
    monkeypatch.setattr(connection, "REPEATED", ("GET", "POST"))
    assert lose_answers(networks, STORE, "POST answer", every_other=True) == CUTS
    assert books.balance().posted_again == CUTS


def test_p11_an_upload_under_a_fresh_name_each_time_arrives_as_another_file(
    installation: Installation, books: Books, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = transmit._stored

    def named_anew(interchange: Interchange) -> tuple[str, bytes]:
        name, data = stored(interchange)
        again = interchange.attempts.count()
        return (f"{again}-{name}" if again else name), data

    installation.network.answer = "silent"
    installation.place_and_bring_to("transmit", CUTS)
    monkeypatch.setattr(transmit, "_stored", named_anew)
    assert lose_answers(networks, MAILBOX, "rename") == CUTS
    found = books.balance()
    assert (found.altered, found.sent_again) == (CUTS, 0)


def test_p11_an_upload_whose_answer_is_lost_comes_again_as_it_was_if_at_all(
    installation: Installation, books: Books, networks: Networks
) -> None:
    installation.network.answer = "silent"
    installation.place_and_bring_to("transmit", CUTS)
    assert lose_answers(networks, MAILBOX, "rename") == CUTS
    found = books.balance()
    assert (found.altered, found.renumbered, found.never_sent, found.kept_back) == (0, 0, 0, 0)
    # The network took each before anybody could look: the same bytes once more, under the same name.
    assert found.sent_again == CUTS


def test_p11_the_case_about_a_dead_line_closes_by_itself_once_it_is_mended(
    installation: Installation, books: Books, networks: Networks
) -> None:
    installation.place(2)
    opened = ExceptionCase.objects.filter(cause__startswith="channel:", closed_at=None)
    for side in (STORE, MAILBOX):
        for _ in range(2 * tasks.TRIES_UNTIL_CASE):
            networks.round(side)
            if opened.all():
                break
        [case] = opened.all()
        assert case.cause.startswith(f"channel:{side}:")
        networks.settle()
        case.refresh_from_db()
        assert (case.decision, case.closed_by) == (ExceptionCase.Decision.RELEASED, "Gridport")
        assert case.decision_reason.startswith("It works again: ")
    assert books.balance() == Reckoning(orders=2)
