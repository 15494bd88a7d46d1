"""The verbs of staff: each checks, leaves an audit entry with its reason, and has its effect, in one transaction.

Admin, pages, API and commands call these and nothing else. A refused verb raises ``Refused`` with the sentence
to show, and changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext

from archive.clock import database_now
from archive.models import Delivery, Direction, Interchange
from archive.record import record_audit, record_event
from integration import channels
from integration.flows.case_work import locked
from integration.flows.cases import channel_of, close_case, work_of
from integration.flows.changes import change_step
from integration.flows.channels import waiting_for
from integration.flows.customers import acknowledge_steps
from integration.flows.effects import effect_step
from integration.flows.import_orders import import_step
from integration.flows.invoice_decisions import settle_bill
from integration.flows.invoicing import INVOICE, invoice_step
from integration.flows.return_rows import write_step
from integration.flows.rights import (
    DECIDE,
    GO_LIVE,
    PAUSE,
    RESUBMIT,
    RESUBMIT_BULK,
    Refused,
    require,
)
from integration.flows.steps import STEPS
from integration.flows.stock_feeds import settle_feed
from integration.flows.stock_levels import level_steps
from integration.flows.transmit import transmit_step
from integration.models import (
    STANDING_POLL,
    ExceptionCase,
    InvoiceCopy,
    Order,
    Pause,
    PurchaseOrder,
    PurchaseOrderChange,
    ReturnCase,
    Store,
    StoreEffect,
    Work,
)
from integration.work import Step, put, release_channel, unpark
from partners.agreements import is_being_onboarded
from partners.models import Agreement, Mailbox, Mode, TradingPartner

__all__ = [
    "DECIDE",
    "GO_LIVE",
    "PAUSE",
    "RESUBMIT",
    "RESUBMIT_BULK",
    "Pausable",
    "Refused",
    "back_to_watch",
    "go_live",
    "pause",
    "pause_subject",
    "release_work",
    "require",
    "resume",
    "retry_case",
    "settings_changed",
    "settle_case",
    "steps_to_retry",
    "work_behind",
]


Pausable = Store | Mailbox | TradingPartner | str


def settle_case(user: User, case: ExceptionCase, reason: str, seen: str = "") -> None:
    """Close ``case`` as settled outside Gridport; ``seen`` is the version of it that was looked at."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        locked(case, seen)
        if not close_case(case, ExceptionCase.Decision.SETTLED, reason, actor=user.get_username()):
            raise Refused(gettext("Somebody else has closed this case already."))
        record_audit(user, "settle case", case.subject, reason=reason)
        if case.order is not None:  # for whoever undoes it
            stood = (
                [case.order.state, case.order.state_reason]
                if case.order.state == Order.State.HELD
                else ["", ""]
            )
            ExceptionCase.objects.filter(pk=case.pk).update(plan={"decision": "settle", "order": stood})
        settle_bill(case)
        settle_feed(case, reason, user.get_username())
        _let_go(case, reason)


def _let_go(case: ExceptionCase, reason: str) -> None:
    """Leave an order to people once the last case that held it is settled outside."""
    order = case.order
    if order is not None and not order.cases.filter(closed_at=None).exists():
        held = Order.objects.filter(pk=order.pk, state=Order.State.HELD)
        held.update(state=Order.State.NOT_OURS, state_reason=f"Settled outside: {reason}"[:300])


def work_behind(case: ExceptionCase) -> Work | None:
    """Return the stopped or waiting work that the case is about; of a store's or mailbox's trouble, its poll."""
    channel = channel_of(case)
    if channel:
        side, pk = channel.split(":")
        if side not in STANDING_POLL:
            return Work.objects.filter(talks_to=channel).order_by("parked_at", "pk").first()
        return Work.objects.filter(step=STANDING_POLL[side], subject=pk).first()
    found = work_of(case)
    return Work.objects.filter(step=found[0], subject=found[1]).first() if found else None


def retry_case(user: User, case: ExceptionCase, reason: str, seen: str = "") -> None:
    """Let the work behind ``case`` go on at once, and close the case; it opens again if the work fails again."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        locked(case, seen)
        steps = steps_to_retry(case)
        if not steps:
            raise Refused(
                gettext("There is nothing to try again for this case: settle it with a reason instead.")
            )
        if not close_case(case, ExceptionCase.Decision.RETRY, reason, actor=user.get_username()):
            raise Refused(gettext("Somebody else has closed this case already."))
        record_audit(user, "retry case", case.subject, reason=reason)
        found = work_behind(case)
        if found is not None:
            unpark(found.pk)
        channel = channel_of(case)
        if channel:
            release_channel(channel)
        for step in steps:
            put(STEPS[step.name].lane, step)
        if channel:
            channels.probe_now(channel)


def steps_to_retry(case: ExceptionCase) -> list[Step]:
    """Return what trying again would do: the work behind the case, or looking at the order once more."""
    found = work_behind(case)
    if found is not None:
        return [Step(found.step, found.subject, found.ordering_key, talks_to=found.talks_to)]
    Kind = ExceptionCase.Kind
    order = case.order
    if order is not None and case.cause.startswith(INVOICE):
        return [invoice_step(order)]
    if case.return_case is not None and case.kind == Kind.NOT_WRITABLE:
        return [write_step(case.return_case)]
    if order is not None and case.kind in (
        Kind.NO_PARTNER, Kind.SEVERAL_PARTNERS, Kind.NO_ADDRESS, Kind.NOT_WRITABLE, Kind.CUSTOMER
    ):  # fmt: skip
        return [import_step(order.store_id, order.number)]
    if case.document is not None and case.kind == Kind.REJECTED and order is not None:
        told = order.acknowledgments.filter(document=case.document)
        return acknowledge_steps(order) if told.exists() else []
    if case.document is not None and case.kind == Kind.UNKNOWN_PURCHASE_ORDER:
        return [Step("match", str(case.document.pk), f"document:{case.document.pk}")]
    return []


def release_work(user: User, row: Work, reason: str) -> None:
    """Let one parked row of work go on."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        if not unpark(row.pk):
            raise Refused(gettext("This work is not stopped: it goes on by itself."))
        record_audit(user, "release work", f"work:{row.step}:{row.subject}", reason=reason)


def go_live(
    user: User, subject: Store | Mailbox | Agreement, reason: str, *, live_from: datetime | None = None
) -> None:
    """Let a store, mailbox or agreement act on the world; what waited in watch is looked at again."""
    reason = require(user, GO_LIVE, reason)
    with transaction.atomic():
        changes: dict[str, Any] = {"mode": Mode.LIVE}
        if isinstance(subject, Agreement):
            if is_being_onboarded(subject):
                raise Refused(
                    gettext("%(subject)s is being onboarded: it goes live once its onboarding is signed off.")
                    % {"subject": subject}
                )
            changes["live_from"] = live_from or database_now()
        elif isinstance(subject, Store) and live_from is not None:
            changes["live_from"] = live_from
        changed = type(subject).objects.filter(pk=subject.pk, mode=Mode.WATCH).update(**changes)
        if not changed:
            raise Refused(gettext("%(subject)s is live already.") % {"subject": subject})
        _record_mode(user, subject, "go live", reason)
        for step in _steps_waiting(subject):
            put(STEPS[step.name].lane, step)
        settings_changed(subject)


def pause(user: User, subject: Pausable, reason: str) -> None:
    """Let nothing of ``subject`` go on until it is resumed: a store, mailbox, partner, or a name of ``Pause``."""
    reason = require(user, PAUSE, reason)
    name = pause_subject(subject)
    with transaction.atomic():
        _, created = Pause.objects.get_or_create(
            subject=name, defaults={"reason": reason, "paused_by": user.get_username()}
        )
        if not created:
            raise Refused(gettext("This is paused already."))
        record_audit(user, "pause", name, reason=reason)
        record_event(name, "paused", f"Paused: {reason}", actor=user.get_username())


def resume(user: User, subject: Pausable, reason: str) -> None:
    """Let what was paused go on at once."""
    reason = require(user, PAUSE, reason)
    name = pause_subject(subject)
    with transaction.atomic():
        switch = Pause.objects.select_for_update().filter(subject=name).first()
        if switch is None:
            raise Refused(gettext("This is not paused."))
        channel = switch.channel
        switch.delete()
        release_channel(channel)
        record_audit(user, "resume", name, reason=reason)
        record_event(name, "resumed", f"Resumed: {reason}", actor=user.get_username())


def pause_subject(subject: Pausable) -> str:
    """Return the name of the switch of ``subject``."""
    if isinstance(subject, str):
        if subject not in (Pause.EVERYTHING, Pause.RECEIVING, Pause.SENDING):
            raise ValueError(f"There is no switch {subject!r}.")
        return subject
    kind = "partner" if isinstance(subject, TradingPartner) else subject._meta.model_name
    return f"{kind}:{subject.pk}"


def back_to_watch(user: User, subject: Store | Mailbox | Agreement, reason: str) -> None:
    """Stop acting on the world: everything is still read, composed and shown, and nothing sent or written."""
    reason = require(user, GO_LIVE, reason)
    with transaction.atomic():
        if not type(subject).objects.filter(pk=subject.pk, mode=Mode.LIVE).update(mode=Mode.WATCH):
            raise Refused(gettext("%(subject)s is in watch already.") % {"subject": subject})
        _record_mode(user, subject, "back to watch", reason)


def settings_changed(subject: Store | Mailbox | Agreement) -> int:
    """Let what waits for a store or mailbox try its new settings at once; return how many rows of work that is.

    Called after its settings were saved, in the same transaction.
    """
    channel = f"{subject._meta.model_name}:{subject.pk}"
    released = release_channel(channel)
    # While the channel is open, what was not tried waits as well.
    return waiting_for(channel) if channels.probe_now(channel) else released


def _record_mode(user: User, subject: Store | Mailbox | Agreement, verb: str, reason: str) -> None:
    name = f"{subject._meta.model_name}:{subject.pk}"
    record_audit(user, verb, name, reason=reason)
    record_event(name, verb.replace(" ", "_"), f"{verb.capitalize()}: {reason}", actor=user.get_username())


def _steps_waiting(subject: Store | Mailbox | Agreement) -> list[Step]:
    """Return what was left undone while ``subject`` was in watch: composed orders, unsent files, unwritten effects."""
    composed = PurchaseOrder.objects.filter(state=PurchaseOrder.State.COMPOSED)
    steps = []
    if isinstance(subject, Store):
        composed = composed.filter(order__store=subject)
        unwritten = StoreEffect.objects.filter(order__store=subject, state=StoreEffect.State.WAITING)
        steps = [effect_step(effect) for effect in unwritten.select_related("order").order_by("pk")]
    elif isinstance(subject, Mailbox):
        composed = composed.filter(agreement__mailbox=subject)
        steps = [transmit_step(each) for each in _unsent(subject)]
    else:
        composed = composed.filter(agreement=subject)
    orders = Order.objects.filter(purchase_orders__in=composed).distinct().only("store_id", "number")
    looks = [import_step(order.store_id, order.number) for order in orders]
    if isinstance(subject, Store):
        steps += level_steps([subject.pk])
    more = [*_changes_waiting(subject), *_customers_waiting(subject), *_invoices_waiting(subject)]
    return [*looks, *steps, *more, *_returns_waiting(subject)]


def _customers_waiting(subject: Store | Mailbox | Agreement) -> list[Step]:
    """Return the steps for orders of business customers who were told nothing yet."""
    fields = {
        Store: "store",
        Mailbox: "customer_link__agreement__mailbox",
        Agreement: "customer_link__agreement",
    }
    waiting = Order.objects.filter(
        **{fields[type(subject)]: subject}, customer_link__isnull=False, acknowledgments=None
    )
    return [
        step for order in waiting.only("customer_link").order_by("pk") for step in acknowledge_steps(order)
    ]


def _invoices_waiting(subject: Store | Mailbox | Agreement) -> list[Step]:
    """Return the steps that look at orders whose invoices were composed and not sent."""
    copies = InvoiceCopy.objects.filter(document=None)
    if isinstance(subject, Store):
        copies = copies.filter(invoice__order__store=subject)
    elif isinstance(subject, Mailbox):
        copies = copies.filter(Q(rule__mailbox=subject) | Q(rule__agreement__mailbox=subject))
    else:
        copies = copies.filter(rule__agreement=subject)
    orders = Order.objects.filter(invoices__copies__in=copies).distinct().order_by("pk")
    return [invoice_step(order) for order in orders.defer("content")]


def _changes_waiting(subject: Store | Mailbox | Agreement) -> list[Step]:
    field = {Store: "order__store", Mailbox: "agreement__mailbox", Agreement: "agreement"}[type(subject)]
    waiting = PurchaseOrderChange.objects.filter(
        **{f"purchase_order__{field}": subject}, state=PurchaseOrderChange.State.COMPOSED
    )
    return [change_step(each) for each in waiting.select_related("purchase_order__order").order_by("pk")]


def _returns_waiting(subject: Store | Mailbox | Agreement) -> list[Step]:
    field = {
        Store: "order__store",
        Mailbox: "purchase_order__agreement__mailbox",
        Agreement: "purchase_order__agreement",
    }
    of = ReturnCase.objects.filter(**{field[type(subject)]: subject}, asked__gt=0)
    written = Count("documents", filter=Q(documents__kind="request"))
    waiting = of.exclude(stage__in=ReturnCase.ENDED).annotate(written=written).filter(asked__gt=F("written"))
    return [write_step(each) for each in waiting.select_related("order").order_by("pk")]


def _unsent(mailbox: Mailbox) -> QuerySet[Interchange]:
    waiting = Interchange.objects.filter(
        direction=Direction.OUT, mailbox=mailbox, documents__state__delivery=Delivery.WAITING
    )
    return waiting.distinct().order_by("pk")
