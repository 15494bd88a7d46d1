"""Who is told what: a look once a minute, which writes notices, receipts, mails and messages to rooms at once.

A cause is told once while it stands, and once more when it is over, to those who were told; what several causes have to
say to one person or room in one look is one mail, or one message. Nobody is told what lies outside of their sight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from archive.clock import database_now
from archive.reach import Reach
from integration.flows.mails import NoAddress, put_mail, usable_address
from integration.flows.notice_causes import Cause, over, untold
from integration.flows.webhook_calls import forget_calls, put_call, steps_of_calls
from integration.models import BulkJob, Notice, NoticeReceipt, NoticeRule, NoticeWebhook
from integration.reach import within
from integration.work import Claim, Step

Kind = NoticeRule.Kind
EVERY = timedelta(seconds=60)
MOST = 100
"""So many causes of each sort are told of in one turn; the others follow at once."""

KEPT = timedelta(days=90)
"""How long a notice is kept after its cause was over."""

PATH = "/admin/notices/{pk}/"
"""Where a notice is opened."""

SEEN_BY = {kind: "integration.view_exceptioncase" for kind in Kind} | {Kind.BULK: "integration.view_bulkjob"}
"""The right that somebody needs to be told of a kind at all."""

TOLD_UNASKED = frozenset({Kind.CONNECTION, Kind.WORK, Kind.FEED, Kind.GAP, Kind.ARCHIVE})
"""What everybody sees under the bell for whom no rule says otherwise. Cases have their own list."""


@dataclass(frozen=True)
class Ways:
    """How somebody is told."""

    in_app: bool = False
    by_mail: bool = False


def tell_notices(subject: str, claim: Claim) -> list[Step]:
    """Tell of what has stood long enough and was not told of, and of what is over."""
    now = database_now()
    with claim.transaction():
        found = untold(now, MOST)
        ended = list(over().exclude(kind=Kind.BULK).order_by("pk")[:MOST])
        steps = _tell(found) + _tell_over(ended, now)
        _forget(now)
    again = timedelta(0) if len(found) >= MOST or len(ended) == MOST else EVERY
    return [*steps, *steps_of_calls(), notice_step(subject, again)]


def notice_step(subject: str = "all", delay: timedelta = timedelta(0)) -> Step:
    """Return the step that looks what is to be told."""
    return Step("tell_notices", subject, "tell_notices", delay)


def ways_of(user: User, rules: Iterable[NoticeRule], cause: Cause) -> Ways:
    """Return how ``user``, whose roles are prefetched, is told of ``cause``: by his own rule, else by those of his roles.

    Mail is not told of by mail, nor is who has no address: the bell takes its place, so that nothing is lost.
    """
    of_kind = [rule for rule in rules if rule.kind == cause.kind]
    roles = {group.pk for group in user.groups.all()}
    heard = [rule for rule in of_kind if rule.user_id == user.pk]
    heard = heard or [rule for rule in of_kind if rule.role_id in roles]
    if not heard:
        return Ways(in_app=cause.kind in TOLD_UNASKED or user.pk in cause.owners)
    meant = [rule for rule in heard if means(rule, cause)]
    by_mail = any(rule.by_mail for rule in meant)
    mailable = by_mail and not cause.about_mail and _has_address(user)
    return Ways(any(rule.in_app for rule in meant) or by_mail != mailable, mailable)


def known_within(reach: Reach) -> Q:
    """Return the condition that a notice tells of nothing that lies outside of ``reach``."""
    if not reach.is_limited:
        return Q()
    jobs = BulkJob.objects.filter(within(BulkJob, reach))
    return within(Notice, reach) & Q(bulk_job=None) | Q(bulk_job__in=jobs)


def means(rule: NoticeRule, cause: Cause) -> bool:
    """Say whether ``cause`` is one that ``rule`` is about."""
    if rule.kind != cause.kind:
        return False
    if cause.kind != Kind.CASE:
        return True
    if rule.case_kinds and cause.case_kind not in rule.case_kinds:
        return False
    return rule.money_from is None or (cause.money is not None and cause.money >= rule.money_from)


def _tell(causes: Sequence[Cause]) -> list[Step]:
    if not causes:
        return []
    told = {
        Notice.objects.create(
            kind=cause.kind,
            cause=cause.name,
            sentence=cause.sentence,
            case=cause.case,
            store=cause.store,
            mailbox=cause.mailbox,
            bulk_job=cause.bulk_job,
            began_at=cause.began_at,
            ended_at=database_now() if cause.bulk_job else None,
        ): cause
        for cause in causes
    }
    rules = list(NoticeRule.objects.select_related("webhook"))
    steps = []
    for user in _staff():
        ways = {notice: ways_of(user, rules, told[notice]) for notice in _for_eyes_of(user, list(told))}
        NoticeReceipt.objects.bulk_create(
            NoticeReceipt(notice=notice, user=user, in_app=way.in_app, by_mail=way.by_mail)
            for notice, way in ways.items()
            if way != Ways()
        )
        steps += _mail(user, [notice for notice, way in ways.items() if way.by_mail])
    rooms: dict[NoticeWebhook, list[Notice]] = defaultdict(list)
    for notice, cause in told.items():
        for room in _rooms(rules, cause):
            notice.webhooks.add(room)
            rooms[room].append(notice)
    for room, notices in rooms.items():
        put_call(room, _text(notices))
    return steps


def _rooms(rules: Iterable[NoticeRule], cause: Cause) -> set[NoticeWebhook]:
    if cause.about_webhooks:
        return set()
    return {
        rule.webhook
        for rule in rules
        if rule.webhook is not None and rule.webhook.is_active and means(rule, cause)
    }


def _tell_over(ended: Sequence[Notice], now: datetime) -> list[Step]:
    """Tell those who were told that it is over: what they had read stands under the bell as new once more."""
    if not ended:
        return []
    Notice.objects.filter(pk__in=[notice.pk for notice in ended]).update(ended_at=now)
    NoticeReceipt.objects.filter(notice__in=ended).update(read_at=None)
    mailed: dict[int, set[int]] = defaultdict(set)
    for user_pk, notice_pk in NoticeReceipt.objects.filter(notice__in=ended, by_mail=True).values_list(
        "user", "notice"
    ):
        mailed[user_pk].add(notice_pk)
    steps = []
    for user in _staff(mailed):
        known = [notice for notice in ended if notice.pk in mailed[user.pk]]
        steps += _mail(user, list(_for_eyes_of(user, known)), over=True)
    rooms: dict[NoticeWebhook, list[Notice]] = defaultdict(list)
    for notice in ended:
        for room in notice.webhooks.filter(is_active=True):
            rooms[room].append(notice)
    for room, notices in rooms.items():
        put_call(room, _text(notices, over=True))
    return steps


def _staff(among: Iterable[int] | None = None) -> list[User]:
    users = User.objects.filter(is_active=True, is_staff=True).prefetch_related("groups").order_by("pk")
    return list(users if among is None else users.filter(pk__in=list(among)))


def _for_eyes_of(user: User, notices: Sequence[Notice]) -> list[Notice]:
    """Return those of ``notices`` that ``user`` may know of: by his rights, and within his sight."""
    may = [notice for notice in notices if user.has_perm(SEEN_BY[Kind(notice.kind)])]
    reach = _reach_of()(user)
    if not reach.is_limited or not may:
        return may
    rows = Notice.objects.filter(known_within(reach), pk__in=[notice.pk for notice in may])
    inside = set(rows.values_list("pk", flat=True))
    return [notice for notice in may if notice.pk in inside]


def _reach_of() -> Callable[[User], Reach]:
    """Return what says how far somebody's sight reaches: the window keeps that, and lies above."""
    found: Callable[[User], Reach] = import_string(settings.REACH_OF)
    return found


def _has_address(user: User) -> bool:
    try:
        usable_address(user.email)
    except NoAddress:
        return False
    return True


def _mail(user: User, notices: Sequence[Notice], *, over: bool = False) -> list[Step]:
    if not notices or not _has_address(user):
        return []
    words = "over: " if over else ""
    subject = notices[0].sentence if len(notices) == 1 else f"{len(notices)} notices"
    marker = f"notice:{user.pk}:{notices[0].pk}{':over' if over else ''}"
    body = (
        f"{_text(notices, over=over)}\n\nWhat you are told of, you choose in the portal under “My notices”.\n"
    )
    return put_mail(marker, [user.email], f"Gridport: {words}{subject}", body)[1]


def _text(notices: Sequence[Notice], *, over: bool = False) -> str:
    """Return what is said of ``notices``: for each its sentence, since when, and where it is opened."""
    return "\n\n".join(_lines(notice, over) for notice in notices)


def _lines(notice: Notice, is_over: bool) -> str:
    lines = [f"Over: {notice.sentence}" if is_over else notice.sentence]
    if notice.kind != Kind.BULK:
        began = timezone.localtime(notice.began_at)
        lines.append(f"{'It began' if is_over else 'Since'} {began.day} {began:%b %Y %H:%M %Z}.")
    if settings.PUBLIC_URL:
        lines.append(settings.PUBLIC_URL.rstrip("/") + PATH.format(pk=notice.pk))
    return "\n".join(lines)


def _forget(now: datetime) -> None:
    old = Notice.objects.filter(ended_at__lt=now - KEPT).order_by("pk").values_list("pk", flat=True)[:MOST]
    Notice.objects.filter(pk__in=list(old)).delete()
    forget_calls(now)
