"""One document of a bulk job sent again: the step that each of its documents is."""

from __future__ import annotations

from django.utils.translation import gettext

from archive.models import Resubmission
from integration.flows.resending import hold, plan_resubmit, send_anew
from integration.flows.rights import RESUBMIT_BULK, Refused, require
from integration.flows.transmit import transmit_step
from integration.models import BulkItem
from integration.work import Claim, Step

State = BulkItem.State


def send_again(subject: str, claim: Claim) -> list[Step]:
    """Send the document of a waiting item again, or write why not; return the step that sends what was written."""
    with claim.transaction():
        item = (
            BulkItem.objects.select_for_update(of=("self",))
            .select_related("job__user", "document__interchange__payload", "result__interchange")
            .get(pk=subject)
        )
        if item.state == State.WAITING:
            _carry_out(item)
        return _steps_of(item)


def _steps_of(item: BulkItem) -> list[Step]:
    return [transmit_step(item.result.interchange)] if item.result is not None else []


def _carry_out(item: BulkItem) -> None:
    job, document = item.job, item.document
    key = f"bulk:{job.pk}:{document.pk}"
    try:
        reason = require(job.user, RESUBMIT_BULK, job.reason)
        hold(document)
        done = Resubmission.objects.filter(key=key).select_related("document__interchange").first()
        if done is None:
            if list(plan_resubmit(document).warnings) != item.warnings:
                raise Refused(
                    gettext(
                        "The partner has answered it since the job was decided: look at it, and send it alone."
                    )
                )
            item.result = send_anew(job.user, document, reason, key)
        else:
            item.result = done.document
    except Refused as refusal:
        item.state, item.sentence = State.REFUSED, str(refusal)
    else:
        item.state = State.DONE
    item.save(update_fields=["state", "sentence", "result"])
