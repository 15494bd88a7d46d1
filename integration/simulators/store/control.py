"""The control door below ``/_simulator/``: JSON, no token, not in the ledger.

======================== =====================================================================================
request                  what it does
======================== =====================================================================================
GET ledger               tells every request to the API
GET, DELETE faults       tells, or disarms, the armed faults
POST faults              arms one: ``method, path, times, kind, status, headers, delay`` (see ``faults``)
POST quota               ``{"requests": 5}``: sets the quota of the rate limit and begins a new window
POST clock               ``{"advance": 31}``: lets the store's clock jump ahead by seconds
GET orders/{id}          tells an order with its lines and addresses
POST orders/{id}         writes to an order without the API's rules
POST …/lines/{line}      writes to a line of an order without the API's rules: ``orders/{id}/lines/{line}``
GET …/{id}/shipments     tells the shipments of an order: ``orders/{id}/shipments``
GET, POST …/{id}/refunds tells the refunds of an order, or makes one (see ``refunds``)
POST refunding           how refunds go that the API asks for (see ``refunding.settle``)
POST …/{id}/messages     has its shopper write a message (see ``messages``)
POST shipping            ``{"moves": false}``: shipments leave the status of orders, or move it again
POST orders/{id}/place   has an order appear, created and changed now
stock, sales, products   see ``stock_control``
GET webhooks             tells the settings of callbacks, how many are to be tried, and blocked domains
POST webhooks            sets ``time_scale``, ``timeout``, ``warm_up`` or ``restamped`` (see ``webhooks``)
GET webhooks/deliveries  tells every try to deliver a callback
GET, DELETE …/faults     tells, or disarms, the armed faults of callbacks: ``webhooks/faults``
POST webhooks/faults     arms one: ``kind, scope, times, seconds`` (see ``hook_faults``)
======================== =====================================================================================

What is wrong is refused with ``{"error": a sentence}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from integration.simulators.store.exchange import Reply, Request
from integration.simulators.store.faults import fault_from
from integration.simulators.store.hook_control import HOOK_CONTROLS
from integration.simulators.store.messages import write_message
from integration.simulators.store.refunding import settle
from integration.simulators.store.refunds import make_refund, tell_refunds
from integration.simulators.store.state import NotThere, StoreState
from integration.simulators.store.statuses import STATUSES
from integration.simulators.store.stock_control import STOCK_CONTROLS

PREFIX = "/_simulator/"
LONGEST_JUMP = 315_360_000.0
Fields = Mapping[str, Any]


def control(state: StoreState, request: Request) -> Reply:
    """Do what a request to the control door asks for."""
    try:
        status, told = 200, _done(state, request)
    except NotThere as error:
        status, told = 404, {"error": str(error)}
    except ValueError as error:
        status, told = 400, {"error": str(error)}
    content = json.dumps(told).encode()
    return Reply(status, {"Content-Type": "application/json"}, content)


def _done(state: StoreState, request: Request) -> Any:
    path = request.path.removeprefix(PREFIX)
    for method, pattern, act in CONTROLS:
        found = re.fullmatch(pattern, path)
        if found is not None and method == request.method:
            return act(state, _body(request), *map(int, found.groups()))
    raise NotThere(f"The control door has no {request.method} {path}.")


def _body(request: Request) -> dict[str, Any]:
    if not request.content:
        return {}
    try:
        data = request.json()
    except ValueError as error:
        raise ValueError("The body is not JSON.") from error
    if not isinstance(data, dict):
        raise ValueError("The body is not a JSON object.")
    return data


def _ledger(state: StoreState, fields: Fields) -> Any:
    with state.lock:
        return list(state.ledger)


def _faults(state: StoreState, fields: Fields) -> Any:
    with state.lock:
        return [asdict(fault) for fault in state.faults]


def _arm(state: StoreState, fields: Fields) -> Any:
    fault = fault_from(fields)
    with state.lock:
        state.faults.append(fault)
        return {"armed": len(state.faults)}


def _disarm(state: StoreState, fields: Fields) -> Any:
    with state.lock:
        state.faults.clear()
    return {"armed": 0}


def _set_quota(state: StoreState, fields: Fields) -> Any:
    requests = _only(fields, "requests", int)
    if requests < 0:
        raise ValueError("A quota is 0 or more requests.")
    state.quota = requests
    return {"quota": requests}


def _advance(state: StoreState, fields: Fields) -> Any:
    seconds = _only(fields, "advance", int | float)
    if seconds > LONGEST_JUMP:
        raise ValueError("The store's clock jumps ten years ahead at most.")
    state.clock.advance(seconds)
    return {"time": int(state.clock.seconds())}


def _tell_order(state: StoreState, fields: Fields, number: int) -> Any:
    sample = state.sample(number)
    return {"order": state.order(number), "products": sample.products, "addresses": sample.addresses}


def _write_order(state: StoreState, fields: Fields, number: int) -> Any:
    order = state.order(number)
    for name in fields:
        if name not in order:
            raise ValueError(f"Order {number} has no field {name!r}.")
    if fields.get("status_id", 0) not in tuple(STATUSES):
        raise ValueError(f"There is no order status {fields['status_id']!r}.")
    state.change(number, fields, checked=False)
    return _tell_order(state, {}, number)


def _write_line(state: StoreState, fields: Fields, number: int, line_id: int) -> Any:
    with state.lock:
        lines = state.sample(number).products
        line = next((each for each in lines if each["id"] == line_id), None)
        if line is None:
            raise NotThere(f"Order {number} has no line {line_id}.")
        for name in fields:
            if name not in line:
                raise ValueError(f"A line has no field {name!r}.")
        line.update(fields)
        return _write_order(state, {}, number)


def _place(state: StoreState, fields: Fields, number: int) -> Any:
    state.place(number)
    return _tell_order(state, {}, number)


def _shipments(state: StoreState, fields: Fields, number: int) -> Any:
    with state.lock:
        state.sample(number)
        return list(state.shipments.get(number, []))


def _shipping(state: StoreState, fields: Fields) -> Any:
    if set(fields) != {"moves"} or not isinstance(fields["moves"], bool):
        raise ValueError("One field is expected, 'moves', true or false.")
    state.moves_when_shipped = fields["moves"]
    return {"moves": state.moves_when_shipped}


def _only(fields: Fields, name: str, kind: Any) -> Any:
    value = fields.get(name)
    if set(fields) != {name} or isinstance(value, bool) or not isinstance(value, kind):
        raise ValueError(f"One field is expected, {name!r}, a number; told were {sorted(fields)}.")
    return value


ORDER = r"orders/([0-9]{1,18})"
CONTROLS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "ledger", _ledger),
    ("GET", "faults", _faults),
    ("POST", "faults", _arm),
    ("DELETE", "faults", _disarm),
    ("POST", "quota", _set_quota),
    ("POST", "clock", _advance),
    ("GET", ORDER, _tell_order),
    ("POST", ORDER, _write_order),
    ("POST", f"{ORDER}/place", _place),
    ("POST", f"{ORDER}/lines/([0-9]{{1,18}})", _write_line),
    ("GET", f"{ORDER}/shipments", _shipments),
    ("GET", f"{ORDER}/refunds", tell_refunds),
    ("POST", f"{ORDER}/refunds", make_refund),
    ("POST", f"{ORDER}/messages", write_message),
    ("POST", "shipping", _shipping),
    *STOCK_CONTROLS,
    ("POST", "refunding", settle),
    *HOOK_CONTROLS,
)
