"""Effects on the store: refused, unknown, not wanted any more, and done once whatever happened before."""

from __future__ import annotations

import pytest

from integration.bigcommerce import connection
from integration.flows import decide
from integration.models import ExceptionCase, Order, StoreEffect
from integration.simulators.store.faults import Fault
from tests import factories
from tests.pages import open_desk
from tests.world import World, world

__all__ = ["world"]

ORDER = 1001
STATUS = StoreEffect.Kind.STATUS


@pytest.fixture(autouse=True)
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave trying again to the work, so that each state is seen."""
    monkeypatch.setattr(connection, "TRIES", 1)


def writes(world: World) -> list[tuple[str, int]]:
    """Return method and answer of every write that the store saw."""
    ledger = world.store.state.ledger
    return [(each["method"], each["status"]) for each in ledger if each["method"] != "GET"]


def states() -> dict[str, str]:
    return dict(StoreEffect.objects.values_list("kind", "state"))


def test_a_refused_write_fails_with_the_stores_words_and_may_be_tried_again(world: World) -> None:
    world.store.state.faults.append(Fault("PUT", "/v2/orders/1001", kind="status", status=422))
    world.place(ORDER)
    world.run()
    assert states() == {"metafield": "done", "status": "failed"}
    case = ExceptionCase.objects.get()
    assert (
        case.sentence
        == "The store refused (set the status of order 1001, HTTP 422: A fault that was armed.)."
    )
    assert case.sentence in open_desk().page(Order.objects.get())

    decide.retry_case(factories.user(group="decide"), case, "The store was mended.")
    world.run()
    assert states() == {"metafield": "done", "status": "done"}
    assert world.store.state.order(ORDER)["status_id"] == 9


def test_a_status_that_was_written_while_its_answer_was_lost_is_found_and_not_written_again(
    world: World,
) -> None:
    world.store.state.faults.append(Fault("PUT", "/v2/orders/1001", kind="apply_then_close"))
    world.place(ORDER)
    world.run()
    assert states()["status"] == "unknown"
    world.later()
    assert states()["status"] == "done"
    assert [method for method, _ in writes(world)].count("PUT") == 1
    assert world.store.state.order(ORDER)["status_id"] == 9


def test_a_metafield_that_was_written_while_its_answer_was_lost_is_found_and_not_written_again(
    world: World,
) -> None:
    world.store.state.faults.append(Fault("POST", "/v3/orders/1001/metafields", kind="apply_then_close"))
    world.place(ORDER)
    world.run()
    assert states() == {"metafield": "unknown", "status": "waiting"}
    world.later()
    world.run()
    assert states() == {"metafield": "done", "status": "done"}
    assert [method for method, _ in writes(world)].count("POST") == 1
    assert len(world.store.state.metafields[ORDER]) == 1


def test_an_order_that_somebody_moved_elsewhere_stays_there(world: World) -> None:
    world.network.answer = "silent"
    world.place(ORDER)
    world.run()
    world.store.state.change(ORDER, {"status_id": 2}, checked=False)  # shipped by hand
    world.network.answer = "accept"
    [sent] = list(world.network.taken.iterdir())
    sent.rename(world.network.inbox / "again.edi")
    world.run()
    assert states() == {"metafield": "done", "status": "skipped"}
    assert world.store.state.order(ORDER)["status_id"] == 2
    assert (
        "The order stays Shipped in the store: somebody moved it there, and only Pending, Awaiting Payment, Awaiting"
        " Fulfillment, Manual Verification Required are moved to Awaiting Shipment."
    ) in open_desk().page(Order.objects.get())
