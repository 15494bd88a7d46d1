"""V2 of the API: orders with their parts, statuses, currencies, the store and its clock."""

from __future__ import annotations

from collections import Counter
from typing import Any

from integration.simulators.store.call import Call
from integration.simulators.store.exchange import Answer
from integration.simulators.store.order_filters import NOT_SIMULATED, listed
from integration.simulators.store.paging import PAGING, v2_page
from integration.simulators.store.profile import store_payload
from integration.simulators.store.refusals import not_simulated, unknown
from integration.simulators.store.settings import CURRENCIES
from integration.simulators.store.statuses import STATUSES, counted_status_payload, status_payload


def list_orders(call: Call) -> Answer:
    """Answer with a page of the orders that were asked for."""
    page = v2_page(listed(call.state.placed_orders(), call.query), call.query)
    if page.data is None:
        return page
    return Answer(200, [_linked(call, call.state.order(order["id"])) for order in page.data])


def count_orders(call: Call) -> Answer:
    """Answer with the number of orders of each status."""
    counts = Counter(order["status_id"] for order in listed(call.state.placed_orders(), call.query))
    told = [counted_status_payload(status, counts[status.id]) for status in STATUSES.values()]
    told.sort(key=lambda status: status["sort_order"])
    return Answer(200, {"statuses": told, "count": counts.total()})


def read_order(call: Call) -> Answer:
    """Answer with one order."""
    _refuse_parameters(call, frozenset())
    return Answer(200, _linked(call, call.state.order(call.ids[0])))


def write_order(call: Call) -> Answer:
    """Write to an order and answer with it."""
    return Answer(200, _linked(call, call.state.change(call.ids[0], call.body())))


def list_products(call: Call) -> Answer:
    """Answer with a page of an order's lines."""
    return _part(call, call.state.sample(call.ids[0]).products)


def list_addresses(call: Call) -> Answer:
    """Answer with a page of an order's shipping addresses."""
    return _part(call, call.state.sample(call.ids[0]).addresses)


def list_taxes(call: Call) -> Answer:
    """Answer with a page of an order's taxes."""
    return _part(call, call.state.sample(call.ids[0]).taxes)


def list_nothing(call: Call) -> Answer:
    """Answer for a part that no order of this store has, but that every order links to."""
    call.state.sample(call.ids[0])
    return _part(call, [])


def list_statuses(call: Call) -> Answer:
    """Answer with all order statuses: this list knows no pages."""
    _refuse_parameters(call, frozenset())
    return Answer(200, [status_payload(status) for status in STATUSES.values()])


def list_currencies(call: Call) -> Answer:
    """Answer with a page of the currencies."""
    _refuse_parameters(call, PAGING)
    return v2_page(CURRENCIES, call.query)


def read_store(call: Call) -> Answer:
    """Answer with the store's profile."""
    return Answer(200, store_payload(call.store_hash))


def read_time(call: Call) -> Answer:
    """Answer with the store's clock in whole seconds."""
    return Answer(200, {"time": int(call.state.clock.seconds())})


def _part(call: Call, rows: list[dict[str, Any]]) -> Answer:
    _refuse_parameters(call, PAGING)
    return v2_page([_linked(call, row) for row in rows], call.query)


def _refuse_parameters(call: Call, known: frozenset[str]) -> None:
    for name in call.query:
        if name in NOT_SIMULATED:
            raise not_simulated(call.path, name)
        if name not in known:
            raise unknown(name)


def _linked(call: Call, told: dict[str, Any]) -> dict[str, Any]:
    """Return a copy whose links lead to this store."""
    return {
        name: {**value, "url": f"{call.address}/v2{value['resource']}"}
        if isinstance(value, dict) and value.keys() == {"url", "resource"}
        else value
        for name, value in told.items()
    }
