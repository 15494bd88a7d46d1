"""A decision undone: everything as before while nothing has left, and refused with the reason once something has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from archive.clock import database_now
from archive.models import AuditEntry
from integration.flows import decide
from integration.flows.decide import Refused
from integration.flows.decisions import carry_out
from integration.flows.plans import Given, plan
from integration.flows.undo import may_undo, undo
from integration.models import ExceptionCase, Expectation, LineEntry, Order, PurchaseOrder, StoreEffect, Work
from tests import factories
from tests.world import World, world

__all__ = ["world"]

REASON = "Agreed by telephone."


@pytest.fixture
def lea(world: World) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def case(world: World) -> ExceptionCase:
    """Twelve asked, eleven acknowledged, one on backorder."""
    world.network.answers["1004-1"] = "short"
    world.place(1004)
    world.run()
    return ExceptionCase.objects.get()


def decided(user: User, case: ExceptionCase, name: str, given: Given | None = None) -> ExceptionCase:
    given = given or Given()
    carry_out(user, case, name, given, REASON, plan(case, name, given).digest)
    return ExceptionCase.objects.get(pk=case.pk)


def stands() -> tuple[Any, ...]:
    """How everything stands that a decision about the answer changes."""
    purchase_order, order, case = (
        PurchaseOrder.objects.get(),
        Order.objects.get(),
        ExceptionCase.objects.get(),
    )
    standing = sorted(LineEntry.standing().values_list("kind", "quantity"))
    return (
        (
            purchase_order.state,
            purchase_order.accepted_by_id,
            purchase_order.agreed,
            order.state,
            order.state_reason,
        ),
        (case.closed_at, case.closed_by, case.decision, case.decision_reason, case.plan),
        sorted(Expectation.objects.filter(state__in=Expectation.UNMET).values_list("what", flat=True)),
        standing,
    )


@pytest.mark.parametrize("name", ["accept", "reject"])
def test_what_was_decided_is_undone_before_anything_left_and_decided_otherwise(
    world: World, lea: User, case: ExceptionCase, settings: Any, name: str
) -> None:
    settings.UNDO_SECONDS = 30
    before = stands()
    closed = decided(lea, case, name)
    assert closed.closed_at is not None
    held = Work.objects.filter(step="apply_effect")
    assert {each.due_at > database_now() + timedelta(seconds=25) for each in held} <= {True}
    world.run()
    assert world.store.state.order(1004)["status_id"] == 11
    assert may_undo(closed)
    undo(lea, closed)
    assert stands() == before
    assert StoreEffect.objects.count() == 0
    assert [each.verb for each in AuditEntry.objects.order_by("pk")] == [f"decide: {name}", "undo decision"]

    settings.UNDO_SECONDS = 0
    decided(lea, ExceptionCase.objects.get(), "accept", Given(leaves_store=True))
    Work.objects.update(due_at=database_now())
    world.run()
    assert PurchaseOrder.objects.get().state == "accepted"
    assert world.store.state.order(1004)["status_id"] == 11


def test_what_is_written_to_the_store_is_not_undone(world: World, lea: User, case: ExceptionCase) -> None:
    closed = decided(lea, case, "accept")
    world.run()
    assert world.store.state.order(1004)["status_id"] == 9
    assert not may_undo(closed)
    with pytest.raises(Refused, match="written to the store, or being written"):
        undo(lea, closed)
    assert PurchaseOrder.objects.get().state == "accepted"


def test_an_effect_whose_decision_was_undone_while_it_waited_its_turn_does_nothing(
    world: World, lea: User, case: ExceptionCase
) -> None:
    closed = decided(lea, case, "accept")
    undo(lea, closed)
    assert Work.objects.filter(step="apply_effect").count() == 2
    world.run()
    assert world.store.state.order(1004)["status_id"] == 11
    assert not Work.objects.filter(step="apply_effect").exists()


def test_settling_is_undone_and_the_case_holds_its_order_again(world: World, lea: User) -> None:
    order = factories.order(1042, state=Order.State.HELD, state_reason="No partner.")
    case = factories.case(kind="no_partner", order=order)
    decide.settle_case(lea, case, "Shipped by hand.")
    order.refresh_from_db()
    assert order.state == "not_ours"
    case.refresh_from_db()
    undo(lea, case)
    order.refresh_from_db()
    case.refresh_from_db()
    assert (order.state, order.state_reason, case.closed_at) == ("held", "No partner.", None)


def test_too_late_by_the_wrong_person_or_twice_it_is_refused(world: World, lea: User) -> None:
    case = factories.case()
    with pytest.raises(Refused, match="is open: there is nothing to undo"):
        undo(lea, case)
    decide.settle_case(lea, case, REASON)
    case.refresh_from_db()
    with pytest.raises(Refused, match="You may look at this, and not decide it"):
        undo(factories.user("vera", "view"), case)
    again = factories.case(cause=case.cause)
    with pytest.raises(Refused, match="another case of the same cause is open"):
        undo(lea, case)
    again.delete()
    ExceptionCase.objects.update(closed_at=F("closed_at") - timedelta(minutes=16))
    case.refresh_from_db()
    with pytest.raises(Refused, match="more than 15 minutes have passed"):
        undo(lea, case)
