"""The verb by which staff have a plain stock file read once more, by the columns that the agreement says now."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive import store
from archive.house import house_language
from archive.record import record_audit, record_event
from integration.flows.cases import close_case
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.steps import STEPS
from integration.flows.stock_feeds import State, lock_agreement
from integration.flows.stock_files import take_again
from integration.models import ExceptionCase, StockFeed
from integration.work import put

READABLE_AGAIN = (State.HELD, State.PUT_ASIDE, State.UNUSABLE)


def may_be_read_again(feed: StockFeed) -> bool:
    """Say whether the feed is a plain file that counts for nothing."""
    return feed.transmission_id is not None and feed.state in READABLE_AGAIN


def read_stock_again(user: User, feed: StockFeed, reason: str) -> None:
    """Read the file of a feed anew, which is then judged as if it came now: applied, held, or of no use.

    Raises ``Refused``, with nothing done, where the user may not, gives no reason, the feed counts, or its agreement
    takes no such file any more.
    """
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        lock_agreement(feed.agreement_id)
        row = StockFeed.objects.select_for_update().get(pk=feed.pk)
        file = row.transmission
        if file is None or not may_be_read_again(row):
            raise Refused(gettext("It counts, or was read again meanwhile: look at it as it is now."))
        with house_language():
            actor, before = user.get_username(), row.get_state_display().lower()
        for case in ExceptionCase.objects.filter(cause=row.cause, closed_at=None):
            close_case(case, ExceptionCase.Decision.READ_AGAIN, f"Read again: {reason}", actor=actor)
        record_audit(user, "read stock file again", row.subject, reason=reason, detail={"was": before})
        record_event(
            row.subject, "stock_read_again", f"Read again by the columns of now: {reason}", actor=actor
        )
        steps = take_again(
            row, file, store.open(file.payload, actor=actor, purpose=f"read {file.name} again")
        )
        if steps is None:
            raise Refused(
                gettext(
                    "%(agreement)s takes no file of this name now: set the columns of its stock terms first."
                )
                % {"agreement": row.agreement}
            )
        for step in steps:
            put(STEPS[step.name].lane, step)
