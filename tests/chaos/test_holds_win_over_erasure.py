"""A hold wins against an erasure too: taken while a customer is being forgotten, and when the database is asked past the verbs."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, connections, transaction

from archive.models import ErasureCertificate, Hold, PayloadKey
from integration.flows.erase import approve_erasure, propose_erasure
from integration.flows.holds import Covered, take_hold
from integration.flows.persons import tie
from integration.flows.rights import Refused
from integration.models import Erasure, Order, OrderDocument
from portal.copies import DatabaseCopies
from tests import factories
from tests.chaos.forking import is_whole, scaled
from tests.chaos.test_holds_win import on_own_connection, wait_until_somebody_waits_for_a_lock
from tests.conftest import own_database
from tests.governed import WHY, photo, rule

pytestmark = pytest.mark.chaos
RACES = scaled(100) if is_whole() else 8


@pytest.fixture(scope="module")
def people(
    copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[User, User]]:
    """Two people who may have somebody forgotten; everything is committed, and each test has an order of its own."""
    with own_database(copies, django_db_blocker):
        first, second = (factories.user(f"keeper{number}", superuser=True) for number in (1, 2))
        yield first, second


def proposed(first: User) -> tuple[Order, Erasure]:
    """Return an order of which one document came, and the erasure of its customer, about to be agreed to."""
    order = factories.order(state=Order.State.ACCEPTED)
    with transaction.atomic():
        tie(order, factories.document(), OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT)
    return order, propose_erasure(first, order, "She asked.")


def hold_it(user: User, order: Order) -> Hold:
    return take_hold(user, "Larch against us", Covered(order=order), WHY)


def keys_of(erasure: Erasure) -> int:
    return PayloadKey.objects.filter(payload__in=erasure.plan["payloads"]).count()


def test_a_hold_that_is_being_taken_is_waited_for_and_wins(people: tuple[User, User]) -> None:
    first, second = people
    order, erasure = proposed(first)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hold = hold_it(first, order)
            erasing = pool.submit(on_own_connection(lambda: approve_erasure(second, erasure, "Checked.")))
            wait_until_somebody_waits_for_a_lock()
        with pytest.raises(Refused) as refused:
            erasing.result(timeout=120)
    assert str(refused.value) == (
        f"It is on hold since {hold.recorded_at.day} {hold.recorded_at:%B %Y}: Larch against us."
        " Nothing is erased: it can be agreed to once that is over, or withdrawn."
    )
    erasure.refresh_from_db()
    assert (keys_of(erasure), erasure.state) == (1, "proposed")


def test_a_hold_taken_while_somebody_is_forgotten_waits_and_finds_it_gone(people: tuple[User, User]) -> None:
    first, second = people
    order, erasure = proposed(first)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            approve_erasure(second, erasure, "Checked.")
            holding = pool.submit(on_own_connection(lambda: hold_it(first, order)))
            wait_until_somebody_waits_for_a_lock()
        holding.result(timeout=120)
    assert keys_of(erasure) == 0
    assert ErasureCertificate.objects.filter(erasure=erasure.pk).exists()
    assert Hold.objects.filter(order=order.pk).exists()


def test_without_the_lock_a_hold_is_overlooked(people: tuple[User, User]) -> None:
    """The variant, different in one line: what is taken and not committed yet is not seen."""
    first, second = people
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT pg_get_functiondef('gridport_erase(bigint)'::regprocedure)")
        [function] = owner.fetchone()
        naive = function.replace("PERFORM pg_advisory_xact_lock(hashtext('gridport.disposal'));", "")
        assert naive != function
        order, erasure = proposed(first)
        owner.execute(naive)
        try:
            with ThreadPoolExecutor(1) as pool, transaction.atomic():
                hold_it(first, order)
                erasing = pool.submit(on_own_connection(lambda: approve_erasure(second, erasure, "Checked.")))
                erasing.result(timeout=120)
        finally:
            owner.execute(function)
    assert keys_of(erasure) == 0
    assert Hold.objects.filter(order=order.pk).exists()


def test_of_a_hold_and_an_erasure_at_once_one_is_first(
    people: tuple[User, User], record_property: Any
) -> None:
    chance, seen = random.Random(24), Counter[str]()
    record_property("seed", 24)
    for _ in range(RACES):
        order, erasure = proposed(people[0])
        ready = threading.Barrier(2)
        head_start = chance.uniform(0.0, 0.3)  # an erasure has more to do before it asks

        def racing(
            act: Callable[[], object], wait: float, ready: threading.Barrier = ready
        ) -> Callable[[], None]:
            def acted() -> None:
                ready.wait(timeout=120)
                time.sleep(wait)
                act()

            return on_own_connection(acted)

        with ThreadPoolExecutor(2) as pool:
            holding = pool.submit(racing(lambda order=order: hold_it(people[0], order), head_start))  # type: ignore[misc]
            erasing = pool.submit(
                racing(lambda row=erasure: approve_erasure(people[1], row, "Checked."), 0.0)  # type: ignore[misc]
            )
            holding.result(timeout=120)
            refusal = erasing.exception(timeout=120)
        assert refusal is None or isinstance(refusal, Refused)
        assert keys_of(erasure) == (0 if refusal is None else 1)
        assert ErasureCertificate.objects.filter(erasure=erasure.pk).exists() == (refusal is None)
        seen["the erasure" if refusal is None else "the hold"] += 1
    record_property("figures", {f"{who} was first": times for who, times in seen.items()})
    # On a machine that is busy a few races may all go one way; each order has a test of its own above.
    assert len(seen) == 2 or not is_whole(), seen


def refusal_past_the_verbs(second: User, erasure: Erasure) -> str:
    """Have the database carry ``erasure`` out as approved, whatever the verbs would say; return its SQLSTATE."""

    def asked() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            Erasure.objects.filter(pk=erasure.pk).update(state="approved", decided_by=second)
            cursor.execute("SELECT gridport_erase(%s)", [erasure.pk])

    with pytest.raises(DatabaseError, match="is kept") as refused:
        asked()
    return str(refused.value.__cause__.sqlstate)  # type: ignore[union-attr]


@pytest.mark.parametrize("kept_by", ["order", "partner", "list", "rule"])
def test_the_database_erases_nothing_that_is_kept(people: tuple[User, User], kept_by: str) -> None:
    """Asked as the application may ask it, past the verbs, of what two people approved."""
    first, second = people
    order, erasure = proposed(first)
    document = order.documents.get().document
    with transaction.atomic():
        if kept_by == "order":
            hold_it(first, order)
        elif kept_by == "partner":
            take_hold(first, "Larch against us", Covered(partner=document.partner), WHY)
        elif kept_by == "list":
            take_hold(first, "Larch against us", Covered(documents=[document.pk]), WHY)
        else:
            rule(first, "Trade", 10, partner=document.partner)
        assert refusal_past_the_verbs(second, erasure) == "GP002"
        transaction.set_rollback(True)
    assert keys_of(erasure) == 1
    approve_erasure(second, erasure, "Checked.")
    assert keys_of(erasure) == 0


def test_a_photo_of_a_return_on_hold_is_not_erased(people: tuple[User, User]) -> None:
    """It went to nobody, so no document tells whose it is."""
    first, second = people
    purchase_order = factories.purchase_order(factories.order(state=Order.State.ACCEPTED))
    order, payload = purchase_order.order, photo(purchase_order)
    erasure = propose_erasure(first, order, "She asked.")
    assert erasure.plan["payloads"] == [payload.pk]
    hold_it(first, order)
    assert refusal_past_the_verbs(second, erasure) == "GP002"
    with pytest.raises(Refused, match=r"It is on hold since .*: Larch against us"):
        approve_erasure(second, erasure, "Checked.")
    assert keys_of(erasure) == 1
