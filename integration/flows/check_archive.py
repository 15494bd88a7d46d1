"""Check the archive against its seals: a share of it every day, all of it whenever somebody asks. What is found is a case."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.checking import SHARES, Outcome, check
from archive.clock import database_now
from archive.models import SealCheck, SealLeaf
from archive.record import record_audit
from archive.storages import bucket_of_roots
from integration.flows.cases import close_cause, open_case
from integration.flows.rights import DECIDE, Refused, require
from integration.models import ExceptionCase
from integration.work import Claim, Step, put

EVERY = timedelta(hours=24)
MOST_AT_ONCE = 2_000_000
"""So many rows are checked within a step's time; more, by the command alone."""

CAUSE, UNREAD = "archive:altered", "seals:unread"
_STEP = "check_archive"
_DAILY = "daily"


def check_archive_step(delay: timedelta = timedelta(0)) -> Step:
    """Return the step that checks a share of the archive once a day."""
    return Step(_STEP, _DAILY, _STEP, delay)


def ask(user: User, reason: str) -> SealCheck:
    """Have the whole archive be checked now. Raises ``Refused`` where the user may not, gives no reason, or it is too much."""
    reason = require(user, DECIDE, reason)
    last = SealLeaf.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if last > MOST_AT_ONCE:
        raise Refused(
            gettext(
                "The archive has more than %(most)s rows: all of it is checked by the command `manage.py verify_archive --everything`, which takes the time that it needs."
            )
            % {"most": f"{MOST_AT_ONCE:,}"}
        )
    with transaction.atomic():
        row = SealCheck.objects.create(asked_by=user.get_username())
        record_audit(user, "check archive", f"archivecheck:{row.pk}", reason=reason)
        put("archive", Step(_STEP, str(row.pk), f"{_STEP}:{row.pk}"))
    return row


def check_archive(subject: str, claim: Claim) -> list[Step]:
    """Check what ``subject`` asks for: a check that somebody asked for, or the day's share."""
    if subject != _DAILY:
        row = SealCheck.objects.get(pk=subject)
        if row.finished_at is None:
            keep(row, check(Path(settings.PUBLISHED_ROOTS), row.share, bucket_of_roots()), claim)
        return []
    share = database_now().toordinal() % SHARES
    with claim.transaction():
        row = SealCheck.objects.create(share=share)
    keep(row, check(Path(settings.PUBLISHED_ROOTS), share, bucket_of_roots()), claim)
    return [check_archive_step(EVERY)]


def keep(row: SealCheck, outcome: Outcome, claim: Claim) -> None:
    """Write what a check came to; what it found is a case until a check of everything finds nothing."""
    with claim.transaction():
        row.finished_at = database_now()
        row.counts, row.found, row.findings = dict(outcome.counts), outcome.found, outcome.findings
        row.save(update_fields=["finished_at", "counts", "found", "findings"])
        if outcome.found:
            more = f" And {outcome.found - 1:,} more: see {row}." if outcome.found > 1 else ""
            sentence = f"The archive is not as it was sealed. {outcome.findings[0]}{more}"
            open_case(ExceptionCase.Kind.ARCHIVE, CAUSE, sentence)
        elif row.share is None:
            close_cause(CAUSE, "A check of the whole archive finds it as it was sealed.")
        if outcome.refusal:
            sentence = f"Whether the seals in the archive's bucket are those that were published cannot be seen. {outcome.refusal}"
            open_case(ExceptionCase.Kind.ARCHIVE, UNREAD, sentence)
        elif outcome.counts["in the bucket"]:
            close_cause(UNREAD, "The seals in the bucket can be read again.")
