"""How several suppliers of one item count: decided by staff, for a reason."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.house import house_language
from archive.record import record_audit, record_event
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.steps import STEPS
from integration.flows.stock_levels import level_steps
from integration.models import StoreItem
from integration.work import put

AS_THE_STORE = ""


def choose_strategy(user: User, item: StoreItem, strategy: str, reason: str) -> None:
    """Have several suppliers of ``item`` count by ``strategy``, or ``""`` for as the store's rule; its level follows.

    Raises ``Refused`` where the user may not, gives no reason, or it is so already.
    """
    reason = require(user, DECIDE, reason)
    if strategy not in (AS_THE_STORE, *StoreItem.Strategy.values):
        raise Refused(gettext("There is no such way to count several suppliers."))
    with transaction.atomic():
        changed = StoreItem.objects.filter(pk=item.pk).exclude(strategy=strategy).update(strategy=strategy)
        if not changed:
            raise Refused(gettext("It is so already."))
        with house_language():
            words = str(StoreItem.Strategy(strategy).label) if strategy else "As the store's rule"
        record_audit(user, "choose strategy", item.subject, reason=reason)
        record_event(
            item.subject,
            "strategy_chosen",
            f"How several suppliers count: {words}. {reason}",
            actor=user.get_username(),
        )
        for step in level_steps([item.store_id]):
            put(STEPS[step.name].lane, step)
