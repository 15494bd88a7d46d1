"""Somebody leaves: what the window keeps of them goes too, or on."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from integration.flows import leaving
from portal.models import SavedSearch


def leave(user: User, leaver: User, reason: str, heir: User | None = None) -> int:
    """Switch ``leaver`` off as ``integration.flows.leaving`` does, and hand on their searches; return how many cases.

    Searches that others are offered go to ``heir``, else to ``user``, unless they have one of that name; the leaver's own
    are removed.
    """
    with transaction.atomic():
        cases = leaving.leave(user, leaver, reason, heir)
        goes_on = heir or user
        theirs = SavedSearch.objects.filter(user=leaver)
        names = SavedSearch.objects.filter(user=goes_on).values("name")
        theirs.filter(is_shared=True).exclude(name__in=names).update(user=goes_on)
        theirs.delete()
    return cases
