"""Messages to rooms of a chat: written with what they tell of, posted afterwards, given up after a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import BigIntegerField
from django.db.models.functions import Cast

from archive.clock import database_now
from integration.failpoints import failpoint
from integration.models import NoticeWebhook, WebhookCall, Work, webhook_channel
from integration.transports.webhook import message, post
from integration.work import Claim, Step

State = WebhookCall.State
STEP = "post_webhook"
GIVEN_UP_AFTER = timedelta(days=1)
"""Later than that a message tells of yesterday's weather."""

KEPT = timedelta(days=30)
MOST = 100


def put_call(webhook: NoticeWebhook, text: str) -> None:
    """Write a message in the caller's transaction; ``steps_of_calls`` has it posted."""
    WebhookCall.objects.create(webhook=webhook, text=text)


def steps_of_calls() -> list[Step]:
    """Return a step for each message that waits and that no work is about."""
    asked = Work.objects.filter(step=STEP).annotate(call=Cast("subject", BigIntegerField()))
    waiting = WebhookCall.objects.filter(state=State.WAITING).exclude(pk__in=asked.values("call"))
    return [
        Step(STEP, str(call.pk), f"webhook_call:{call.pk}", talks_to=webhook_channel(call.webhook_id))
        for call in waiting.order_by("created_at", "pk")[:MOST]
    ]


def post_webhook(subject: str, claim: Claim) -> list[Step]:
    """Post a message that waits, unless it is too old or its webhook is switched off.

    A message whose answer was lost is posted again: twice in a room is better than never.
    """
    call = WebhookCall.objects.select_related("webhook").filter(pk=subject).first()
    if call is None or call.state != State.WAITING:
        return []
    if not call.webhook.is_active or database_now() - call.created_at >= GIVEN_UP_AFTER:
        _settle(call, claim, state=State.GIVEN_UP)
        return []
    post(call.webhook.url, message(call.webhook.shape, call.text))
    failpoint("webhook.posted")
    _settle(call, claim, state=State.SENT, sent_at=database_now())
    return []


def forget_calls(now: datetime) -> None:
    """Remove messages of long ago, in the caller's transaction; those that wait stay."""
    old = WebhookCall.objects.filter(created_at__lt=now - KEPT).exclude(state=State.WAITING)
    WebhookCall.objects.filter(pk__in=list(old.values_list("pk", flat=True)[: 10 * MOST])).delete()


def _settle(call: WebhookCall, claim: Claim, **values: object) -> None:
    with claim.transaction():
        WebhookCall.objects.filter(pk=call.pk, state=State.WAITING).update(**values)
