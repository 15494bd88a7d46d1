"""How people share cases: whose one is, until when it is put off, who looks at it now, and what they write beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.clock import database_now
from archive.models import Event
from archive.record import record_audit, record_event
from archive.translation import storable
from integration.flows.cases import put_off, wake
from integration.flows.rights import DECIDE, Refused, require, require_right
from integration.models import CaseLook, Comment, ExceptionCase

LONGEST_COMMENT = 4000
STILL_THERE = timedelta(seconds=60)
"""A page that was not heard of for so long is counted as left: an open one tells of itself three times in it."""


@dataclass(frozen=True)
class Looking:
    """Somebody else who has the case open, and since when."""

    name: str
    since: datetime


def locked(case: ExceptionCase, seen: str = "") -> ExceptionCase:
    """Return ``case`` held for the transaction.

    ``seen`` is the version that the person looked at, ``""`` where it does not matter. Raises ``Refused``, saying who
    did what meanwhile, where the case is another one by now.
    """
    held = ExceptionCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if seen and held.version != seen:
        raise Refused(_meanwhile(held))
    return held


def _meanwhile(case: ExceptionCase) -> str:
    last = Event.objects.filter(subject=case.subject).order_by("-pk").first()
    if last is None:
        return gettext("The case has changed since you looked. Nothing was done: look at it again.")
    minutes = int((database_now() - last.recorded_at).total_seconds() // 60)
    ago = gettext("just now") if minutes < 1 else gettext("%(minutes)s min ago") % {"minutes": minutes}
    return gettext(
        "%(actor)s changed this case %(ago)s: “%(sentence)s”. Nothing was done: look at it again."
    ) % {"actor": last.actor or "Gridport", "ago": ago, "sentence": last.sentence}


def assign(user: User, cases: Iterable[ExceptionCase], owner: User | None, seen: str = "") -> int:
    """Give open ``cases`` to ``owner``, or to nobody; return how many changed hands. ``seen`` is of a single case."""
    require_right(user, DECIDE)
    if owner is not None and not owner.has_perm(DECIDE):
        raise Refused(
            gettext("%(username)s may not decide cases: give it to somebody who may.")
            % {"username": owner.get_username()}
        )
    name = owner.get_username() if owner else "nobody"
    changed = 0
    with transaction.atomic():
        for each in cases:
            case = locked(each, seen)
            if case.closed_at is not None or case.owner_id == (owner.pk if owner else None):
                continue
            ExceptionCase.objects.filter(pk=case.pk).update(owner=owner)
            record_audit(user, "assign case", case.subject, detail={"owner": name})
            record_event(case.subject, "case_owner", f"Case given to {name}.", actor=user.get_username())
            changed += 1
    return changed


def snooze(user: User, cases: Iterable[ExceptionCase], until: datetime, reason: str, seen: str = "") -> int:
    """Put open ``cases`` off until ``until``, when they need somebody again by themselves; return how many those are."""
    reason = require(user, DECIDE, reason)
    if until <= database_now():
        raise Refused(gettext("The time to put it off until is past. Give a later one."))
    changed = 0
    with transaction.atomic():
        for each in cases:
            case = locked(each, seen)
            if case.closed_at is not None:
                continue
            put_off(case, until, ExceptionCase.WaitingFor.DAY)
            record_audit(
                user, "snooze case", case.subject, reason=reason, detail={"until": until.isoformat()}
            )
            record_event(
                case.subject,
                "case_snoozed",
                f"Put off until {until:%Y-%m-%d %H:%M} UTC: {reason}",
                actor=user.get_username(),
            )
            changed += 1
    return changed


def stop_waiting(user: User, case: ExceptionCase, seen: str = "") -> None:
    """Let ``case`` need somebody at once again, whatever it was put off for."""
    require_right(user, DECIDE)
    with transaction.atomic():
        held = locked(case, seen)
        if not wake(held, "Looked at again before its time.", actor=user.get_username()):
            raise Refused(gettext("This case does not wait for anything."))
        record_audit(user, "wake case", held.subject)


def comment(user: User, subject: str, text: str) -> Comment:
    """Keep what ``user`` wrote on ``subject`` (``case:7``); the audit holds that it was written, and not what."""
    require_right(user, DECIDE)
    words = storable(text.strip())
    if not words:
        raise Refused(gettext("Write something first."))
    if len(words) > LONGEST_COMMENT:
        raise Refused(
            gettext("A comment holds %(most)s characters at most: this one has %(count)s.")
            % {"most": f"{LONGEST_COMMENT:,}", "count": f"{len(words):,}"}
        )
    with transaction.atomic():
        made = Comment.objects.create(
            subject=subject,
            text=words,
            author=user,
            author_name=user.get_username(),
            written_at=database_now(),
        )
        record_audit(user, "comment", subject)
    return made


def look(user: User, case: ExceptionCase) -> list[Looking]:
    """Write that ``user`` has the page of ``case`` open; return who else has, the first to open it first."""
    now = database_now()
    others = CaseLook.objects.filter(case=case)
    others.filter(seen_at__lt=now - STILL_THERE).delete()
    CaseLook.objects.update_or_create(
        case=case, user=user, defaults={"seen_at": now}, create_defaults={"seen_at": now, "since": now}
    )
    rows = others.exclude(user=user).select_related("user").order_by("since", "pk")
    return [Looking(row.user.get_username(), row.since) for row in rows]
