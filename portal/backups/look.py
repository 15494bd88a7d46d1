"""What a drill looks at in a restored database, beyond that it could be restored: payloads open, and records are as sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connections

from archive.checking import check
from archive.keys import KeyMissing, payload_key, store_key
from archive.models import Payload, PayloadKey
from archive.store import BLIND_BYTES, commitment
from portal.backups import FaultsAfterRestore
from portal.backups.address import Address
from portal.backups.erased import owner_at

_NAMED = 5


def look_through(target: Address) -> str:
    """Open every payload of ``target`` and hold all of it against its seals and the published roots; return what was seen.

    Raises ``FaultsAfterRestore`` where something is not what it was.
    """
    opened = look_through_payloads(target)
    with _application_at(target.database):
        outcome = check(Path(settings.PUBLISHED_ROOTS))
    if outcome.found:
        raise FaultsAfterRestore(
            f"What was restored is not as it was sealed. {outcome.findings[0]} In all {outcome.found:,} findings."
        )
    sealed = outcome.counts["rows"] - outcome.counts["not sealed yet"]
    return f"{opened} {sealed:,} records are as they were sealed."


@contextmanager
def _application_at(database: str) -> Iterator[None]:
    """Have the application's connection lead to another database of its server."""
    connection = connections["default"]
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def look_through_payloads(target: Address) -> str:
    """Open every payload of ``target``; return how many, and raise ``FaultsAfterRestore`` where one is not what it was.

    Nobody reads what they hold, so no reading is recorded.
    """
    with owner_at(target) as alias:
        keys = {
            row.payload_id: row for row in PayloadKey.objects.using(alias).select_related("under", "payload")
        }
        opened, forgotten, moved, wrong = 0, 0, 0, []
        for each in Payload.objects.using(alias).order_by("pk").iterator(chunk_size=200):
            if not each.ciphertext:
                moved += 1
            elif not each.key_id and each.pk not in keys:
                forgotten += 1
            elif _opens(each, keys.get(each.pk)):
                opened += 1
            else:
                wrong.append(each.address[:12])
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise FaultsAfterRestore(
            f"Payloads do not open as they were stored: {', '.join(wrong[:_NAMED])}{more}."
        )
    told = [f"{opened:,} payloads open as they were stored"]
    told += [f"{forgotten:,} are erased"] if forgotten else []
    told += [f"{moved:,} lie in the storages"] if moved else []
    return f"{', '.join(told)}."


def _opens(payload: Payload, row: PayloadKey | None) -> bool:
    ciphertext = bytes(payload.ciphertext)
    if hashlib.sha256(ciphertext).hexdigest() != payload.address:
        return False
    try:
        cipher = store_key(payload.key_id).cipher if row is None else AESGCM(payload_key(row))
        plain = cipher.decrypt(bytes(payload.nonce), ciphertext, None)
    except (KeyMissing, InvalidTag):
        return False
    return row is None or commitment(plain[:BLIND_BYTES], plain[BLIND_BYTES:]) == payload.commitment
