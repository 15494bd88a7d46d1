"""The verb by which staff take an applied stock feed back."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from archive.record import record_audit
from integration.flows.rights import DECIDE, require
from integration.flows.steps import STEPS
from integration.flows.stock_feeds import State, lock_agreement, roll_back_effect, steps_of, take_back, tell
from integration.models import StockFeed
from integration.work import put


def roll_back(user: User, feed: StockFeed, reason: str) -> None:
    """Let an applied feed count no more: what stood before it stands again where nothing newer does.

    Raises ``Refused``, with nothing done, where the user may not, gives no reason, or the feed does not count.
    """
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        lock_agreement(feed.agreement_id)
        row = (
            StockFeed.objects.select_for_update(of=("self",))
            .select_related("agreement__partner")
            .get(pk=feed.pk)
        )
        effect = roll_back_effect(row)
        take_back(row, State.ROLLED_BACK)
        sentence = f"Rolled back: {effect.changed:,} items changed back. {reason}"
        record_audit(
            user,
            "roll back stock feed",
            row.subject,
            reason=reason,
            detail={"feed": row.pk, "changed": effect.changed},
        )
        tell(row, "stock_rolled_back", sentence, user.get_username())
        for step in steps_of(row):
            put(STEPS[step.name].lane, step)
