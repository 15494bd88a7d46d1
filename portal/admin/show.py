"""How values look on every page: times with their zone, statuses as shape and word, money with its currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from archive.models import AcknowledgmentState, Delivery, DocumentState, Validation
from integration.models import ExceptionCase, Order, PurchaseOrder, PurchaseOrderChange, StoreEffect
from partners.models import Mode

GOOD, WAITING, WARNING, BAD, QUIET = "good", "waiting", "warning", "bad", "quiet"
ICONS = {
    GOOD: "check_circle",
    WAITING: "schedule",
    WARNING: "warning",
    BAD: "error",
    QUIET: "radio_button_unchecked",
}

VALIDATION_TONES = {
    Validation.PENDING: WAITING,
    Validation.VALID: GOOD,
    Validation.VALID_WITH_NOTES: WARNING,
    Validation.INVALID: BAD,
}
DELIVERY_TONES = {
    Delivery.NONE: QUIET,
    Delivery.WAITING: WAITING,
    Delivery.SENDING: WAITING,
    Delivery.UNKNOWN: WARNING,
    Delivery.DELIVERED: GOOD,
    Delivery.FAILED: BAD,
}
ACKNOWLEDGMENT_TONES = {
    AcknowledgmentState.NOT_EXPECTED: QUIET,
    AcknowledgmentState.WAITING: WAITING,
    AcknowledgmentState.OVERDUE: BAD,
    AcknowledgmentState.ACCEPTED: GOOD,
    AcknowledgmentState.ACCEPTED_WITH_ERRORS: WARNING,
    AcknowledgmentState.PARTIALLY_ACCEPTED: WARNING,
    AcknowledgmentState.REJECTED: BAD,
}
ORDER_TONES = {
    Order.State.SETTLING: WAITING,
    Order.State.NOT_OURS: QUIET,
    Order.State.HELD: WARNING,
    Order.State.ROUTED: WAITING,
    Order.State.ACCEPTED: GOOD,
}
PURCHASE_ORDER_TONES = {
    PurchaseOrder.State.ROUTED: WAITING,
    PurchaseOrder.State.COMPOSED: WAITING,
    PurchaseOrder.State.GENERATED: WAITING,
    PurchaseOrder.State.ACCEPTED: GOOD,
    PurchaseOrder.State.DISPUTED: WARNING,
    PurchaseOrder.State.DROPPED: QUIET,
}
CHANGE_TONES = {
    PurchaseOrderChange.State.COMPOSED: WAITING,
    PurchaseOrderChange.State.GENERATED: WAITING,
    PurchaseOrderChange.State.ACCEPTED: GOOD,
    PurchaseOrderChange.State.REJECTED: BAD,
    PurchaseOrderChange.State.DISPUTED: WARNING,
    PurchaseOrderChange.State.DROPPED: QUIET,
    PurchaseOrderChange.State.TOLD: QUIET,
}
EFFECT_TONES = {
    StoreEffect.State.WAITING: WAITING,
    StoreEffect.State.SENDING: WAITING,
    StoreEffect.State.UNKNOWN: WARNING,
    StoreEffect.State.DONE: GOOD,
    StoreEffect.State.SKIPPED: QUIET,
    StoreEffect.State.FAILED: BAD,
}
MODE_WORDS = {Mode.WATCH: gettext_lazy("Watch"), Mode.LIVE: gettext_lazy("Live")}
MODE_TONES = {Mode.WATCH: WAITING, Mode.LIVE: GOOD}


def and_more(words: str, further: int) -> str:
    """Return ``words``, and how many more there are than they name."""
    return (
        gettext("%(words)s and %(count)s more") % {"words": words, "count": further} if further > 0 else words
    )


def badge(words: str | Promise, tone: str) -> SafeString:
    """Return a status as an icon and a word, so that colour never says it alone."""
    return format_html(
        '<span class="gp-badge gp-{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>{}</span>',
        tone,
        ICONS[tone],
        words,
    )


def status(value: Any, words: str, tones: dict[Any, str]) -> SafeString:
    """Return the badge of a stored status."""
    return badge(words, tones.get(value, QUIET))


def validation_badge(state: DocumentState) -> SafeString:
    """Return whether the document holds to the standard."""
    return status(state.validation, state.get_validation_display(), VALIDATION_TONES)


def delivery_badge(state: DocumentState) -> SafeString:
    """Return how far sending got."""
    return status(state.delivery, state.get_delivery_display(), DELIVERY_TONES)


def acknowledgment_badge(state: DocumentState) -> SafeString:
    """Return what the partner's functional acknowledgment said."""
    return status(state.acknowledgment, state.get_acknowledgment_display(), ACKNOWLEDGMENT_TONES)


def summary_badge(state: DocumentState | None) -> SafeString:
    """Return the one status of lists: ``DocumentState.summary`` and the tone of the status it comes from."""
    if state is None:
        return badge(gettext("Not read yet"), WAITING)
    if state.validation == Validation.INVALID:
        return validation_badge(state)
    unfinished = (Delivery.FAILED, Delivery.UNKNOWN, Delivery.WAITING, Delivery.SENDING)
    if state.delivery in unfinished or state.acknowledgment == AcknowledgmentState.NOT_EXPECTED:
        return delivery_badge(state)
    return acknowledgment_badge(state)


def order_badge(order: Order) -> SafeString:
    """Return the order's state."""
    return status(order.state, order.get_state_display(), ORDER_TONES)


def purchase_order_badge(purchase_order: PurchaseOrder, sent: DocumentState | None) -> SafeString:
    """Return the purchase order's state; once it is written, how far its document ``sent`` got."""
    if purchase_order.state == PurchaseOrder.State.COMPOSED:
        return badge(gettext("Composed, not sent"), WAITING)
    if purchase_order.state == PurchaseOrder.State.GENERATED and sent is not None:
        if sent.delivery != Delivery.DELIVERED:
            return delivery_badge(sent)
        if sent.acknowledgment == AcknowledgmentState.REJECTED:
            return acknowledgment_badge(sent)
        return badge(gettext("Sent, not answered yet"), WAITING)
    return status(purchase_order.state, purchase_order.get_state_display(), PURCHASE_ORDER_TONES)


def change_badge(change: PurchaseOrderChange, sent: DocumentState | None) -> SafeString:
    """Return the state of a purchase order change; once it is written, how far its document ``sent`` got."""
    if change.state == PurchaseOrderChange.State.GENERATED and sent is not None:
        if sent.delivery != Delivery.DELIVERED:
            return delivery_badge(sent)
        if sent.acknowledgment == AcknowledgmentState.REJECTED:
            return acknowledgment_badge(sent)
        return badge(gettext("Sent, not answered yet"), WAITING)
    return status(change.state, change.get_state_display(), CHANGE_TONES)


def effect_badge(effect: StoreEffect) -> SafeString:
    """Return the effect's state."""
    return status(effect.state, effect.get_state_display(), EFFECT_TONES)


def mode_badge(mode: str) -> SafeString:
    """Return Watch or Live."""
    return badge(MODE_WORDS[Mode(mode)], MODE_TONES[Mode(mode)])


def case_badge(case: ExceptionCase) -> SafeString:
    """Return whether the case is open, overdue or closed."""
    if case.closed_at is not None:
        return badge(gettext("Closed"), QUIET)
    now = timezone.now()
    if case.is_put_off(now):
        return badge(
            gettext("Waits for the partner") if case.waiting_for == "partner" else gettext("Put off"), WAITING
        )
    if case.due_at is not None and case.due_at < now:
        return badge(gettext("Past its due time"), BAD)
    return badge(gettext("Open"), WARNING)


def moment(value: datetime | None) -> str | SafeString:
    """Return a time with its zone: ``24 Nov 2026 14:02 UTC``; empty for None."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    words = f"{local.day} {local:%b %Y %H:%M} {local.tzname()}"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), words)


def day(value: date | None) -> str:
    """Return a date as it was given: ``3 Mar 2026``."""
    return "" if value is None else f"{value.day} {value:%b %Y}"


def age(since: datetime, until: datetime | None = None) -> str:
    """Return how long ago in one unit: ``under 1 min``, ``4 min``, ``31 h``, ``6 days``."""
    minutes = int(((until or timezone.now()) - since).total_seconds() // 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return gettext("%(minutes)s min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return gettext("%(days)s days") % {"days": minutes // (24 * 60)}


def quantity(value: Decimal | None) -> str:
    """Return a quantity without idle zeros: ``12``, ``2.5``."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal | None, currency: str = "") -> str:
    """Return an amount with at least two decimals and its currency: ``1,024.50 USD``."""
    if value is None:
        return ""
    whole, _, decimals = quantity(value).partition(".")
    amount = f"{int(whole):,}.{decimals.ljust(2, '0')}"
    if whole.startswith("-") and not amount.startswith("-"):
        amount = f"-{amount}"
    return f"{amount} {currency}".strip()


def size(count: int) -> str:
    """Return a number of bytes for people."""
    if count < 10_000:
        return gettext("%(count)s bytes") % {"count": f"{count:,}"}
    return f"{count / 1000:,.0f} kB" if count < 10_000_000 else f"{count / 1_000_000:,.0f} MB"


def page_url(row: Model) -> str:
    """Return the address of the admin page of ``row``."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_url(model: type[Model], query: str = "") -> str:
    """Return the address of the admin list of ``model``."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{query}" if query else address


def link(row: Model | None, words: object = None) -> str | SafeString:
    """Return ``words`` (else the row's name) as a link to the row's page; empty for None."""
    if row is None:
        return ""
    return format_html('<a class="gp-link" href="{}">{}</a>', page_url(row), row if words is None else words)
