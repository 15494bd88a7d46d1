"""A document of ours sent once more by a person: a new interchange under new control numbers, linked to the first."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.models import Document, Resubmission
from integration.flows.resending import ResubmitPlan, hold, plan_resubmit, send_anew
from integration.flows.rights import RESUBMIT, Refused, require
from integration.flows.steps import STEPS
from integration.flows.transmit import transmit_step
from integration.flows.written_again import Content
from integration.work import put

__all__ = ["Content", "ResubmitPlan", "plan_resubmit", "resubmit"]


def resubmit(
    user: User,
    document: Document,
    reason: str,
    digest: str,
    key: str,
    *,
    content: Content | None = None,
    confirmed: bool = False,
) -> Document:
    """Send ``document`` again as it was shown; return the new document.

    ``key`` is the form's: posting the same form twice sends once, and gives the same document. ``confirmed`` says that a
    second one is wanted, although the partner has answered the first. Raises ``Refused``, with nothing done, where
    the user may not, gives no reason, does not confirm, or the plan is not the one that ``digest`` names.
    """
    reason = require(user, RESUBMIT, reason)
    with transaction.atomic():
        hold(document)
        done = Resubmission.objects.filter(key=key).select_related("document").first()
        if done is not None and done.original_id != document.pk:
            raise Refused(
                gettext("This form was used for another document. Open the page of this one again.")
            )
        if done is not None:
            return done.document
        plan = plan_resubmit(document, content)
        if plan.digest != digest:
            raise Refused(gettext("Something has changed since you looked. Here is what it would do now."))
        if plan.warnings and not confirmed:
            raise Refused(
                gettext("%(warnings)s Tick that it is to be sent all the same.")
                % {"warnings": plan.warnings[-1]}
            )
        again = send_anew(user, document, reason, key, plan.content)
        put(STEPS["transmit"].lane, transmit_step(again.interchange))
    return again
