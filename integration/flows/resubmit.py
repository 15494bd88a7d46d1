"""A purchase order sent once more by a person: a new interchange under new control numbers, linked to the first."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from archive.models import Document, Resubmission
from integration.flows.resending import ResubmitPlan, locked_purchase_order, plan_resubmit, send_anew
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.steps import STEPS
from integration.flows.transmit import transmit_step
from integration.work import put

__all__ = ["ResubmitPlan", "plan_resubmit", "resubmit"]


def resubmit(user: User, document: Document, reason: str, digest: str, key: str) -> Document:
    """Send ``document`` again as it was shown; return the new document.

    ``key`` is the form's: posting the same form twice sends once, and gives the same document. Raises ``Refused``,
    with nothing done, where the user may not, gives no reason, or the plan is not the one that ``digest`` names.
    """
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        purchase_order = locked_purchase_order(document)
        done = Resubmission.objects.filter(key=key).select_related("document").first()
        if done is not None and done.original_id != document.pk:
            raise Refused("This form was used for another document. Open the page of this one again.")
        if done is not None:
            return done.document
        if plan_resubmit(document).digest != digest:
            raise Refused("Something has changed since you looked. Here is what it would do now.")
        again = send_anew(user, document, purchase_order, reason, key)
        put(STEPS["transmit"].lane, transmit_step(again.interchange))
    return again
