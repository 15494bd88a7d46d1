"""Tokens made and revoked: verbs of staff, recorded as such."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.clock import database_now
from archive.record import record_audit
from integration.flows.rights import Refused
from portal.api.asking import MARK, digest_of
from portal.models import ApiToken

ISSUE_TOKENS = "portal.issue_tokens"
LONGEST = timedelta(days=366)
VERBS = ("issue token", "revoke token")


@dataclass(frozen=True)
class Wanted:
    """What a token is to be: see the fields of ``ApiToken``. ``partners`` and ``stores`` None: not limited."""

    name: str
    user: User
    resources: list[str]
    expires_at: datetime
    reads_content: bool = False
    may_write: bool = False
    partners: list[Any] | None = None
    stores: list[Any] | None = None
    addresses: tuple[str, ...] = ()


def _refuse_others(actor: User, wanted: Wanted) -> None:
    if not actor.has_perm(ISSUE_TOKENS):
        raise Refused(
            gettext("You may look at tokens, and not make them: ask a partner administrator or an operator.")
        )
    if wanted.user != actor and not actor.is_superuser:
        raise Refused(
            gettext(
                "Make it in your own name: a token in the name of somebody else has to be made by an administrator."
            )
        )


def issue(actor: User, wanted: Wanted, reason: str) -> tuple[ApiToken, str]:
    """Make a token; return its row and the token itself, which nobody can be shown again.

    Raises ``Refused`` where ``actor`` may not, or would get by it what somebody else may: only administrators make tokens in
    the name of others.
    """
    _refuse_others(actor, wanted)
    if not reason.strip():
        raise Refused(gettext("Say why in a few words: the reason is kept with the token."))
    now = database_now()
    if not now < wanted.expires_at <= now + LONGEST:
        raise Refused(gettext("Name a day within a year from now until which it is good."))
    prefix, text = _new()
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=wanted.name,
            user=wanted.user,
            prefix=prefix,
            digest=digest_of(text),
            resources=wanted.resources,
            reads_content=wanted.reads_content,
            may_write=wanted.may_write,
            limits_partners=wanted.partners is not None,
            limits_stores=wanted.stores is not None,
            addresses=list(wanted.addresses),
            expires_at=wanted.expires_at,
            created_by=actor.get_username(),
        )
        token.partners.set(wanted.partners or [])
        token.stores.set(wanted.stores or [])
        detail = {"prefix": prefix, "user": wanted.user.get_username(), "resources": wanted.resources}
        record_audit(actor, VERBS[0], token.subject, reason=reason.strip(), detail=detail)
    return token, text


def revoke(actor: User, token: ApiToken, reason: str) -> None:
    """Have ``token`` be refused from now on. Raises ``Refused`` where ``actor`` may not, or it is revoked already."""
    if token.user_id != actor.pk and not actor.has_perm(ISSUE_TOKENS):
        raise Refused(
            gettext(
                "You may look at tokens, and not revoke them: ask a partner administrator or an operator."
            )
        )
    if not reason.strip():
        raise Refused(gettext("Say why in a few words: the reason is kept with the token."))
    with transaction.atomic():
        now = database_now()
        changed = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(
            revoked_at=now, revoked_by=actor.get_username()
        )
        if not changed:
            raise Refused(gettext("It was revoked already."))
        record_audit(actor, VERBS[1], token.subject, reason=reason.strip())


def _new() -> tuple[str, str]:
    """Return the part of a new token that everybody may see, and the token."""
    prefix = secrets.token_hex(4)
    return prefix, f"{MARK}{prefix}_{secrets.token_urlsafe(32)}"
