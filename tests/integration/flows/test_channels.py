"""A store or mailbox in trouble: one case, however much waits for it, and all of it goes on together."""

from __future__ import annotations

import pytest

from integration.bigcommerce import connection
from integration.flows import decide
from integration.flows.import_orders import import_step
from integration.models import ExceptionCase, Store, Work
from integration.work import put
from tests import factories
from tests.world import World, world

__all__ = ["world"]


@pytest.fixture
def refused(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose store refuses the token while two orders are to be read."""
    monkeypatch.setattr(connection, "TRIES", 1)
    Store.objects.update(token="stale")
    for number in (1002, 1013):
        world.place(number)
        put("orders", import_step(world.row.pk, number))
    world.poll()
    return world


def parked() -> list[tuple[str, str]]:
    return list(Work.objects.filter(parked_at__isnull=False).order_by("pk").values_list("step", "channel"))


def test_three_refused_steps_are_one_case(refused: World) -> None:
    channel = f"store:{refused.row.pk}"
    assert parked() == [("import_order", channel), ("import_order", channel)]
    case = ExceptionCase.objects.get()
    assert (case.kind, case.cause, case.store, case.order) == (
        "store",
        f"channel:{channel}",
        refused.row,
        None,
    )


def test_saved_settings_let_everything_try_again_at_once(refused: World) -> None:
    Store.objects.update(token="token")
    assert decide.settings_changed(refused.row) == 3
    assert parked() == []
    refused.run()
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_trying_the_case_again_lets_everything_try_again(refused: World) -> None:
    Store.objects.update(token="token")
    case = ExceptionCase.objects.get()
    assert [step.name for step in decide.steps_to_retry(case)] == ["poll_store"]
    decide.retry_case(factories.user("dora", "decide"), case, "The token was renewed.")
    assert parked() == []
    refused.run()
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason) == ("dora", "The token was renewed.")
    assert ExceptionCase.objects.count() == 1


def test_a_case_tried_again_in_vain_opens_again(refused: World) -> None:
    case = ExceptionCase.objects.get()
    decide.retry_case(factories.user("dora", "decide"), case, "Perhaps it works.")
    refused.poll()
    assert ExceptionCase.objects.filter(closed_at=None).count() == 1
    assert len(parked()) == 2
