"""Every request that the portal's client makes, and the answers that it gets, are as officially described."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from integration.bigcommerce.client import NotFound, Refused, StoreClient
from integration.bigcommerce.inventory import Adjustment, StockAt
from integration.bigcommerce.messages import StoreMessage
from integration.bigcommerce.refunds import RefundItem, RefundPayment, ReturnedItem
from integration.bigcommerce.shipments import NewShipment
from integration.simulators.store.messages import write_message
from integration.simulators.store.payloads import build, line
from integration.simulators.store.refunds import make_refund
from integration.simulators.store.server import StoreSimulator
from tests.contract.descriptions import Descriptions
from tests.contract.differences import UNDESCRIBED
from tests.contract.exchanges import HASH, not_accepted, of_answers, of_requests, recorded

NOT_DESCRIBED = "not described"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def each_metafield_way(client: StoreClient, store: StoreSimulator) -> None:
    client.set_order_metafield(1001, "gridport", "purchase_orders", "1001-1")
    client.set_order_metafield(1001, "gridport", "purchase_orders", "1001-1")
    client.set_order_metafield(1001, "gridport", "purchase_orders", "1001-2")


def metafields(client: StoreClient, store: StoreSimulator) -> None:
    each_metafield_way(client, store)
    client.list_order_metafields(1001)
    client.list_order_metafields(1002, "gridport")


def statuses(client: StoreClient, store: StoreSimulator) -> None:
    client.update_status(1001, 9)
    with pytest.raises(Refused):
        client.update_status(1001, 99)
    with pytest.raises(NotFound):
        client.update_status(77, 9)


def staff_notes(client: StoreClient, store: StoreSimulator) -> None:
    found = client.get_order(1028)
    written = client.update_staff_notes(1028, f"{found.staff_notes}\nAccepted. \ud83c", found.status_id)
    assert written.staff_notes == f"{found.staff_notes}\nAccepted. \ud83c"
    with pytest.raises(NotFound):
        client.update_staff_notes(77, "x", found.status_id)


def orders(client: StoreClient, store: StoreSimulator) -> None:
    for number in store.state.orders:
        client.get_order(number)
    with pytest.raises(NotFound):
        client.get_order(77)


def changes(client: StoreClient, store: StoreSimulator) -> None:
    for number in range(3001, 3301):
        store.state.orders[number] = build(number, [line("AC-001")])
        store.state.place(number)
    assert len(list(client.iter_changes_since(LONG_AGO))) == 328


def shipments(client: StoreClient, store: StoreSimulator) -> None:
    (address,) = client.get_shipping_addresses(1001)
    lines = {each.id: each.quantity for each in client.get_lines(1001)}
    assert client.get_shipments(1001) == []
    made = client.add_shipment(
        1001, NewShipment(address.id, lines, "1Z999AA10123456784", "ups", "https://track.example/1", "Ground")
    )
    assert client.get_shipments(1001) == [made]
    with pytest.raises(Refused, match="greater than the quantity"):
        client.add_shipment(1001, NewShipment(address.id, lines))
    client.remove_shipment(1001, made.id)
    with pytest.raises(NotFound):
        client.remove_shipment(1001, made.id)


def refunds(client: StoreClient, store: StoreSimulator) -> None:
    assert client.get_refunds(1001) == []
    items = [{"item_type": "PRODUCT", "item_id": 1_001_001, "quantity": 1}]
    make_refund(store.state, {"items": items, "total_amount": "12.30", "total_tax": "0.30"}, 1001)
    make_refund(store.state, {"items": [], "total_amount": 4, "declined": True}, 1001)
    first, second = client.get_refunds(1001)
    assert (first.id, first.total_amount, first.total_tax, first.paid) == (
        1, Decimal("12.3"), Decimal("0.3"), Decimal("12.3"),
    )  # fmt: skip
    assert first.items == (RefundItem("PRODUCT", 1_001_001, 1, None, Decimal(0)),)
    assert (second.items, second.paid, second.declined) == ((), Decimal(0), Decimal(4))


def refunding(client: StoreClient, store: StoreSimulator) -> None:
    items = [ReturnedItem(1_001_001, 1, "Return R-1 [R-1-1]")]
    quote = client.quote_refund(1001, items)
    price = Decimal(store.state.sample(1001).products[0]["price_inc_tax"])
    paid = RefundPayment("custom", "Manual", price, offline=True)
    credit = RefundPayment("storecredit", "Store Credit", price, offline=False)
    assert (quote.total, quote.methods) == (price, ((paid,), (credit,)))
    with pytest.raises(Refused, match="HTTP 422: The payments are not those of a refund quote"):
        client.add_refund(1001, items, [replace(credit, amount=price - Decimal("0.01"))])
    made = client.add_refund(1001, items, quote.methods[1])
    assert client.get_refunds(1001) == [made]
    assert made.items == (RefundItem("PRODUCT", 1_001_001, 1, None, Decimal(0), "Return R-1 [R-1-1]"),)
    with pytest.raises(Refused, match="more than is left to be refunded"):
        client.quote_refund(1001, [ReturnedItem(1_001_001, 2)])


def messages(client: StoreClient, store: StoreSimulator) -> None:
    assert client.get_messages(1001) == []
    write_message(store.state, {"message": "It came broken", "subject": "Lamp"}, 1001)
    write_message(store.state, {"message": "We look into it", "type": "admin"}, 1001)
    assert client.get_messages(1001) == [
        StoreMessage(1, "Lamp", "It came broken", by_customer=True),
        StoreMessage(2, "", "We look into it", by_customer=False),
    ]


def hooks(client: StoreClient, store: StoreSimulator) -> None:
    address, headers = "https://edi.example.com/hooks/", {"X-Secret": "one"}
    made = client.add_hook("store/order/*", address, headers)
    assert client.list_hooks() == [made]
    with pytest.raises(Refused):
        client.add_hook("store/order/*", address, headers)
    client.change_hook(made.id, "store/order/*", address, {"X-Secret": "two"})
    with pytest.raises(NotFound):
        client.change_hook(77, "store/order/*", address, headers)


def stock(client: StoreClient, store: StoreSimulator) -> None:
    desk = Adjustment(5001, 7001, True, 1, 5)
    bookend = Adjustment(5302, 7302, False, 1, 3)
    with pytest.raises(Refused, match=r"\[product_id 5001\] requires absolute adjustment before relative"):
        client.change_stock([desk], "first")
    assert client.get_stock_of(1, [7001, 7302]) == []
    client.set_stock([desk, bookend], "counted")
    client.change_stock([Adjustment(5001, 7001, True, 1, -2)], "sold elsewhere")
    assert client.get_stock_of(1, [7001, 7302]) == [StockAt(5001, 7001, 3, 3), StockAt(5302, 7302, 3, 3)]
    assert list(client.iter_stock_at(1)) == client.get_stock_of(1, [7001, 7302])
    with pytest.raises(Refused, match="is tracked by product, please update stock by product id"):
        client.set_stock([Adjustment(5001, 7001, False, 1, 5)], "by the wrong name")
    with pytest.raises(NotFound):
        list(client.iter_stock_at(77))


def limits(client: StoreClient, store: StoreSimulator) -> None:
    products = {each.id: each for each in client.iter_products()}
    variants = {each.id: each for each in client.iter_variants()}
    assert (len(products), len(variants)) == (332, 332)
    assert (products[5001].tracking, products[5302].tracking) == ("product", "variant")
    asked = {number: {"order_quantity_minimum": 4} for number in range(5001, 5013)}
    written = client.write_products(asked)
    assert {each.limits["order_quantity_minimum"] for each in written.values()} == {4}
    assert written.keys() == asked.keys()
    closed = client.write_variants(
        {7001: {"purchasing_disabled": True, "purchasing_disabled_message": "Gone."}}
    )
    assert closed[7001].limits == {"purchasing_disabled": True, "purchasing_disabled_message": "Gone."}
    assert next(client.iter_products()).limits == {**products[5001].limits, "order_quantity_minimum": 4}


# Each method of the client: how it is driven through all that it may ask, and the operations that it then asks for.
SHIPPING = [
    "createOrderShipments", "deleteOrderShipment", "getOrderProducts", "getOrderShipments", "getOrderShippingAddresses",
]  # fmt: skip
STOCK = ["get-location-inventory-items", "post-relative-adjustment", "put-absolute-adjustment"]
LIMITS = ["getProducts", "getVariants", "updateProducts", "updateVariantsBatch"]
REFUNDING = ["createOrderRefund", "createOrderRefundQuotes", "getOrderRefunds"]
DRIVES: dict[str, tuple[Callable[[StoreClient, StoreSimulator], object], list[str]]] = {
    "add_hook": (hooks, ["createWebhooks", "getWebhooks", "updateWebhook"]),
    "add_refund": (refunding, REFUNDING),
    "add_shipment": (shipments, SHIPPING),
    "change_hook": (hooks, ["createWebhooks", "getWebhooks", "updateWebhook"]),
    "change_stock": (stock, STOCK),
    "get_stock_of": (stock, STOCK),
    "iter_products": (limits, LIMITS),
    "iter_stock_at": (stock, STOCK),
    "iter_variants": (limits, LIMITS),
    "set_stock": (stock, STOCK),
    "write_products": (limits, LIMITS),
    "write_variants": (limits, LIMITS),
    "count_orders": (lambda client, store: client.count_orders(), ["getOrdersCount"]),
    "find_variants_by_sku": (lambda client, store: client.find_variants_by_sku("ac-012"), ["getVariants"]),
    "get_categories": (lambda client, store: client.get_categories(), [NOT_DESCRIBED]),
    "get_channels": (lambda client, store: client.get_channels(), ["getChannels"]),
    "get_currencies": (lambda client, store: client.get_currencies(), ["getCurrencies"]),
    "get_customer_group": (
        lambda client, store: [client.get_customer_group(number) for number in (41, 77, 9)],
        ["getCustomers"],
    ),
    "get_lines": (
        lambda client, store: [client.get_lines(number) for number in store.state.orders],
        ["getOrderProducts"],
    ),
    "get_locations": (lambda client, store: client.get_locations(), ["getLocations"]),
    "get_messages": (messages, ["getOrderMessages"]),
    "get_order": (orders, ["getOrder"]),
    "get_order_statuses": (lambda client, store: client.get_order_statuses(), ["getOrderStatuses"]),
    "get_product_categories": (
        lambda client, store: client.get_product_categories([*range(5001, 5333), 77]),
        ["getProducts"],
    ),
    "get_refunds": (refunds, ["getOrderRefunds"]),
    "get_shipments": (shipments, SHIPPING),
    "get_shipping_addresses": (
        lambda client, store: [client.get_shipping_addresses(number) for number in store.state.orders],
        ["getOrderShippingAddresses"],
    ),
    "get_stock_setting": (lambda client, store: client.get_stock_setting(), ["getSettingsInventory"]),
    "get_store": (lambda client, store: client.get_store(), ["getStoreInformation"]),
    "get_taxes": (
        lambda client, store: [client.get_taxes(number) for number in store.state.orders],
        ["getOrderTaxes"],
    ),
    "get_time": (lambda client, store: client.get_time(), ["getSystemTimestamp"]),
    "iter_changes_since": (changes, ["getOrders"]),
    "iter_orders_modified_since": (
        lambda client, store: list(client.iter_orders_modified_since(LONG_AGO)),
        ["getOrders"],
    ),
    "list_hooks": (lambda client, store: client.list_hooks(), ["getWebhooks"]),
    "list_order_metafields": (
        metafields,
        ["createOrderMetafield", "getOrderMetafields", "updateOrderMetafield"],
    ),
    "quote_refund": (refunding, REFUNDING),
    "remove_shipment": (shipments, SHIPPING),
    "set_order_metafield": (
        each_metafield_way,
        ["createOrderMetafield", "getOrderMetafields", "updateOrderMetafield"],
    ),
    "try_writing_metafields": (
        lambda client, store: client.try_writing_metafields(),
        ["createOrderMetafield"],
    ),
    "try_writing_orders": (lambda client, store: client.try_writing_orders(), ["updateOrder"]),
    "update_staff_notes": (staff_notes, ["getOrder", "updateOrder"]),
    "update_status": (statuses, ["updateOrder"]),
}


def test_every_method_of_the_client_is_driven() -> None:
    public = inspect.getmembers(StoreClient, inspect.isfunction)
    assert {name for name, _ in public if not name.startswith("_")} == DRIVES.keys()


@pytest.mark.parametrize("method", DRIVES)
def test_what_a_method_asks_and_gets_is_as_described(
    descriptions: Descriptions, store: StoreSimulator, method: str
) -> None:
    drive, expected = DRIVES[method]
    with recorded(store) as (client, recorder):
        drive(client, store)
    asked = [descriptions.operation(answer.request) for answer in recorder.answers]
    assert sorted({operation.name if operation else NOT_DESCRIBED for operation in asked}) == expected
    if expected == [NOT_DESCRIBED]:
        paths = {urlsplit(str(answer.request.url)).path.partition(HASH)[2] for answer in recorder.answers}
        assert {("GET", path) for path in paths} <= UNDESCRIBED.keys()
        return
    assert of_requests(descriptions, recorder.answers) == set()
    assert not_accepted(of_answers(descriptions, recorder.answers)) == set()
