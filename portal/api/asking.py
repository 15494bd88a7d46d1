"""Who asks: a token, in a header and never in the address; what it may, and how often."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from archive.clock import database_now
from archive.reach import Reach
from portal.access import reach_of
from portal.api.problems import Problem, Unauthenticated
from portal.api.resources import Resource
from portal.models import ApiToken
from portal.people.locking import address_of

MARK = "gridport_"
"""What every token begins with: programs that look for secrets find it by that."""
_TOKEN = re.compile(rf"{MARK}[0-9a-f]{{8}}_[A-Za-z0-9_-]{{43}}")
CHALLENGE = 'Bearer realm="Gridport", Basic realm="Gridport"'
_USED_AGAIN_AFTER = timedelta(minutes=1)

_COUNT = """
    INSERT INTO portal_apiwindow (token_id, began_at, count) VALUES (%s, clock_timestamp(), 1)
    ON CONFLICT (token_id) DO UPDATE
       SET count = CASE WHEN portal_apiwindow.began_at <= clock_timestamp() - interval '1 minute' THEN 1
                        ELSE portal_apiwindow.count + 1 END,
           began_at = CASE WHEN portal_apiwindow.began_at <= clock_timestamp() - interval '1 minute' THEN clock_timestamp()
                           ELSE portal_apiwindow.began_at END
    RETURNING count, extract(epoch FROM began_at + interval '1 minute' - clock_timestamp())
"""


def digest_of(text: str) -> str:
    """Return how a token is kept. It is 256 random bits: nobody tries them out, so one plain hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer``, ``X-API-Key``, or Basic with the token as password (whatever the user's name)."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken]:
        """Return in whose name is asked, and with what. Raises ``Problem``: nobody asks without a token."""
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            raise Problem(
                status.HTTP_403_FORBIDDEN,
                "https_required",
                "Ask over https. If you sent a token just now, revoke it: it has travelled in clear.",
            )
        if any(_TOKEN.search(value) for _, values in request.query_params.lists() for value in values):
            raise Problem(
                status.HTTP_400_BAD_REQUEST,
                "token_in_address",
                "Send the token in the header Authorization: addresses stand in logs. Revoke this one and make another.",
            )
        token = ApiToken.objects.select_related("user").filter(digest=digest_of(_told(request))).first()
        if token is None:
            raise Unauthenticated("token_invalid", "This token is not known. Ask who gave it to you.")
        now = database_now()
        require_good(token, now)
        _check_address(token, address_of(request._request))
        _note_use(token, now, address_of(request._request))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return how to ask."""
        return CHALLENGE


def _told(request: Request) -> str:
    told = [request.headers[name] for name in ("Authorization", "X-API-Key") if name in request.headers]
    if not told:
        raise Unauthenticated("token_missing", "Send a token: Authorization: Bearer gridport_….")
    if len(told) > 1:
        raise Unauthenticated("token_invalid", "Send the token in one header, not in two.")
    if "X-API-Key" in request.headers:
        return told[0].strip()
    scheme, _, rest = told[0].partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            pass
    raise Unauthenticated(
        "token_invalid", "Send Authorization: Bearer TOKEN, or Basic with the token as password."
    )


def require_good(token: ApiToken, now: datetime) -> None:
    """Raise ``Problem`` where ``token`` may be asked with no more at ``now``."""
    if token.revoked_at is not None:
        raise Unauthenticated("token_revoked", f"{token} was revoked. Ask who gave it to you for another.")
    if not token.is_valid(now):
        raise Unauthenticated(
            "token_expired", f"{token} was good until {token.expires_at:%Y-%m-%d %H:%M} UTC."
        )
    if not token.user.is_active:
        raise Unauthenticated("token_revoked", f"The user of {token} may not log in any more.")


def _check_address(token: ApiToken, address: str) -> None:
    if token.addresses and not _is_within(address, token.addresses):
        raise Problem(
            status.HTTP_403_FORBIDDEN,
            "address_refused",
            f"{token} may not be used from {address or 'there'}.",
        )


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in ipaddress.ip_network(each, strict=False) for each in networks)


def _note_use(token: ApiToken, now: datetime, address: str) -> None:
    """Keep when it was used last, to the minute: a write for each request would be one too many."""
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - _USED_AGAIN_AFTER)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now, last_address=address or None)


class TokenThrottle(BaseThrottle):
    """So many requests within a minute for each token (``API_REQUESTS_A_MINUTE``), counted in the database: by all processes."""

    wait_for = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; say whether it is one too many."""
        if not isinstance(request.auth, ApiToken):
            return True
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [request.auth.pk])
            count, left = cursor.fetchone()
        self.wait_for = max(1, -int(-left // 1))
        limit = settings.API_REQUESTS_A_MINUTE
        request._request.api_limits = {  # type: ignore[attr-defined]
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - count)),
            "RateLimit-Reset": str(self.wait_for),
        }
        return bool(count <= limit)

    def wait(self) -> float:
        """Return how many seconds to wait."""
        return self.wait_for


class MayRead(BasePermission):
    """The token is for the resource, and its user may look at it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raise ``Problem`` where one of them may not."""
        require_reading(token_of(request), view.resource)
        return True


def require_reading(token: ApiToken, resource: Resource) -> None:
    """Raise ``Problem`` where ``token`` is not for ``resource``, or its user may not look at it."""
    if resource.name not in token.resources:
        raise lacking_scope(token, resource.name)
    if not token.user.has_perm(resource.permission):
        raise lacking_right(token, f"look at {resource.title}")


def lacking_scope(token: ApiToken, what: str) -> Problem:
    """Return the refusal of what the token was not made for."""
    return Problem(
        status.HTTP_403_FORBIDDEN,
        "scope_missing",
        f"{token} was not made for {what}. Make one that is: a token's scope is not changed.",
    )


def lacking_right(token: ApiToken, what: str) -> Problem:
    """Return the refusal of what the token's user may not."""
    return Problem(
        status.HTTP_403_FORBIDDEN,
        "right_missing",
        f"{token} asks in the name of {token.user.get_username()}, who may not {what}.",
    )


def token_of(request: Request) -> ApiToken:
    """Return what is asked with: there is no other way to ask."""
    return cast(ApiToken, request.auth)


def person(request: Request) -> User:
    """Return in whose name is asked."""
    return token_of(request).user


def reach(request: Request) -> Reach:
    """Return how far the sight of who asks reaches: as far as the token's and its user's both do."""
    return reach_with(token_of(request))


def reach_with(token: ApiToken) -> Reach:
    """Return how far the sight of whoever asks with ``token`` reaches."""
    own, users = token.reach, reach_of(token.user)
    return Reach(
        partners=_both(own.partners, users.partners),
        stores=_both(own.stores, users.stores),
        sets=_both(own.sets, users.sets),
    )


def _both(one: frozenset[Any] | None, other: frozenset[Any] | None) -> frozenset[Any] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def actor(request: Request) -> str:
    """Return who is recorded as having asked."""
    return actor_of(token_of(request))


def actor_of(token: ApiToken) -> str:
    """Return how the record names who asks with ``token``."""
    return f"{token.user.get_username()} by token {token.prefix}"[:150]
