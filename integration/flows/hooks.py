"""Calls of a store: checked, stored as they came, and taken as a hint that an order is worth a look.

What is done about an order is decided by reading it, so a call that is lost, doubled, late or out of order costs
nothing but time: the poll finds the same changes.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from integration.bigcommerce.webhooks import SECRET_HEADER, NotSigned, Stamp, Told, read_call, verified
from integration.failpoints import failpoint
from integration.flows.import_orders import import_step
from integration.flows.steps import STEPS
from integration.models import Store, StoreHook
from integration.work import put

logger = logging.getLogger(__name__)

LOOK_AFTER = timedelta(seconds=5)
"""How long an order is let be after a call about it: what is told of it in the meantime is the same look."""

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Verdict(Enum):
    """What became of a call."""

    TAKEN = "taken"
    REPEATED = "taken before"
    STRANGER = "not from the store"
    ELSEWHERE = "from another store"


def take(key: str, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Take one call to the address of ``key``; what is taken is committed. ``headers`` have names in small letters.

    Of a stranger nothing is kept but a count, and that only where he knows the address.
    """
    # With the database's time, which is worth no statement of its own here.
    hooks = StoreHook.objects.select_related("store").annotate(now=Now())
    hook = hooks.filter(key=key).first() if _KEY.fullmatch(key) else None
    if hook is None:
        return _refused(None, Verdict.STRANGER, "its address is no hook's")
    try:
        stamp = verified(headers, body, hook.store.client_secrets(hook.now))
    except NotSigned as error:
        return _refused(hook, Verdict.STRANGER, str(error))
    given = headers.get(SECRET_HEADER.lower(), "")
    if not hmac.compare_digest(given.encode(), hook.secret.encode()):
        return _refused(hook, Verdict.STRANGER, f"it does not carry the header {SECRET_HEADER} as registered")
    told = read_call(body)
    if told.store_hash != hook.store.store_hash:
        return _refused(hook, Verdict.ELSEWHERE, "it speaks of another store")
    with transaction.atomic():
        if not _stored(hook.store, stamp, told, body, is_stale=stamp.is_stale(hook.now)):
            return Verdict.REPEATED
        if told.order is not None:
            step = import_step(hook.store_id, told.order, LOOK_AFTER)
            put(STEPS[step.name].lane, step)
        failpoint("hook.stored")
    failpoint("hook.taken")
    return Verdict.TAKEN


def _refused(hook: StoreHook | None, verdict: Verdict, why: str) -> Verdict:
    if hook is not None:
        StoreHook.objects.filter(pk=hook.pk).update(
            refused=F("refused") + 1, refused_at=Now(), refused_because=why
        )
    logger.warning(
        "store call refused", extra={"store": hook.store_id if hook is not None else None, "why": why}
    )
    return verdict


def _stored(store: Store, stamp: Stamp, told: Told, body: bytes, *, is_stale: bool) -> bool:
    """Store the call; return False where it, or its event in another call, is stored already."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integration_hookcall
                   (store_id, webhook_id, digest, scope, order_number, body, stamped_at, is_stale)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT DO NOTHING
            """,
            [
                store.pk,
                stamp.identity,
                hashlib.sha256(body).hexdigest(),
                told.scope,
                told.order,
                body,
                stamp.at,
                is_stale,
            ],
        )
        return bool(cursor.rowcount)
