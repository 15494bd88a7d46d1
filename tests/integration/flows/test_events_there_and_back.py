"""The story of one order as another system is told it: by the real flows, over a real line."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from integration.models import Order, PurchaseOrder, Work
from integration.transports import webhook
from tests.receiving import destination, is_signed, open_receiver, settle
from tests.world import World, world

__all__ = ["world"]


def test_another_system_is_told_of_an_order_as_it_goes_there_and_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "allowed", lambda address: True)
    with open_receiver(tmp_path) as receiver:
        monkeypatch.setattr(webhook.ssl, "create_default_context", lambda: receiver.context)
        told = destination(url=receiver.url)
        world.place(1001)
        world.run()
        settle()
        Work.objects.filter(step="read_events").update(due_at="2020-01-01T00:00Z")
        world.run(1)
    order, purchase_order = Order.objects.get(), PurchaseOrder.objects.get()
    events = [json.loads(post.body) for post in receiver.taken]
    assert all(is_signed(post, told.secret, time.time()) for post in receiver.taken)
    assert len(set(receiver.ids)) == len(events) == told.deliveries.count()
    story = [
        (
            each["type"].removeprefix("com.gridport."),
            each["data"].get("transaction_set") or each["data"]["state"],
        )
        for each in sorted(events, key=lambda each: each["time"])
    ]
    assert sorted(story) == [
        ("document.acknowledged", "850"),
        ("document.delivered", "850"),
        ("document.delivered", "997"),
        ("document.recorded", "850"),
        ("document.recorded", "855"),
        ("document.recorded", "997"),
        ("document.recorded", "997"),
        ("order.changed", "accepted"),
        ("order.changed", "accepted"),  # with the status that we wrote to the store, read back
        ("order.changed", "routed"),
        ("order.changed", "settling"),
        ("purchase_order.accepted", "accepted"),
    ]
    first = ["order.changed", "order.changed", "document.recorded"]
    assert [what for what, _ in story][:3] == first
    (accepted,) = [each for each in events if each["type"] == "com.gridport.purchase_order.accepted"]
    assert accepted["data"]["purchase_order"] == purchase_order.pk
    assert accepted["data"]["order"] == order.pk
