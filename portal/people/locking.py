"""Locked out after failed log-ins: a name from one address, and an address that tries many names.

The answer is the same whoever is locked, exists or not: nothing can be learned from it. An attempt is counted before
the password is looked at, so that a hundred at once are a hundred.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Sum, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm

from portal.models import FailedLogin

MOST_OF_A_NAME = 5
MOST_OF_AN_ADDRESS = 50
WINDOW = timedelta(minutes=15)
"""How long failures count, and so how long somebody stays locked out after the last one that counted."""

KEPT = timedelta(days=1)
WRONG = gettext_lazy(
    "The name or the password is wrong, or both were tried too often: then wait 15 minutes, or set a new password by mail."
)


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """The form of the login page; it says the same whatever was wrong."""

    error_messages = {"invalid_login": WRONG, "inactive": WRONG}


class LockingBackend(ModelBackend):
    """Django's own backend, behind the count of failures."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **rest: Any,
    ) -> Any:
        """Return the user whose password it is, unless the name or the address is locked out."""
        if username is None or password is None:
            return None
        address = address_of(request)
        if not attempt(username, address):
            make_password(password)  # as long as it takes to look at one
            return None
        user = super().authenticate(request, username=username, password=password, **rest)
        if user is not None:
            forget(username, address)
        return user


def address_of(request: HttpRequest | None) -> str:
    """Return who asks; behind a proxy, whom the proxy names last."""
    if request is None:
        return ""
    told = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return (told.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))[:45]


def attempt(name: str, address: str) -> bool:
    """Count one attempt; say whether it may be made at all. What is locked stays so, and is not counted further."""
    now = timezone.now()
    if _tried_from(address, now) >= MOST_OF_AN_ADDRESS:
        return False
    FailedLogin.objects.filter(last_at__lt=now - KEPT).delete()
    return _count(_digest(name), address, now)


def forget(name: str, address: str = "") -> None:
    """Let the failures of a name be over: from one address, or from all."""
    rows = FailedLogin.objects.filter(name=_digest(name))
    (rows.filter(address=address) if address else rows).delete()


def _tried_from(address: str, now: datetime) -> int:
    rows = FailedLogin.objects.filter(address=address, last_at__gt=now - WINDOW)
    return int(rows.aggregate(count=Sum("count"))["count"] or 0)


def _count(name: str, address: str, now: datetime) -> bool:
    row = FailedLogin.objects.filter(name=name, address=address)
    begun_anew = Case(When(last_at__lt=now - WINDOW, then=Value(1)), default=F("count") + 1)
    still_open = row.exclude(count__gte=MOST_OF_A_NAME, last_at__gte=now - WINDOW)
    if still_open.update(count=begun_anew, last_at=now):
        return True
    try:
        with transaction.atomic():
            FailedLogin.objects.create(name=name, address=address, count=1, last_at=now)
    except IntegrityError:
        # It is there: locked, or made a moment ago by an attempt beside this one.
        return bool(still_open.update(count=begun_anew, last_at=now))
    return True


def _digest(name: str) -> str:
    return hashlib.sha256(name.casefold().encode()).hexdigest()
