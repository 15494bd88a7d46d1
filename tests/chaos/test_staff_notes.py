"""P3: the line in the staff notes is written once, and what staff wrote is kept, wherever workers are killed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from integration import tasks
from integration.bigcommerce.client import StoreClient
from integration.flows import apply
from integration.models import StoreEffect, Work
from partners.models import Agreement
from tests.chaos.forking import scaled
from tests.chaos.installation import DUE, HELD, Installation
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
PLACES = ("effect.sending", "effect.written", "apply_effect.done")
UNANSWERED = "PUT not answered"
SIGN = re.compile(r"\[Gridport [0-9a-f]{12}\]$")
State = StoreEffect.State
BEFORE, MEANWHILE = "Called on Monday.", "Called again on Tuesday."


@pytest.fixture
def noting(installation: Installation) -> Iterator[Installation]:
    """The installation, with notes agreed on with both suppliers."""
    Agreement.objects.update(writes_staff_notes=True)
    yield installation
    Agreement.objects.update(writes_staff_notes=False)


def bring_to_the_note(installation: Installation, orders: int) -> list[int]:
    """Let orders whose notes a person wrote come so far that nothing but our line is left; return their numbers."""
    first = len(installation.placed)
    installation.place_and_bring_to("apply_effect", orders)
    effects = StoreEffect.objects.filter(kind=StoreEffect.Kind.NOTE, state=State.WAITING)
    later = Work.objects.filter(subject__in=[str(pk) for pk in effects.values_list("pk", flat=True)])
    later.update(due_at=HELD)
    installation.healthy(lambda: tasks.drain("effects", timedelta(minutes=10)))
    later.update(due_at=DUE)
    numbers = installation.placed[first:]
    for number in numbers:
        installation.tell_store(f"orders/{number}", {"staff_notes": BEFORE})
    return numbers


def kill(installation: Installation, place: str) -> None:
    if place == UNANSWERED:
        installation.kill_unanswered("PUT", "effects")
    else:
        installation.kill_at(place, "effects")


def staff_write_after_each_death(installation: Installation, *places: str) -> None:
    """Kill at each place in turn; before the next attempt somebody adds a line of his own to the notes."""
    for place in places:
        for _ in range(KILLS):
            waiting = set(_undone())
            kill(installation, place)
            # Only where the work was finished and not handed over, the effect is done already.
            [died_at] = [*StoreEffect.objects.filter(pk__in=waiting, state=State.SENDING)] or [
                *StoreEffect.objects.filter(pk__in=waiting, state=State.DONE)
            ]
            number = died_at.order.number
            held = installation.in_store(number)["staff_notes"]
            installation.tell_store(f"orders/{number}", {"staff_notes": f"{held}\n{MEANWHILE}"})
            installation.go_on()


def _undone() -> Iterator[int]:
    notes = StoreEffect.objects.filter(kind=StoreEffect.Kind.NOTE)
    return notes.exclude(state=State.DONE).values_list("pk", flat=True).iterator()


def kept_in(installation: Installation, numbers: list[int]) -> Counter[str]:
    """Return how often each line stands in the notes of the orders; all of ours count as one."""
    lines = [line for number in numbers for line in installation.in_store(number)["staff_notes"].split("\n")]
    return Counter("ours" if SIGN.search(line) else line for line in lines)


def test_deaths_around_a_note_write_it_once_and_keep_what_staff_write_between_them(
    noting: Installation, books: Books
) -> None:
    places = [*PLACES, UNANSWERED]
    numbers = bring_to_the_note(noting, len(places) * KILLS)
    staff_write_after_each_death(noting, *places)
    assert books.balance() == Reckoning(orders=len(numbers))
    assert noting.kills == dict.fromkeys(places, KILLS)
    once_each = len(numbers)
    assert kept_in(noting, numbers) == {"ours": once_each, BEFORE: once_each, MEANWHILE: once_each}


def test_a_line_that_is_not_looked_for_stands_there_twice(
    noting: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "_holds", lambda notes, sign: False)
    numbers = bring_to_the_note(noting, KILLS)
    staff_write_after_each_death(noting, "effect.written")
    assert kept_in(noting, numbers) == {"ours": 2 * KILLS, BEFORE: KILLS, MEANWHILE: KILLS}


def test_notes_that_are_not_read_anew_lose_what_staff_wrote(
    noting: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = bring_to_the_note(noting, KILLS)
    get_order = StoreClient.get_order

    def as_first_read(client: StoreClient, number: int) -> Any:
        return replace(get_order(client, number), staff_notes=BEFORE)

    monkeypatch.setattr(StoreClient, "get_order", as_first_read)
    staff_write_after_each_death(noting, "effect.sending")
    assert kept_in(noting, numbers) == {"ours": KILLS, BEFORE: KILLS}
