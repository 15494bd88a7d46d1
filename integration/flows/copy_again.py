"""Verbs of staff about copies of the archive: try now, and copy again what does not stand there as it was copied."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.models import PayloadCopy
from archive.record import record_audit
from archive.storages import place_name
from integration.flows.copy_payloads import copy_step, enrol_step
from integration.flows.rights import COPY_AGAIN, Refused, require
from integration.work import put

LANE = "archive"
VERBS = ("copy now", "copy again")


def copy_subject(copy: PayloadCopy) -> str:
    """Return the subject under which everything about ``copy`` is recorded."""
    return f"payload_copy:{copy.pk}"


def copy_now(user: User, reason: str) -> None:
    """Have everything that waits be tried now, and whatever the storage is not known to have be looked for.

    Raises ``Refused`` where the user may not, or gives no reason.
    """
    reason = require(user, COPY_AGAIN, reason)
    storage = place_name()
    with transaction.atomic():
        record_audit(user, "copy now", "archive_copies", reason=reason, detail={"storage": storage})
        put(LANE, enrol_step(storage))
        put(LANE, copy_step())


def copy_again(user: User, copy: PayloadCopy, reason: str) -> None:
    """Have a damaged copy be made again; what stands in its place is set aside. Raises ``Refused``."""
    reason = require(user, COPY_AGAIN, reason)
    with transaction.atomic():
        moved = PayloadCopy.objects.filter(
            pk=copy.pk, state=PayloadCopy.State.DAMAGED, storage=place_name()
        ).update(state=PayloadCopy.State.AGAIN, version="", etag="", note="")
        if not moved:
            raise Refused(
                gettext(
                    "It is not damaged any more, or stands where the settings no longer lead. Look again."
                )
            )
        record_audit(user, "copy again", copy_subject(copy), reason=reason, detail={"key": copy.key})
        put(LANE, copy_step())
