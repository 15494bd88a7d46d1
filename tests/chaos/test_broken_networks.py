"""P11: networks may break anywhere. Whatever a line does and wherever, P1 to P4 hold, and all ends as it should."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from archive.models import TransmissionOutcome
from integration.models import ExceptionCase
from tests.chaos.forking import is_whole
from tests.chaos.installation import Installation
from tests.chaos.networks import COMBINATIONS, Combination, Networks, toxic_of
from tests.chaos.proxy import UP
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

SCHEDULES = 25 if is_whole() else 10
SEEDS = range(20261128, 20261128 + (8 if is_whole() else 2))
ORDERS = 2
FAULTS = 6
ROUNDS = 4


@pytest.fixture(scope="module")
def shared_networks(shared_installation: Installation) -> Iterator[Networks]:
    networks = Networks(shared_installation)
    yield networks
    networks.close()


@pytest.fixture
def networks(shared_networks: Networks, books: Books, record_property: Any) -> Iterator[Networks]:
    before = len(shared_networks.made())
    shared_networks.lead_through()
    yield shared_networks
    shared_networks.heal()
    made = Counter(
        f"{side} {place}, {direction}" for (_, side, direction), place in shared_networks.made()[before:]
    )
    record_property("faults", dict(made))


def live_through(networks: Networks, dealt: list[Combination], rng: random.Random) -> None:
    """Have rounds of work meet what was dealt, the doors that are shut among it, each in a round of its own."""
    shut = [side for kind, side, direction in dealt if (kind, direction) == ("down", UP)]
    for combination in dealt:
        if (combination[0], combination[2]) != ("down", UP):
            networks.tell(combination[1], "arm", toxic_of(combination, rng))
    for _ in range(ROUNDS):
        networks.round(shut.pop() if shut else "")
        if not shut and not networks.anything_armed():
            return


@pytest.mark.parametrize("seed", SEEDS)
def test_p11_networks_that_break_anywhere_lose_and_double_nothing(
    installation: Installation, books: Books, networks: Networks, seed: int, record_property: Any
) -> None:
    record_property("seed", seed)
    before = len(networks.made())
    rng = random.Random(seed)
    deck: list[Combination] = []
    for number in range(SCHEDULES):
        while len(deck) < FAULTS:
            deck += rng.sample(COMBINATIONS, len(COMBINATIONS))
        dealt, deck = deck[:FAULTS], deck[FAULTS:]
        installation.place(ORDERS)
        live_through(networks, dealt, rng)
        networks.settle()
        open_cases = list(ExceptionCase.objects.filter(closed_at=None).values_list("sentence", flat=True))
        assert open_cases == [], f"seed {seed}, schedule {number}: {dealt}"
    found = books.balance()
    made = Counter(combination for combination, _ in networks.made()[before:])
    unknown = TransmissionOutcome.objects.filter(result="unknown").count()
    assert found.sent_again <= unknown
    assert replace(found, sent_again=0) == Reckoning(orders=SCHEDULES * ORDERS), f"seed {seed}"
    assert set(made) == set(COMBINATIONS), f"never made: {set(COMBINATIONS) - set(made)}"
