"""The demo's archive: every document of the run read back, and held against what the other side has of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from archive import store
from archive.models import Delivery, Direction, Document
from integration.models import Order
from portal.demo.processes import DemoError
from portal.demo.story import NetworkView, StoreView, rows_of

PURPOSE = "read back at the end of the demo"


def read_back(network: NetworkView, stores: StoreView) -> dict[str, Any]:
    """Read every document's bytes from the archive; what was delivered, hold against what the partners' side recorded.

    ``store_before`` and ``store_after`` are the statuses of the orders in the store, which reading must not touch.
    Raises ``DemoError`` where a document is not what it was.
    """
    numbers = sorted(
        Order.objects.filter(documents__isnull=False).values_list("number", flat=True).distinct()
    )
    before = {str(number): stores.status_of(number) for number in numbers}
    documents = Document.objects.select_related("state", "interchange__payload").order_by("pk")
    rows = rows_of(documents)
    if not rows:
        raise DemoError("Nothing has been exchanged yet: name another flow before archive.")
    for problem in _problems(documents, network.arrived()):
        raise DemoError(problem)
    return {
        "documents": rows,
        "store_before": before,
        "store_after": {str(number): stores.status_of(number) for number in numbers},
    }


def is_all_delivered() -> bool:
    """Say whether everything that was written has left: a refund, for one, has its credit memo written a moment later."""
    sent = Document.objects.filter(direction=Direction.OUT)
    return not sent.exclude(state__delivery=Delivery.DELIVERED).exists()


def _problems(documents: Any, arrived: set[str]) -> Iterator[str]:
    for document in documents:
        data = store.open(document.interchange.payload, purpose=PURPOSE)
        found = hashlib.sha256(data).hexdigest()
        if found != document.state.sha256:
            yield f"{document} was read back with the SHA-256 {found}, and {document.state.sha256} was recorded."
        is_there = document.direction == Direction.OUT and document.state.delivery == Delivery.DELIVERED
        if is_there and found not in arrived:
            yield f"{document} was sent as {found}, and nothing of that SHA-256 reached the network."
