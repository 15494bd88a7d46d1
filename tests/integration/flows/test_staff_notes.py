"""Staff notes: a line about each purchase order where that is agreed, once, with everything kept that staff wrote."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integration.bigcommerce import connection
from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.orders import StoreOrder
from integration.flows import decide
from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.models import ExceptionCase, Order, Store, StoreEffect
from integration.simulators.store.faults import Fault
from integration.simulators.store.sample_orders import STAFF_NOTES
from partners.models import Agreement
from tests import factories
from tests.pages import open_desk
from tests.world import World, world

__all__ = ["world"]

ORDER = 1028
SIGN = re.compile(r" \[Gridport [0-9a-f]{12}\]$")
NOTE = StoreEffect.Kind.NOTE


@pytest.fixture(autouse=True)
def agreed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agree on notes with every supplier; leave trying again to the work, so that each state is seen."""
    monkeypatch.setattr(connection, "TRIES", 1)
    Agreement.objects.update(writes_staff_notes=True)


@pytest.fixture
def lead(world: World) -> User:
    return factories.user("lea", "decide")


def notes(world: World, number: int = ORDER) -> str:
    return str(world.store.state.order(number)["staff_notes"])


def put_bodies(world: World) -> list[dict[str, Any]]:
    return [each["body"] for each in world.store.state.ledger if each["method"] == "PUT"]


def noted(world: World) -> list[dict[str, Any]]:
    """Return the bodies of the writes to staff notes."""
    return [body for body in put_bodies(world) if "staff_notes" in body]


def today() -> str:
    day = timezone.now().astimezone(ZoneInfo("America/Chicago"))
    return f"{day.day} {day:%b %Y}"


def promised() -> str:
    """Return the day for which the simulated suppliers promise what nobody asked for a day."""
    day = timezone.now()
    return f"{day.day} {day:%b %Y}"


def told(line: str) -> str:
    """Return a line of ours without its sign; fail where it has none."""
    assert SIGN.search(line), line
    return SIGN.sub("", line)


ACCEPTED = "Purchase order 1028-1: Acme Supply accepts its one line as ordered, promised for {day}."


def test_an_acceptance_adds_a_line_and_keeps_what_a_person_wrote(world: World) -> None:
    world.place(ORDER)
    world.run()
    assert notes(world).startswith(f"{STAFF_NOTES}\n")
    [line] = notes(world).removeprefix(f"{STAFF_NOTES}\n").split("\n")
    assert told(line) == f"{today()}: {ACCEPTED.format(day=promised())}"
    # The status as it was read goes along: what a PUT without it does is described nowhere.
    assert put_bodies(world) == [{"status_id": 9}, {"status_id": 9, "staff_notes": notes(world)}]
    assert f"The order's staff notes have a new line: “{line}”" in open_desk().page(Order.objects.get())


def test_empty_notes_hold_the_line_alone(world: World) -> None:
    world.place(1001)
    world.run()
    [line] = notes(world, 1001).split("\n")
    assert told(line).startswith(
        f"{today()}: Purchase order 1001-1: Acme Supply accepts its one line as ordered"
    )


def test_without_the_agreement_the_notes_are_left_alone(world: World) -> None:
    Agreement.objects.update(writes_staff_notes=False)
    world.place(ORDER)
    world.run()
    assert notes(world) == STAFF_NOTES
    assert put_bodies(world) == [{"status_id": 9}]
    assert not StoreEffect.objects.filter(kind=NOTE).exists()


def test_each_purchase_order_of_an_order_has_its_line_and_a_second_acceptance_adds_none(world: World) -> None:
    world.place(1015)
    world.run()
    for sent in list(world.network.taken.iterdir()):
        sent.rename(world.network.inbox / f"again-{sent.name}")
    world.run()
    lines = notes(world, 1015).split("\n")
    assert [told(line).split(": ", 1)[1].split(",")[0] for line in sorted(lines)] == [
        "Purchase order 1015-1: Acme Supply accepts all 2 lines as ordered",
        "Purchase order 1015-2: Borealis Trading accepts its one line as ordered",
    ]
    assert len(noted(world)) == 2


def decided(world: World, lead: User, name: str) -> list[str]:
    """Have order 1004 answered short, and decide; return the plan's sentences."""
    world.network.answers["1004-1"] = "short"
    world.place(1004)
    world.run()
    assert noted(world) == []
    case = ExceptionCase.objects.get()
    shown = plan(case, name, Given())
    carry_out(lead, case, name, Given(), "Agreed by telephone.", shown.digest)
    world.run()
    return shown.sentences


def test_accepting_as_acknowledged_is_noted_as_the_plan_showed_it(world: World, lead: User) -> None:
    words = (
        "Purchase order 1004-1: accepted as Acme Supply answered it. Line 1 (AC-004): 11 of 12 each acknowledged, 1 on"
        f" backorder, promised for {promised()}."
    )
    sentences = decided(world, lead, "accept")
    assert sentences[-1] == f"The order's staff notes in the store get a line, with today's date: “{words}”"
    assert told(notes(world, 1004)) == f"{today()}: {words}"


def test_a_cancellation_is_noted_as_the_plan_showed_it_and_nothing_else_is_written(
    world: World, lead: User
) -> None:
    words = "Purchase order 1004-1: cancelled by us after the answer of Acme Supply."
    sentences = decided(world, lead, "reject")
    assert sentences[-1] == f"The order's staff notes in the store get a line, with today's date: “{words}”"
    assert told(notes(world, 1004)) == f"{today()}: {words}"
    assert put_bodies(world) == [{"status_id": 11, "staff_notes": notes(world, 1004)}]


def test_a_long_answer_is_noted_by_its_first_lines(world: World, lead: User) -> None:
    world.network.answers["1005-1"] = "short"
    world.place(1005)
    world.run()
    shown = plan(ExceptionCase.objects.get(), "accept", Given())
    assert shown.note.count("acknowledged") == 5
    assert shown.note.endswith(" 46 more lines.")


def bring_to_the_note(world: World, kind: str, **fault: Any) -> None:
    """Let the order be accepted and its status be written; have the next write, of the notes, meet a fault."""
    path = f"/v2/orders/{ORDER}"
    world.store.state.faults += [Fault("PUT", path, kind="delay"), Fault("PUT", path, kind=kind, **fault)]
    world.place(ORDER)
    world.run()
    assert world.store.state.order(ORDER)["status_id"] == 9


def state() -> str:
    return StoreEffect.objects.get(kind=NOTE).state


def test_a_line_that_was_written_while_its_answer_was_lost_is_found_and_not_written_again(
    world: World,
) -> None:
    bring_to_the_note(world, "apply_then_close")
    assert state() == "unknown"
    world.store.state.change(ORDER, {"staff_notes": f"{notes(world)}\nThanks! – Jo"}, checked=False)
    world.later()
    assert state() == "done"
    assert len(noted(world)) == 1
    first, second = notes(world).removeprefix(f"{STAFF_NOTES}\n").split("\n")
    assert (told(first).split(": ", 1)[1], second) == (ACCEPTED.format(day=promised()), "Thanks! – Jo")


def test_a_line_that_was_not_written_is_added_to_what_the_notes_hold_by_then(world: World) -> None:
    bring_to_the_note(world, "close")
    assert state() == "unknown"
    assert notes(world) == STAFF_NOTES
    world.store.state.change(ORDER, {"staff_notes": "All new."}, checked=False)
    world.later()
    assert state() == "done"
    kept, line = notes(world).split("\n")
    assert (kept, told(line)) == ("All new.", f"{today()}: {ACCEPTED.format(day=promised())}")


def test_what_staff_write_between_two_attempts_is_kept(world: World) -> None:
    bring_to_the_note(world, "status", status=503)
    assert state() == "unknown"
    world.store.state.change(ORDER, {"staff_notes": "Second.", "status_id": 10}, checked=False)
    world.later()
    kept, line = notes(world).split("\n")
    assert (kept, told(line).split(": ", 1)[1]) == ("Second.", ACCEPTED.format(day=promised()))
    assert noted(world)[-1]["status_id"] == 10


def test_what_cannot_be_promised_is_what_staff_save_between_our_read_and_our_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_staff_notes = StoreClient.update_staff_notes

    def too_late(client: StoreClient, number: int, notes: str, status_id: int) -> StoreOrder:
        world.store.state.change(number, {"staff_notes": "Too quick.", "status_id": 10}, checked=False)
        return update_staff_notes(client, number, notes, status_id)

    monkeypatch.setattr(StoreClient, "update_staff_notes", too_late)
    world.place(ORDER)
    world.run()
    assert notes(world).startswith(f"{STAFF_NOTES}\n")
    assert world.store.state.order(ORDER)["status_id"] == 9


def fill_notes(world: World, room: int) -> str:
    """Fill the notes of order 1028 so that the line and its new line have ``room`` left; return what they hold."""
    line = f"{today()}: {ACCEPTED.format(day=promised())} [Gridport 123456789abc]"
    filled = "é" * (65_535 - len(line) - 1 - room)
    world.store.state.orders[ORDER].order["staff_notes"] = filled
    return filled


def test_the_last_character_of_the_notes_is_used(world: World) -> None:
    filled = fill_notes(world, room=0)
    world.place(ORDER)
    world.run()
    assert len(notes(world)) == 65_535
    assert notes(world).startswith(f"{filled}\n")
    assert state() == "done"


def test_notes_without_room_are_left_alone_and_say_so_and_hold_up_nothing(world: World) -> None:
    filled = fill_notes(world, room=-1)
    world.place(ORDER)
    world.run()
    assert notes(world) == filled
    assert noted(world) == []
    assert world.store.state.order(ORDER)["status_id"] == 9
    effect = StoreEffect.objects.get(kind=NOTE)
    sentence = (
        f"The staff notes of order 1028 have no room left for “{effect.intended['line']}”: the store takes 65,535"
        f" characters, and they hold {len(filled):,}. Nothing was written or cut off."
    )
    assert (effect.state, effect.answer) == ("skipped", {"error": sentence})
    assert sentence in open_desk().page(Order.objects.get())
    assert not ExceptionCase.objects.exists()


def test_a_refused_note_is_a_case_and_the_status_is_written_all_the_same(world: World) -> None:
    bring_to_the_note(world, "status", status=422)
    assert state() == "failed"
    case = ExceptionCase.objects.get()
    assert case.sentence.startswith("The store refused (write the staff notes of order 1028, HTTP 422")


def test_in_watch_nothing_is_written_until_the_store_goes_live_again(world: World, lead: User) -> None:
    world.network.answer = "silent"
    world.place(ORDER)
    world.run()
    boss = factories.user("bo", superuser=True)
    decide.back_to_watch(boss, Store.objects.get(), "Inventory.")
    world.network.answer = "accept"
    for sent in list(world.network.taken.iterdir()):
        sent.rename(world.network.inbox / f"again-{sent.name}")
    world.run()
    assert state() == "waiting"
    assert put_bodies(world) == []
    decide.go_live(boss, Store.objects.get(), "Done.", live_from=timezone.now() - timedelta(days=400))
    world.run()
    assert state() == "done"
    assert len(noted(world)) == 1
