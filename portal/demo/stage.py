"""Where the demo's flows play, and the way of one order there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integration.models import Order
from portal.demo.story import NetworkView, StoreView, documents_of, tell, wait_until

WITHIN = 90


@dataclass(frozen=True)
class Stage:
    """Where a flow plays: the store, the suppliers, how to say something, and what notices that a process has died."""

    store: StoreView
    network: NetworkView
    say: Callable[[str], None]
    check: Callable[[], None]

    def wait(self, true: Callable[[], bool], what: str) -> None:
        """Wait until ``true``. Raises ``DemoError`` naming ``what``."""
        wait_until(true, self.check, WITHIN, what)


def played(stage: Stage, number: int, between: Callable[[], None]) -> dict[str, Any]:
    """Place an order, do what comes ``between``, and wait until every partner has accepted and the store is told."""
    stage.store.place(number)
    before = stage.store.order(number)
    stage.say(f"Order {number} is placed in the store:")
    between()
    told: set[str] = set()

    def is_done() -> bool:
        tell(number, stage.say, told)
        moved = stage.store.status_of(number) != before["status_id"]
        return moved and "effect_done" in told and _all_acknowledged(number)

    stage.wait(is_done, f"The way of order {number}")
    return {
        "documents": documents_of(number),
        "store_before": before,
        "store_after": stage.store.order(number),
    }


def _all_acknowledged(number: int) -> bool:
    """Say whether every document that is sent for the order is, and has its 997: also the 855 where a customer gets one."""
    sent = [each for each in documents_of(number) if each["direction"] == "out" and each["kind"] != "997"]
    wanted = {"850", "855"} if Order.objects.get(number=number).customer_link_id else {"850"}
    return wanted <= {each["kind"] for each in sent} and all(
        each["acknowledgment"] == "accepted" for each in sent
    )
