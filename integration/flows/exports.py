"""Lists taken out as files: recorded before they leave, limited, and told to the administrators where they are large."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import IntegerField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from archive.clock import database_now
from archive.models import AuditEntry
from archive.record import record_audit
from integration.flows.mails import NoAddress, put_mail
from integration.flows.rights import Refused
from integration.flows.steps import STEPS
from integration.work import put

EXPORT, REFUSED = "export", "export refused"
VERBS = (EXPORT, REFUSED)


def allow_export(user: User, what: str, rows: int) -> None:
    """Record that ``user`` takes ``rows`` rows of ``what`` out as a file; called before a byte of it leaves.

    Raises ``Refused`` where that is more rows than ``EXPORT_ROWS_A_DAY`` within 24 hours, or the file after
    ``EXPORTS_AN_HOUR``; the administrators are told of that too, and of each file of ``EXPORT_TOLD_FROM`` rows or more.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # one file of theirs after the other
        why = _too_much(user, rows)
        entry = record_audit(
            user, REFUSED if why else EXPORT, f"user:{user.pk}", detail={"what": what, "rows": rows}
        )
        if why or rows >= settings.EXPORT_TOLD_FROM:
            _tell(user, what, rows, entry, why)
    if why:
        raise Refused(why)


def _too_much(user: User, rows: int) -> str:
    now = database_now()
    taken = AuditEntry.objects.filter(user=user, verb=EXPORT, recorded_at__gt=now - timedelta(days=1))
    counted = taken.aggregate(rows=Sum(Cast(KT("detail__rows"), IntegerField())))["rows"] or 0
    if counted + rows > settings.EXPORT_ROWS_A_DAY:
        return (
            f"Within 24 hours {settings.EXPORT_ROWS_A_DAY:,} rows may be taken out as files, and you have taken {counted:,}."
            " The administrators are told. Ask one of them, or narrow the list."
        )
    if taken.filter(recorded_at__gt=now - timedelta(hours=1)).count() >= settings.EXPORTS_AN_HOUR:
        return (
            f"Within an hour {settings.EXPORTS_AN_HOUR} files may be taken out, and you have taken so many. The administrators"
            " are told. Try again later."
        )
    return ""


def _tell(user: User, what: str, rows: int, entry: AuditEntry, why: str) -> None:
    administrators = User.objects.filter(is_superuser=True, is_active=True).exclude(email="").order_by("pk")
    counted = "1 row" if rows == 1 else f"{rows:,} rows"
    did = "was refused to take out" if why else "has taken out"
    words = f"{user.get_username()} {did} {counted} of {what} as a file."
    try:
        _, steps = put_mail(
            f"export:{entry.pk}",
            list(administrators.values_list("email", flat=True)),
            f"Gridport: {words}",
            f"{words}\n\nEach file that is taken out stands under Decisions, with who took it.",
        )
    except NoAddress:
        return  # it stands under Decisions all the same
    for step in steps:
        put(STEPS[step.name].lane, step)
