"""Somebody leaves: from then on they can do nothing, and nothing waits for them any more."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.record import record_audit
from integration.flows.case_work import assign
from integration.flows.rights import Refused
from integration.models import ExceptionCase


def leave(user: User, leaver: User, reason: str, heir: User | None = None) -> int:
    """Have ``user`` switch ``leaver`` off: end their sessions, and give their open cases to ``heir`` or back; return how many.

    A session holds a digest of the password: with another one, which nobody knows, all their sessions are over.
    What they decided keeps their name. Raises ``Refused``, with nothing done.
    """
    if not user.is_superuser:
        raise Refused(gettext("You may not switch people off: ask an administrator."))
    if not reason.strip():
        raise Refused(gettext("Say why in a few words: the reason is kept with the decision."))
    if user.pk == leaver.pk:
        raise Refused(gettext("You cannot switch yourself off: ask another administrator."))
    if heir is not None and (heir.pk == leaver.pk or not heir.is_active):
        raise Refused(gettext("Their cases can go to somebody else who is active, or back to nobody."))
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=leaver.pk)
        if not locked.is_active:
            raise Refused(gettext("%(leaver)s is switched off already.") % {"leaver": leaver})
        locked.is_active = False
        locked.set_unusable_password()
        locked.save(update_fields=["is_active", "password"])
        cases = list(ExceptionCase.objects.filter(owner=leaver, closed_at=None).order_by("pk"))
        assign(user, cases, heir)
        record_audit(
            user,
            "switch user off",
            f"user:{leaver.pk}",
            reason=reason.strip(),
            detail={"cases": len(cases), "to": heir.get_username() if heir else "nobody"},
        )
    leaver.refresh_from_db()
    return len(cases)
