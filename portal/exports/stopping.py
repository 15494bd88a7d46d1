"""An export stopped by staff: a verb, recorded as such."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.record import record_audit
from integration.flows.rights import Refused
from portal.api.tokens import ISSUE_TOKENS
from portal.exports.writing import stop
from portal.models import Export

VERBS = ("stop export",)


def may_stop(user: User, export: Export) -> bool:
    """Say whether ``user`` may stop it: whoever may make tokens, and in whose name it is."""
    return user.has_perm(ISSUE_TOKENS) or export.token.user_id == user.pk


def stop_by_staff(user: User, export: Export, reason: str) -> None:
    """Have no more of it be written, or its file be removed. Raises ``Refused`` where ``user`` may not, or it ended already."""
    if not may_stop(user, export):
        raise Refused(
            gettext("You may look at exports, and not stop them: ask a partner administrator or an operator.")
        )
    if not reason.strip():
        raise Refused(gettext("Say why in a few words: the reason is kept with the export."))
    with transaction.atomic():
        if not stop(export, f"{user.get_username()} stopped it, or removed the file."):
            raise Refused(gettext("It ended already, and nothing of it is kept."))
        record_audit(user, VERBS[0], export.subject, reason=reason.strip())
