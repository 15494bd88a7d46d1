"""Limits of orders to the store: minimum, maximum, whether it may be bought, pre-order, and what shoppers are told.

Written are only the fields that differ; a PUT of them can be repeated, so one whose end is unknown is just sent again. What
stood there before we wrote is in ``StoreItem.settings``, committed before the first write, and put back when nobody asks for
the limit any more, or its day has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archive.clock import database_now
from archive.record import record_event
from integration.bigcommerce.catalog import (
    PRODUCT_LIMITS,
    PRODUCTS_AT_ONCE,
    VARIANT_LIMITS,
    VARIANTS_AT_ONCE,
)
from integration.bigcommerce.client import NotFound, Refused, StoreClient
from integration.errors import IntegrationError
from integration.failpoints import failpoint
from integration.flows.cases import close_cause, open_case
from integration.flows.stock_levels import unwritten_limits
from integration.models import ExceptionCase, StockLimit, Store
from integration.work import Claim

Fields = dict[str, Any]
WORDS = {
    "order_quantity_minimum": "smallest order",
    "order_quantity_maximum": "largest order",
    "availability": "availability",
    "availability_description": "words about availability",
    "preorder_release_date": "pre-order until",
    "preorder_message": "pre-order message",
    "purchasing_disabled": "cannot be bought",
    "purchasing_disabled_message": "why it cannot be bought",
}
"""The fields for people."""


def write_limits(client: StoreClient, store: Store, claim: Claim) -> None:
    """Write all limits of the store that are not as they are to be."""
    for fields, size in ((PRODUCT_LIMITS, PRODUCTS_AT_ONCE), (VARIANT_LIMITS, VARIANTS_AT_ONCE)):
        rows = [
            row
            for row in unwritten_limits(store).select_related("item").order_by("pk")
            if any(name in fields for name in outstanding(row))
        ]
        for first in range(0, len(rows), size):
            _write(client, claim, rows[first : first + size], fields)


def outstanding(row: StockLimit) -> Fields:
    """Return what is to be written of a limit: what is wanted otherwise, and what is put back as it stood before."""
    before = row.item.settings
    # What stands there now has to be known before it is written over.
    wanted = {
        name: value
        for name, value in row.wanted.items()
        if name in before and (name in row.sent or row.written.get(name) != value)
    }
    back = {
        name: before[name]
        for name in {**row.written, **row.sent}
        if name not in row.wanted and name in before
    }
    return {**back, **wanted}


def _write(client: StoreClient, claim: Claim, rows: Sequence[StockLimit], fields: Sequence[str]) -> None:
    told = {
        row.pk: {name: value for name, value in outstanding(row).items() if name in fields} for row in rows
    }
    with claim.transaction():
        for row in rows:
            row.sent = {**row.sent, **told[row.pk]}
            StockLimit.objects.filter(pk=row.pk).update(sent=row.sent)
    failpoint("stock.limits_sending")
    by_variant = fields is VARIANT_LIMITS
    body = {(row.item.variant if by_variant else row.item.product): told[row.pk] for row in rows}
    write = client.write_variants if by_variant else client.write_products
    try:
        answered = write(body)
    except (NotFound, Refused) as error:
        if len(rows) == 1:
            _refused(claim, rows[0], error)
            return
        for row in rows:
            _write(client, claim, [row], fields)
        return
    failpoint("stock.limits_written")
    with claim.transaction():
        for row in rows:
            number = row.item.variant if by_variant else row.item.product
            if number in answered:
                _finish(row, told[row.pk])


def _finish(row: StockLimit, told: Mapping[str, Any]) -> None:
    current = StockLimit.objects.select_for_update().get(pk=row.pk)
    put_back = [name for name in told if name not in row.wanted]
    written = {**current.written, **told}
    current.written = {name: value for name, value in written.items() if name not in put_back}
    current.sent = {name: value for name, value in current.sent.items() if name not in told}
    current.written_at = database_now()
    current.save(update_fields=["written", "sent", "written_at"])
    row.sent, row.written = current.sent, current.written
    close_cause(_cause(row), "The store took it.")
    for names, words in (
        ([name for name in told if name not in put_back], "Set in the store"),
        (put_back, "Put back in the store as it was"),
    ):
        if names:
            said = ", ".join(f"{WORDS[name]} {_shown(told[name])}" for name in sorted(names))
            record_event(row.item.subject, "limits_written", f"{words}: {said}.")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in (None, "") else "nothing"


def _refused(claim: Claim, row: StockLimit, error: IntegrationError) -> None:
    """Leave it until something else is wanted, and tell."""
    sentence = f"{row.item.store} does not take the limits of {row.item}: {error} They are left as they were."
    with claim.transaction():
        StockLimit.objects.filter(pk=row.pk).update(sent={}, error=str(error))
        open_case(ExceptionCase.Kind.STOCK_UNCLEAR, _cause(row), sentence, store=row.item.store)


def _cause(row: StockLimit) -> str:
    return f"limits:refused:{row.pk}"
