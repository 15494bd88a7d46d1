"""What is unknown, in words: what may have happened, what is looked for and when, and what follows from it."""

from __future__ import annotations

from django.db.models import DateTimeField, Func
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from archive.models import Delivery, Document
from integration.models import ORDER_STATUSES, StoreEffect, Work
from portal.admin.documents_table import state_of
from portal.admin.show import moment


def unknown_effect(effect: StoreEffect) -> str | SafeString:
    """Return what is done about an effect of which nobody knows whether the store has it; empty for all others."""
    if effect.state != StoreEffect.State.UNKNOWN:
        return ""
    if effect.kind == StoreEffect.Kind.STATUS:
        status = ORDER_STATUSES.get(effect.intended.get("status_id"), gettext("as it was to be"))
        sought = gettext(
            "whether the order is %(status)s in the store already, and sets it only where nobody has moved it"
        ) % {"status": status}
    elif effect.kind == StoreEffect.Kind.NOTE:
        sought = gettext(
            "whether the order's staff notes hold the line already, and adds it only if they do not"
        )
    elif effect.kind == StoreEffect.Kind.SHIPMENT:
        sought = gettext(
            "whether the store holds a shipment of just these lines and this tracking number already, and makes it only if it does not"
        )
    elif effect.kind == StoreEffect.Kind.REFUND:
        sought = gettext(
            "whether the store holds the refund already, by its mark or its pieces and amount, and makes it only if it does not"
        )
    elif effect.kind == StoreEffect.Kind.REMOVAL:
        sought = gettext("whether the shipment is still there, and removes it only if it is")
    elif effect.kind == StoreEffect.Kind.SHIPPED:
        sought = gettext(
            "what the order's status and its shipments are, and sets the status that follows from them"
        )
    else:
        key = effect.intended.get("key", "")
        sought = gettext(
            "whether the order's metafield %(key)s says so already, and writes it only if it does not"
        ) % {"key": key}
    return format_html(
        gettext("It may be written: the store's answer was lost. {looks} {sought}."),
        looks=_when("apply_effect", effect.pk),
        sought=sought,
    )


def unknown_delivery(document: Document) -> str | SafeString:
    """Return what is done about a document of which nobody knows whether it arrived; empty for all others."""
    state = state_of(document)
    if state is None or state.delivery != Delivery.UNKNOWN:
        return ""
    sought = gettext(
        "whether %(interchange)s lies on the mailbox whole, and sends the same bytes under the same name only if it does not"
    ) % {"interchange": document.interchange.name}
    return format_html(
        gettext("It may have arrived: the connection ended first. {looks} {sought}."),
        looks=_when("transmit", document.interchange_id),
        sought=sought,
    )


def _when(step: str, pk: int) -> str | SafeString:
    """Return the beginning of the sentence that says when somebody looks."""
    work = Work.objects.filter(step=step, subject=str(pk)).annotate(now=_Now()).first()
    if work is None or work.parked_at is not None:
        return gettext("Once somebody lets it be tried again, Gridport looks")
    if work.lease_token is not None or work.due_at <= work.now:
        return gettext("Gridport is about to look")
    return format_html(gettext("At {} Gridport looks"), moment(work.due_at))


class _Now(Func):
    """The clock by which work is due: the database's."""

    function = "clock_timestamp"
    output_field = DateTimeField()
