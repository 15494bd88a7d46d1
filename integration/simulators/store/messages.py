"""Messages of orders, V2: read through the API, written through the control door as shoppers write them.

From the published ``orderMessages``. A message leaves the order and its date as they are, and is told to hooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.simulators.store import events
from integration.simulators.store.call import Call
from integration.simulators.store.dates import v2_date
from integration.simulators.store.exchange import Answer
from integration.simulators.store.paging import v2_page
from integration.simulators.store.refusals import strange_filters
from integration.simulators.store.state import StoreState

Fields = Mapping[str, Any]
PAGING = frozenset({"page", "limit"})


def list_messages(call: Call) -> Answer:
    """Answer with a page of an order's messages."""
    call.state.sample(call.ids[0])
    strange = sorted(set(call.query) - PAGING)
    if strange:
        raise strange_filters(strange)
    with call.state.lock:
        return v2_page(list(call.state.messages.get(call.ids[0], [])), call.query)


def write_message(state: StoreState, fields: Fields, number: int) -> Any:
    """Write a message to an order: ``{"message": "It came broken", "subject": "…", "type": "customer"}``; else a merchant's."""
    if set(fields) - {"message", "subject", "type"} or not isinstance(fields.get("message"), str):
        raise ValueError(f"Fields are message, a text, subject and type. Told were {sorted(fields)}.")
    with state.lock:
        sample = state.sample(number)
        state.last_message += 1
        made = {
            "id": state.last_message,
            "order_id": number,
            "staff_id": 0,
            "customer_id": sample.order["customer_id"],
            "type": str(fields.get("type", "customer")),
            "subject": str(fields.get("subject", "")),
            "message": fields["message"],
            "status": "unread",
            "is_flagged": False,
            "date_created": v2_date(state.clock.seconds()),
            "customer": {},
        }
        state.messages.setdefault(number, []).append(made)
        told = events.order_data(number, message={"order_message_id": made["id"]})
        state.webhooks.announce(events.MESSAGE_CREATED, told)
        return dict(made)
