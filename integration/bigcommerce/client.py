"""A thin typed client of one BigCommerce store. How requests are made, repeated and refused: ``connection``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeVar

import requests

from integration.bigcommerce.budget import RateBudget
from integration.bigcommerce.catalog import CatalogCalls
from integration.bigcommerce.changes import Changed, iter_changes
from integration.bigcommerce.connection import PAGE, StoreConnection
from integration.bigcommerce.errors import BrokenAnswer, NotFound, Refused, ScopeMissing, TokenRefused
from integration.bigcommerce.fields import Fields
from integration.bigcommerce.inventory import StockCalls
from integration.bigcommerce.messages import StoreMessage, parse_message
from integration.bigcommerce.orders import (
    OrderChange,
    StoreAddress,
    StoreOrder,
    StoreOrderLine,
    parse_address,
    parse_change,
    parse_line,
    parse_order,
)
from integration.bigcommerce.reference import (
    Category,
    Channel,
    Currency,
    Location,
    Metafield,
    OrderStatus,
    StockSetting,
    StoreProfile,
    Variant,
    parse_category,
    parse_channel,
    parse_currency,
    parse_customer_group,
    parse_location,
    parse_metafield,
    parse_product_categories,
    parse_profile,
    parse_status,
    parse_stock_setting,
    parse_variant,
)
from integration.bigcommerce.refunds import (
    RefundPayment,
    RefundQuote,
    ReturnedItem,
    StoreRefund,
    StoreTax,
    parse_quote,
    parse_refund,
    parse_tax,
    refund_body,
)
from integration.bigcommerce.shipments import NewShipment, StoreShipment, parse_shipment
from integration.bigcommerce.webhooks import Hook, parse_hook

__all__ = ["BrokenAnswer", "NotFound", "Refused", "ScopeMissing", "StoreClient", "TokenRefused"]

NO_ORDER = 0
"""No store has an order of this number: what would be written to it is refused, and how, says what a token may do."""

C = TypeVar("C", bound=Changed)


class StoreClient(StockCalls, CatalogCalls):
    """The client; a context manager that closes its connections.

    Raises ``RetryableError`` (``ambiguous`` where a write may have been carried out: look before repeating),
    ``PermanentError`` (``NotFound``, ``Refused``, ``BrokenAnswer``) and ``ConfigurationError``, each with a sentence
    for staff. ``clock`` and ``sleep`` are in seconds.
    """

    def __init__(
        self,
        base_url: str,
        store_hash: str,
        token: str,
        budget: RateBudget,
        *,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = StoreConnection(
            base_url, store_hash, token, budget, session=session, clock=clock, sleep=sleep
        )

    def __enter__(self) -> StoreClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def server_time(self) -> datetime | None:
        """The store's clock at its last answer, in whole seconds (UTC), where it told it."""
        return self._connection.server_time

    def iter_orders_modified_since(self, since: datetime) -> Iterator[StoreOrder]:
        """Yield every order changed at or after ``since`` (aware), the longest unchanged first; see ``changes``.

        Raises ``BrokenAnswer`` where the store gives an older one: it did not understand the date, and its list
        says nothing.
        """
        return self._modified_since(since, parse_order)

    def iter_changes_since(self, since: datetime) -> Iterator[OrderChange]:
        """Yield likewise only which orders changed, and when: an order that cannot be read stops no other."""
        return self._modified_since(since, parse_change)

    def get_order(self, number: int) -> StoreOrder:
        """Return one order. Raises ``NotFound``."""
        return parse_order(self._connection.one("GET", f"/v2/orders/{number}", f"read order {number}"))

    def get_lines(self, number: int) -> list[StoreOrderLine]:
        """Return all lines of an order, however many."""
        found = self._connection.v2_list(f"/v2/orders/{number}/products", f"read the lines of order {number}")
        return [parse_line(data, number) for data in found]

    def get_shipping_addresses(self, number: int) -> list[StoreAddress]:
        """Return all shipping addresses of an order; none for one that is only downloaded."""
        path = f"/v2/orders/{number}/shipping_addresses"
        found = self._connection.v2_list(path, f"read the addresses of order {number}")
        return [parse_address(data, number) for data in found]

    def get_taxes(self, number: int) -> list[StoreTax]:
        """Return the rows of an order's taxes; none where the store tells them otherwise than by rows."""
        found = self._connection.v2_list(f"/v2/orders/{number}/taxes", f"read the taxes of order {number}")
        return [parse_tax(data, number) for data in found]

    def get_refunds(self, number: int) -> list[StoreRefund]:
        """Return all refunds of an order, the oldest first."""
        path = f"/v3/orders/{number}/payment_actions/refunds"
        found = self._connection.v3_array(path, f"read the refunds of order {number}")
        return sorted((parse_refund(data, number) for data in found), key=lambda refund: refund.id)

    def quote_refund(self, number: int, items: Sequence[ReturnedItem]) -> RefundQuote:
        """Return what the store would give back for ``items``, and how. It changes nothing there."""
        path = f"/v3/orders/{number}/payment_actions/refund_quotes"
        body = {"items": [each.body() for each in items]}
        quoted = self._connection.one("POST", path, f"ask what a refund of order {number} comes to", body)
        return parse_quote(quoted, number)

    def add_refund(
        self, number: int, items: Sequence[ReturnedItem], payments: Sequence[RefundPayment]
    ) -> StoreRefund:
        """Refund ``items`` of an order by ``payments`` of a quote, and return the refund. Repeated, it is made twice."""
        path = f"/v3/orders/{number}/payment_actions/refunds"
        made = self._connection.one("POST", path, f"refund order {number}", refund_body(items, payments))
        return parse_refund(made, number)

    def get_messages(self, number: int) -> list[StoreMessage]:
        """Return all messages of an order, the oldest first."""
        found = self._connection.v2_list(
            f"/v2/orders/{number}/messages", f"read the messages of order {number}"
        )
        return sorted((parse_message(data, number) for data in found), key=lambda message: message.id)

    def update_status(self, number: int, status_id: int) -> StoreOrder:
        """Set the order's status; repeating it changes nothing more. Moves no money."""
        # V2 refuses fields that are only read: what is sent back is the one that changes.
        what = f"set the status of order {number}"
        body = {"status_id": status_id}
        return parse_order(self._connection.one("PUT", f"/v2/orders/{number}", what, body))

    def update_staff_notes(self, number: int, notes: str, status_id: int) -> StoreOrder:
        """Write the order's staff notes anew, as a whole, and its status as it was read; return the order.

        To be called right after the order was read, since what somebody writes in between is lost: the store has no
        condition for a PUT. So it is sent at once, without waiting for the budget, and once: not repeated here.
        """
        # Whether a PUT without a status leaves the status alone is described nowhere.
        body = {"status_id": status_id, "staff_notes": notes}
        what = f"write the staff notes of order {number}"
        return parse_order(self._connection.one("PUT", f"/v2/orders/{number}", what, body, at_once=True))

    def get_shipments(self, number: int) -> list[StoreShipment]:
        """Return all shipments of an order, however many."""
        found = self._connection.v2_list(
            f"/v2/orders/{number}/shipments", f"read the shipments of order {number}"
        )
        return [parse_shipment(data, number) for data in found]

    def add_shipment(self, number: int, shipment: NewShipment) -> StoreShipment:
        """Make a shipment of an order and return it; the customer may get a mail. Repeated, it is made twice."""
        made = self._connection.one(
            "POST", f"/v2/orders/{number}/shipments", f"ship order {number}", shipment.body()
        )
        return parse_shipment(made, number)

    def remove_shipment(self, number: int, shipment: int) -> None:
        """Take a shipment of an order away: what it held is to be shipped again. Raises ``NotFound``."""
        path = f"/v2/orders/{number}/shipments/{shipment}"
        self._connection.remove(path, f"remove shipment {shipment} of order {number}")

    def list_order_metafields(self, number: int, namespace: str = "") -> list[Metafield]:
        """Return the metafields of an order that our API account may see; all, or those of a namespace."""
        path = f"/v3/orders/{number}/metafields"
        asked = {"namespace": namespace} if namespace else {}
        pages = self._connection.v3_pages(path, asked, f"read the metafields of order {number}")
        found = [parse_metafield(data, number) for data in pages]
        return [each for each in found if namespace in ("", each.namespace)]

    def set_order_metafield(self, number: int, namespace: str, key: str, value: str) -> None:
        """Have the order carry ``value`` under ``namespace`` and ``key``: looked for, written where it differs."""
        path = f"/v3/orders/{number}/metafields"
        what = f"write a metafield of order {number}"
        # The description demands all four of a PUT too, although the value is all that changes.
        body = {"namespace": namespace, "key": key, "value": value, "permission_set": "app_only"}
        found = self._find_metafield(number, namespace, key)
        if found is None:
            try:
                self._connection.one("POST", path, what, body)
                return
            except Refused as error:
                # 409: somebody wrote it between our look and our write, or an earlier write of ours had arrived.
                found = self._find_metafield(number, namespace, key) if error.status == 409 else None
                if found is None:
                    raise
        if found.value != value:
            self._connection.one("PUT", f"{path}/{found.id}", what, body)

    def find_variants_by_sku(self, sku: str) -> list[Variant]:
        """Return the catalog's variants with ``sku``, letters large or small."""
        pages = self._connection.v3_pages("/v3/catalog/variants", {"sku": sku}, f"look up SKU {sku[:60]}")
        found = [parse_variant(data) for data in pages]
        return [each for each in found if each.sku.casefold() == sku.casefold()]

    def get_product_categories(self, products: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Return the ids of the categories of each product that the store has: one request for each 250 of them."""
        found: dict[int, tuple[int, ...]] = {}
        for first in range(0, len(products), PAGE):
            asked = {
                "id:in": ",".join(str(each) for each in products[first : first + PAGE]),
                "include_fields": "categories",
            }
            pages = self._connection.v3_pages(
                "/v3/catalog/products", asked, "read the categories of products"
            )
            found |= dict(parse_product_categories(data) for data in pages)
        return found

    def get_categories(self) -> list[Category]:
        """Return all categories of the catalog, of every tree."""
        pages = self._connection.v3_pages("/v3/catalog/trees/categories", {}, "read the categories")
        return [parse_category(data) for data in pages]

    def get_customer_group(self, customer: int) -> int:
        """Return the group that a customer is in, 0 for none, or where the store does not have him any more."""
        asked = {"id:in": str(customer)}
        pages = self._connection.v3_pages("/v3/customers", asked, "read the customer's group")
        return next((group for number, group in map(parse_customer_group, pages) if number == customer), 0)

    def get_store(self) -> StoreProfile:
        """Return the store's profile."""
        return parse_profile(self._connection.one("GET", "/v2/store", "read the store's profile"))

    def get_time(self) -> datetime:
        """Return the store's clock, aware, whole seconds."""
        data = self._connection.one("GET", "/v2/time", "read the store's clock")
        return datetime.fromtimestamp(Fields(data, "the store's clock").whole("time"), UTC)

    def get_order_statuses(self) -> list[OrderStatus]:
        """Return the order statuses with the merchant's words for them."""
        # This list alone knows no pages.
        found = self._connection.v2_array("/v2/order_statuses", "read the order statuses")
        return [parse_status(data) for data in found]

    def get_channels(self) -> list[Channel]:
        """Return the store's sales channels."""
        return [
            parse_channel(data) for data in self._connection.v3_pages("/v3/channels", {}, "read the channels")
        ]

    def get_locations(self) -> list[Location]:
        """Return the places that hold stock."""
        pages = self._connection.v3_pages("/v3/inventory/locations", {}, "read the locations")
        return [parse_location(data) for data in pages]

    def get_currencies(self) -> list[Currency]:
        """Return the store's currencies."""
        return [
            parse_currency(data) for data in self._connection.v2_list("/v2/currencies", "read the currencies")
        ]

    def get_stock_setting(self) -> StockSetting:
        """Return when orders move stock."""
        return parse_stock_setting(
            self._connection.one("GET", "/v3/settings/inventory", "read the stock setting")
        )

    def count_orders(self) -> int:
        """Return how many orders the store has."""
        data = self._connection.one("GET", "/v2/orders/count", "count the orders")
        return Fields(data, "the count of orders").whole("count")

    def try_writing_orders(self) -> None:
        """Return where the token may change orders; else raise ``ScopeMissing``. Nothing is changed."""
        with suppress(NotFound, Refused):
            self._connection.one("PUT", f"/v2/orders/{NO_ORDER}", "test whether orders may be changed", {})

    def try_writing_metafields(self) -> None:
        """Return where the token may add metafields to orders; else raise ``ScopeMissing``. Nothing is added."""
        body = {"namespace": "gridport", "key": "test", "value": "test", "permission_set": "app_only"}
        what = "test whether metafields may be written"
        with suppress(NotFound, Refused):
            self._connection.one("POST", f"/v3/orders/{NO_ORDER}/metafields", what, body)

    def list_hooks(self) -> list[Hook]:
        """Return the hooks of our API account, those of others' making too."""
        return [parse_hook(data) for data in self._connection.v3_pages("/v3/hooks", {}, "list the webhooks")]

    def add_hook(self, scope: str, destination: str, headers: Mapping[str, str]) -> Hook:
        """Add an active hook and return it; there may be one of each scope and destination."""
        body = {"scope": scope, "destination": destination, "headers": dict(headers), "is_active": True}
        return parse_hook(self._connection.one("POST", "/v3/hooks", "register a webhook", body))

    def change_hook(self, number: int, scope: str, destination: str, headers: Mapping[str, str]) -> Hook:
        """Have a hook be as told, and active; return it. Repeating it changes nothing more."""
        body = {"scope": scope, "destination": destination, "headers": dict(headers), "is_active": True}
        return parse_hook(
            self._connection.one("PUT", f"/v3/hooks/{number}", f"repair webhook {number}", body)
        )

    def _find_metafield(self, number: int, namespace: str, key: str) -> Metafield | None:
        found = self.list_order_metafields(number, namespace)
        return next((each for each in found if each.key == key), None)

    def _modified_since(self, since: datetime, parse: Callable[[Any], C]) -> Iterator[C]:
        if since.tzinfo is None:
            raise ValueError("since is a time in some zone: give an aware one")

        def page_of(floor: datetime, number: int) -> list[C]:
            asked = {"min_date_modified": floor.isoformat(), "sort": "date_modified:asc"}
            found = self._connection.v2_page("/v2/orders", asked, number, "list changed orders")
            return [_not_older(parse(data), floor) for data in found]

        return iter_changes(page_of, since.astimezone(UTC).replace(microsecond=0), PAGE)


def _not_older(order: C, floor: datetime) -> C:
    if order.date_modified < floor:
        raise BrokenAnswer(
            f"The store lists order {order.id}, changed {order.date_modified:%Y-%m-%d %H:%M:%S}, when asked for changes"
            f" since {floor:%Y-%m-%d %H:%M:%S}: it did not heed the date. Nothing of that list was used."
        )
    return order
