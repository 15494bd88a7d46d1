"""What stands in the way of work, long enough to be told of; and what of it is over.

Level-triggered: cases, channels and jobs are looked at as they are. Who opens a case tells nobody, so nothing is told
that is gone before ``DEBOUNCE`` is over, and nothing is forgotten by who died.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Concat

from integration.flows.cases import channel_cause, channel_of, work_of
from integration.models import (
    BulkItem,
    BulkJob,
    Channel,
    ExceptionCase,
    MailServer,
    Notice,
    NoticeRule,
    Store,
    mail_channel,
    webhook_channel,
)
from partners.models import Mailbox

Kind = NoticeRule.Kind
DEBOUNCE = timedelta(minutes=15)
"""How long a cause has to stand before anybody is told."""

FINISHED_WITHIN = timedelta(days=7)
"""Jobs that were decided upon before that are finished without a word: nobody waits for it."""

_OF_CASES = {
    ExceptionCase.Kind.STOCK_HELD: Kind.FEED,
    ExceptionCase.Kind.GAP: Kind.GAP,
    ExceptionCase.Kind.ARCHIVE: Kind.ARCHIVE,
}
CASE_KINDS = [
    (kind.value, kind.label)
    for kind in ExceptionCase.Kind
    if kind not in _OF_CASES and kind != ExceptionCase.Kind.PARKED
]
"""Kinds of cases that are told as "Case opened"; the others have a kind of their own among notices."""

_RELATED = ("order", "purchase_order", "return_case", "store", "mailbox")


@dataclass(frozen=True)
class Cause:
    """One thing that stands in the way: ``case_kind`` and ``money`` of a case; ``owners`` are users whose job it is.

    ``about_mail`` and ``about_webhooks`` say that mail, or a room, would be told of its own trouble.
    """

    kind: NoticeRule.Kind
    name: str
    sentence: str
    began_at: datetime
    case: ExceptionCase | None = None
    store: Store | None = None
    mailbox: Mailbox | None = None
    bulk_job: BulkJob | None = None
    owners: frozenset[int] = frozenset()

    @property
    def case_kind(self) -> str:
        """The case's kind, or ``""``."""
        return self.case.kind if self.case is not None else ""

    @property
    def money(self) -> Decimal | None:
        """What is at stake, where that is known."""
        return self.case.money if self.case is not None else None

    @property
    def about_mail(self) -> bool:
        """Whether a mail about it could have the same fate, and be told of in turn."""
        return self.case_kind == ExceptionCase.Kind.MAIL or self.name == channel_cause(
            mail_channel(MailServer.ONLY)
        )

    @property
    def about_webhooks(self) -> bool:
        """Whether a room would be told that it cannot be told."""
        return self.name.startswith((channel_cause(webhook_channel("")), "work:post_webhook:"))


def untold(now: datetime, most: int) -> list[Cause]:
    """Return what has stood for ``DEBOUNCE`` and was not told of, and jobs that finished; at most ``most`` of each."""
    until = now - DEBOUNCE
    told = Notice.objects.filter(cause=OuterRef("cause"), ended_at=None)
    cases = ExceptionCase.objects.filter(~Exists(told), closed_at=None, opened_at__lte=until)
    open_channels = _channels().filter(~Exists(told), opened_at__lte=until)
    found = {}
    for case in cases.select_related(*_RELATED).defer("order__content", "evidence").order_by("pk")[:most]:
        found[case.cause] = _of_case(case)
    for channel in open_channels.order_by("name")[:most]:
        cause = channel_cause(channel.name)
        found.setdefault(cause, _of_channel(channel.name, channel.opened_at))
    return [*found.values(), *_finished(now, most)]


def over() -> QuerySet[Notice]:
    """Return the notices whose cause is gone, however it went."""
    case = ExceptionCase.objects.filter(cause=OuterRef("cause"), closed_at=None)
    channel = _channels().filter(cause=OuterRef("cause"), opened_at__isnull=False)
    return Notice.objects.filter(~Exists(case), ~Exists(channel), ended_at=None)


def _channels() -> QuerySet[Any]:
    """Return the channels, each with the cause of its case."""
    return Channel.objects.annotate(cause=Concat(Value(channel_cause("")), F("name")))


def _of_case(case: ExceptionCase) -> Cause:
    channel, stopped = channel_of(case), work_of(case)
    if channel:
        kind, what = Kind.CONNECTION, _stands_still(channel, case.store, case.mailbox)
    elif stopped is not None:
        kind, what = Kind.WORK, f"Work stopped at “{stopped[0].replace('_', ' ')}”"
    else:
        kind, what = _OF_CASES.get(ExceptionCase.Kind(case.kind), Kind.CASE), case.get_kind_display()
    about = [str(each) for each in (case.order, case.purchase_order, case.return_case) if each is not None]
    if case.money is not None:
        about.append(f"{case.money:,.2f} {case.currency}".strip() + " at stake")
    words = ", ".join([each[:1].lower() + each[1:] for each in about] or [f"case {case.pk}"])
    return Cause(kind, case.cause, f"{what}: {words}.", case.opened_at, case, case.store, case.mailbox)


def _of_channel(name: str, opened_at: datetime | None) -> Cause:
    assert opened_at is not None
    side, _, key = name.partition(":")
    store = Store.objects.filter(pk=key).first() if side == "store" else None
    mailbox = Mailbox.objects.filter(pk=key).first() if side == "mailbox" else None
    words = f"{_stands_still(name, store, mailbox)}: nothing is asked of it until it answers."
    return Cause(Kind.CONNECTION, channel_cause(name), words, opened_at, None, store, mailbox)


def _stands_still(channel: str, store: Store | None, mailbox: Mailbox | None) -> str:
    """Return what does not answer. A mailbox of one partner alone may bear his name: it is told by its number."""
    side, _, key = channel.partition(":")
    if store is not None:
        return f"Store “{store}” stands still"
    if mailbox is not None and mailbox.partner_id is None:
        return f"Mailbox “{mailbox}” stands still"
    if side == "mailbox":
        return f"A partner's mailbox (number {key}) stands still"
    words = {
        "mailserver": "The mail server stands still",
        "webhook": "A webhook of a chat stands still",
        "destination": "A destination of events takes nothing",
    }
    return words.get(side, "A connection stands still")


def _finished(now: datetime, most: int) -> list[Cause]:
    State = BulkItem.State
    waiting = BulkItem.objects.filter(job=OuterRef("pk"), state=State.WAITING)
    told = Notice.objects.filter(bulk_job=OuterRef("pk"))
    jobs = (
        BulkJob.objects.annotate(decided=Coalesce("decided_at", "created_at"))
        .filter(~Exists(waiting), ~Exists(told), decided__gt=now - FINISHED_WITHIN)
        .filter(state__in=[BulkJob.State.RUNNING, BulkJob.State.STOPPED])
        .annotate(
            sent=Count("items", filter=Q(items__state=State.DONE)),
            refused=Count("items", filter=Q(items__state=State.REFUSED)),
            stopped=Count("items", filter=Q(items__state=State.STOPPED)),
        )
    )
    return [
        Cause(
            Kind.BULK,
            job.subject,
            f"Bulk job {job.pk} is finished: {job.sent} sent again, {job.refused} not sent"
            + (f", {job.stopped} stopped before." if job.stopped else "."),
            job.decided,
            bulk_job=job,
            owners=frozenset([job.user_id]),
        )
        for job in jobs.order_by("pk")[:most]
    ]
