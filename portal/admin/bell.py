"""The bell above every page: how many notices somebody has not read."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from integration.flows.notices import SEEN_BY, known_within
from integration.models import Notice, NoticeReceipt
from portal.access import reach_of

MOST_COUNTED = 99


def bell(request: HttpRequest) -> dict[str, Any]:
    """Return ``unread_notices`` for templates, a number or ``99+``, counted by those that show it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_active or not user.is_staff:
        return {}
    return {"unread_notices": SimpleLazyObject(lambda: unread_words(user))}


def unread_words(user: User) -> str:
    """Return how many are unread: ``3``, ``99+``, ``""`` for none."""
    count = receipts_of(user).filter(read_at=None).order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")


def receipts_of(user: User) -> QuerySet[NoticeReceipt]:
    """Return what somebody was told under the bell, and may still know of: rights and sight may have shrunk since."""
    told = NoticeReceipt.objects.filter(user=user.pk, in_app=True)
    kinds = [kind for kind, right in SEEN_BY.items() if user.has_perm(right)]
    if len(kinds) < len(SEEN_BY):
        told = told.filter(notice__kind__in=kinds)
    reach = reach_of(user)
    return told.filter(notice__in=Notice.objects.filter(known_within(reach))) if reach.is_limited else told
