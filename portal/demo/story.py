"""The demo's one order, there and back, judged by what others hold: the store's answer and the supplier's ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from archive.models import Document, Event
from integration.models import Order, OrderDocument, PurchaseOrder
from portal.demo.processes import DemoError

TOLD = {
    "order_read": "the order is read from the store",
    "generated": "the purchase order (850) is written",
    "delivered": "it lies on the network mailbox",
    "acknowledged": "the supplier's functional acknowledgment (997) is matched",
    "accepted": "the supplier's purchase order acknowledgment (855) accepts every line",
    "effect_done": "the store is told",
    "customer_told": "the customer, a trading partner, is sent his order acknowledgment (855)",
}


class StoreView:
    """The store as anybody with a token sees it."""

    def __init__(self, url: str, store_hash: str, token: str) -> None:
        self.base = f"{url}/stores/{store_hash}"
        self.control = f"{url}/_simulator"
        self.headers = {"X-Auth-Token": token, "Accept": "application/json"}

    def status_of(self, order: int) -> int:
        """Return the order's status by a fresh GET."""
        answer = requests.get(f"{self.base}/v2/orders/{order}", headers=self.headers, timeout=10)
        answer.raise_for_status()
        return int(answer.json()["status_id"])

    def order(self, number: int) -> dict[str, Any]:
        """Return what the API gives of an order, by a fresh GET: its status, notes and shipments, and our metafields."""
        order = requests.get(f"{self.base}/v2/orders/{number}", headers=self.headers, timeout=10)
        order.raise_for_status()
        fields = requests.get(f"{self.base}/v3/orders/{number}/metafields", headers=self.headers, timeout=10)
        fields.raise_for_status()
        shipments = requests.get(
            f"{self.base}/v2/orders/{number}/shipments", headers=self.headers, timeout=10
        )
        shipments.raise_for_status()
        kept = order.json()
        return {
            "id": number,
            "status_id": kept["status_id"],
            "status": kept["status"],
            "staff_notes": kept["staff_notes"],
            "metafields": {each["key"]: each["value"] for each in fields.json()["data"]},
            "shipments": [_shipment(each) for each in (shipments.json() if shipments.content else [])],
        }

    def polled_at(self, order: int) -> float:
        """Return when the store was last asked for changes before the lines of ``order`` were read; Unix time."""
        ledger = requests.get(f"{self.control}/ledger", timeout=10).json()
        read = next(
            place for place, each in enumerate(ledger) if each["path"] == f"/v2/orders/{order}/products"
        )
        return float(next(each["at"] for each in reversed(ledger[:read]) if each["path"] == "/v2/orders"))

    def place(self, order: int) -> None:
        """Have the order appear in the store now."""
        requests.post(f"{self.control}/orders/{order}/place", timeout=10).raise_for_status()

    def total_of(self, order: int) -> Decimal:
        """Return what the order comes to, by a fresh GET."""
        answer = requests.get(f"{self.base}/v2/orders/{order}", headers=self.headers, timeout=10)
        answer.raise_for_status()
        return Decimal(answer.json()["total_inc_tax"])

    def refund(self, order: int, line: int, total: str, tax: str) -> None:
        """Have the merchant give back one piece of a line."""
        item = {"item_type": "PRODUCT", "item_id": line, "quantity": 1}
        told = {"items": [item], "total_amount": total, "total_tax": tax}
        requests.post(f"{self.control}/orders/{order}/refunds", json=told, timeout=10).raise_for_status()

    def stock(self, skus: Sequence[str]) -> dict[str, int]:
        """Return how many of each SKU the store shows for sale, by its own ledger."""
        told = requests.get(f"{self.control}/stock", timeout=10)
        told.raise_for_status()
        shown = {each["sku"]: int(each["available_to_sell"]) for each in told.json()["levels"]}
        return {sku: shown.get(sku, 0) for sku in skus}

    def sell(self, sku: str, quantity: int) -> None:
        """Have a shopper buy."""
        bought = {"sku": sku, "quantity": quantity}
        requests.post(f"{self.control}/sales", json=bought, timeout=10).raise_for_status()

    def refunds(self, order: int) -> list[dict[str, Any]]:
        """Return the refunds of an order, by a fresh GET."""
        path = f"{self.base}/v3/orders/{order}/payment_actions/refunds"
        found = requests.get(path, headers=self.headers, timeout=10)
        found.raise_for_status()
        return list(found.json()["data"])


class NetworkView:
    """The suppliers behind the mailbox, by their control door."""

    def __init__(self, url: str) -> None:
        self.control = f"{url}/_simulator"

    def arrived(self) -> set[str]:
        """Return the SHA-256 of every file that has reached suppliers, customers and finance, by their own ledgers."""
        ledger = requests.get(f"{self.control}/ledger", timeout=10)
        ledger.raise_for_status()
        return {each["sha256"] for each in [*ledger.json(), *self.finance()] if "sha256" in each}

    def ship(self, purchase_order: str, way: str) -> None:
        """Have its supplier ship what is left of a purchase order, and tell it."""
        told = {"purchase_orders": [purchase_order], "way": way}
        requests.post(f"{self.control}/ship", json=told, timeout=10).raise_for_status()

    def shipped(self, purchase_order: str) -> dict[str, str]:
        """Return what has left its supplier, by line, by his own ledger."""
        found = requests.get(f"{self.control}/shipped", timeout=10)
        found.raise_for_status()
        return dict(found.json().get(purchase_order, {}))

    def bill(self, purchase_order: str, way: str) -> dict[str, Any]:
        """Have its supplier bill a purchase order; return what his own ledger says of that invoice."""
        told = {"purchase_orders": [purchase_order], "way": way}
        made = requests.post(f"{self.control}/bill", json=told, timeout=10)
        made.raise_for_status()
        ledger = requests.get(f"{self.control}/ledger", timeout=10)
        ledger.raise_for_status()
        number = made.json()["number"]
        found = next(each for each in ledger.json() if each["event"] == "bill" and each["number"] == number)
        return dict(found)

    def billed(self, purchase_order: str) -> dict[str, str]:
        """Return what its supplier has billed and not credited again, by line, by his own ledger."""
        found = requests.get(f"{self.control}/billed", timeout=10)
        found.raise_for_status()
        return dict(found.json().get(purchase_order, {}))

    def tell_stock(self, supplier: str, way: str, items: Mapping[str, int]) -> None:
        """Have a supplier count ``items`` anew, by his own numbers, and tell his stock."""
        told = {"supplier": supplier, "way": way, "items": dict(items)}
        requests.post(f"{self.control}/stock", json=told, timeout=10).raise_for_status()

    def answer_returns(self, answer: str) -> None:
        """Have the returns desks answer requests so from now on."""
        requests.post(f"{self.control}/returns", json={"answer": answer}, timeout=10).raise_for_status()

    def tell_return(self, number: str, way: str) -> None:
        """Have the returns desk say something of a return."""
        told = {"number": number, "way": way}
        requests.post(f"{self.control}/return", json=told, timeout=10).raise_for_status()

    def returns(self) -> dict[str, dict[str, Any]]:
        """Return what the returns desks have on their books."""
        found = requests.get(f"{self.control}/returns", timeout=10)
        found.raise_for_status()
        return dict(found.json())

    def finance(self) -> list[dict[str, Any]]:
        """Return the ledger of the finance system."""
        found = requests.get(f"{self.control}/finance", timeout=10)
        found.raise_for_status()
        return list(found.json())


def _shipment(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "tracking_number": told["tracking_number"],
        "tracking_carrier": told["tracking_carrier"],
        "items": {str(each["order_product_id"]): each["quantity"] for each in told["items"]},
    }


def wait_until(true: Callable[[], bool], check: Callable[[], None], within: float, what: str) -> None:
    """Wait for ``true``; raise ``DemoError`` naming ``what`` when it does not come, or what ``check`` raises."""
    deadline = time.monotonic() + within
    while not true():
        check()
        if time.monotonic() > deadline:
            raise DemoError(f"{what} did not happen within {within:.0f} s; the logs are in .data/demo/logs.")
        time.sleep(0.05)


def tell(order: int, say: Callable[[str], None], told: set[str]) -> None:
    """Say each thing that has happened to ``order`` since the last call."""
    row = Order.objects.filter(number=order).first()
    if row is None:
        return
    subjects = [row.subject, *(f"document:{pk}" for pk in row.documents.values_list("document", flat=True))]
    kinds = set(Event.objects.filter(subject__in=subjects).values_list("kind", flat=True))
    for kind, words in TOLD.items():
        if kind in kinds and kind not in told:
            told.add(kind)
            say(f"  {words}")


def seconds_to_mailbox(order: int, store: StoreView) -> float:
    """Return the seconds from the poll that first returned ``order`` to its 850 lying on the mailbox."""
    sent = OrderDocument.objects.get(order__number=order, role=OrderDocument.Role.PURCHASE_ORDER).document_id
    delivered = Event.objects.get(subject=f"document:{sent}", kind="delivered").recorded_at
    return delivered.timestamp() - store.polled_at(order)


def documents_of(order: int) -> list[dict[str, Any]]:
    """Return the order's documents as the demo prints them, in the order of the archive."""
    found = Document.objects.filter(orders__order__number=order)
    return rows_of(found.select_related("state", "interchange").order_by("pk").distinct())


def rows_of(documents: Iterable[Document]) -> list[dict[str, Any]]:
    """Return documents as the demo prints them."""
    return [
        {
            "kind": document.transaction_set,
            "direction": document.direction,
            "control_number": document.interchange.control_number,
            "validation": document.state.validation,
            "delivery": document.state.delivery,
            "acknowledgment": document.state.acknowledgment,
            "sha256": document.state.sha256,
        }
        for document in documents
    ]


def purchase_order_number(order: int) -> str:
    """Return the number of the order's purchase order."""
    return str(PurchaseOrder.objects.get(order__number=order).number)


def judge(result: dict[str, Any], network: Path) -> None:
    """Raise ``DemoError`` unless the 850 that the supplier read is the archive's and was accepted by 997 and 855."""
    arrivals = [json.loads(line) for line in (network / "ledger.jsonl").read_text().splitlines()]
    hashes = [
        each["sha256"]
        for each in arrivals
        if each.get("event") == "arrival" and each.get("purchase_order") == result["purchase_order_number"]
    ]
    ours = [each for each in result["documents"] if each["kind"] == "850"]
    kinds = sorted(f"{each['kind']} {each['direction']}" for each in result["documents"])
    if len(ours) != 1 or hashes != [ours[0]["sha256"]]:
        raise DemoError(f"The supplier read {hashes}, the archive holds {[each['sha256'] for each in ours]}.")
    if ours[0]["acknowledgment"] != "accepted" or not {"850 out", "855 in", "997 in"} <= set(kinds):
        raise DemoError(
            f"The answers are not all there: {kinds}, acknowledgment {ours[0]['acknowledgment']}."
        )
