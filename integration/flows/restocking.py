"""The decision that goods of a return are for sale again: what it does, and done; how the store learns of it: ``restock``."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.record import record_audit, record_event
from integration.flows.restock import good_units, restock_steps
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.steps import STEPS
from integration.matching.lines import plain
from integration.models import Order, PurchaseOrder, ReturnCase
from integration.work import put


def restock_plan(case: ReturnCase) -> list[str]:
    """Return what restocking would do, in sentences. Raises ``Refused`` where nothing came back yet."""
    came = [row for row in case.lines.select_related("line") if row.received]
    if not came:
        raise Refused(
            gettext("Nothing of %(case)s is received yet: there is nothing to restock.") % {"case": case}
        )
    told = [
        f"{good_units(row)} of {row.line.sku} count as what {case.partner} can sell again, once."
        for row in came
    ]
    told += [
        f"Of {row.line.sku}, {plain(row.damaged)} came damaged by his word: not counted."
        for row in came
        if row.damaged
    ]
    return [
        *told,
        f"What {case.order.store} shows rises where Gridport wrote the item's stock before, until {case.partner} counts again; an item"
        " that it never wrote is left alone.",
    ]


def restock(user: User, case: ReturnCase, reason: str) -> None:
    """Have what came back be for sale again. Raises ``Refused``."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        # In the order of all: purchase order, order, return.
        PurchaseOrder.objects.select_for_update().only("pk").get(pk=case.purchase_order_id)
        Order.objects.select_for_update().only("pk").get(pk=case.order_id)
        locked = ReturnCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
        told = restock_plan(locked)
        record_audit(user, "restock", locked.subject, reason=reason)
        record_event(locked.subject, "restock_decided", f"{told[0]} {reason}", actor=user.get_username())
        for step in restock_steps(locked):
            put(STEPS[step.name].lane, step)
