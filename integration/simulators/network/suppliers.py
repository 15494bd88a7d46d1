"""Two suppliers who take purchase orders from the mailbox and answer them; everything stands in a ledger."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integration.simulators.network.x12_text import (
    PurchaseOrder,
    functional_acknowledgment,
    interchange,
    purchase_order_acknowledgment,
    read_purchase_order,
    receiver_of,
)

SUPPLIERS = {("ZZ", "ACMESUPPLY"): "Acme Supply", ("01", "123456789"): "Borealis Trading"}
ANSWERS = ("accept", "short", "reject", "silent")
POLL = 0.05


@dataclass
class Network:
    """A mailbox below ``root``: ``inbox`` is what is sent to suppliers, ``outbox`` what waits for the portal.

    ``answer`` is what suppliers do; ``answers`` overrides it by purchase order number.
    """

    root: Path
    answer: str = "accept"
    answers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    ledger: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox, self.outbox, self.taken = (self.root / name for name in ("inbox", "outbox", "taken"))
        for folder in (self.inbox, self.outbox, self.taken):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._number = 0
        self._places = 0

    def __enter__(self) -> Network:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def drop(self, name: str, data: bytes) -> None:
        """Leave a file for the portal, whole at once."""
        hidden = self.outbox / f".{name}"
        hidden.write_bytes(data)
        hidden.replace(self.outbox / name)

    def wait_for(self, true: Callable[[], bool], within: float = 10.0) -> None:
        """Wait until ``true``; raise ``TimeoutError`` with the ledger."""
        deadline = time.monotonic() + within
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(json.dumps(self.ledger, indent=1))
            time.sleep(0.01)

    def arrivals(self, purchase_order: str | None = None) -> list[dict[str, Any]]:
        """Return what arrived, of one purchase order or all."""
        with self._lock:
            found = [each for each in self.ledger if each["event"] == "arrival"]
        return [each for each in found if purchase_order in (None, each["purchase_order"])]

    def take_all(self) -> int:
        """Take everything that lies in the inbox now; return how many files."""
        count = 0
        for path in sorted(self.inbox.iterdir()):
            if path.name.startswith(".") or path.suffix in (".tmp", ".part"):
                continue
            self._take(path)
            count += 1
        return count

    def _work(self) -> None:
        while not self._stop.wait(POLL):
            self.take_all()

    def _take(self, path: Path) -> None:
        self._places += 1
        kept = self.taken / f"{self._places:06d}-{path.name}"
        path.replace(kept)
        data = kept.read_bytes()
        order = read_purchase_order(data)
        self._note(
            event="arrival",
            name=path.name,
            sha256=hashlib.sha256(data).hexdigest(),
            receiver=":".join(receiver_of(data)),
            isa13=order.isa13 if order else None,
            gs06=order.gs06 if order else None,
            st02=order.st02 if order else None,
            purchase_order=order.number if order else None,
        )
        if order is None or order.receiver not in SUPPLIERS:
            return
        self._answer(order)

    def _answer(self, order: PurchaseOrder) -> None:
        how = self.answers.get(order.number, self.answer)
        if how == "silent":
            return
        self._send(order, "997", "FA", functional_acknowledgment(order, accepted=how != "reject"))
        if how == "reject":
            return
        if self._stop.wait(self.pause):
            return
        date = datetime.now(UTC).strftime("%Y%m%d")
        body = purchase_order_acknowledgment(order, date=date, short=how == "short")
        self._send(order, "855", "PR", body)

    def _send(self, order: PurchaseOrder, code: str, group: str, body: list[list[str]]) -> None:
        with self._lock:
            self._number += 1
            number = self._number
        now = datetime.now(UTC)
        data = interchange(
            order, number=number, group=group, body=body, code=code, date=now.strftime("%Y%m%d"),
            time=now.strftime("%H%M"),
        )  # fmt: skip
        name = f"{order.receiver[1]}.{number:09d}.{code}.x12"
        self.drop(name, data)
        self._note(event="answer", name=name, code=code, purchase_order=order.number, isa13=f"{number:09d}")

    def _note(self, **entry: Any) -> None:
        with self._lock:
            self.ledger.append(entry)
            with (self.root / "ledger.jsonl").open("a") as file:
                file.write(json.dumps(entry) + "\n")
