"""Bytes in, bytes out. ``put`` encrypts and stores; ``open`` is the only way to read content again."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import DatabaseError

from archive import copies, keys
from archive.correlation import current_correlation_id
from archive.governance import end_of
from archive.keys import fingerprints, key_id
from archive.models import (
    AccessRecord,
    DataSubject,
    DisposalCertificate,
    LostCertificate,
    Payload,
    PayloadKey,
    PayloadSubject,
)

__all__ = [
    "MACHINE",
    "NotRecorded",
    "PayloadDamaged",
    "PayloadDestroyed",
    "commitment",
    "fingerprints",
    "key_id",
    "open",
    "opened",
    "put",
    "record_access",
    "sealed",
]

MACHINE = "Gridport"
BLIND_BYTES = 32
"""So many random bytes stand before the content in what is encrypted; see ``Payload.commitment``."""


class PayloadDamaged(Exception):
    """A stored payload no longer opens: its bytes or its key are not what they were."""


class NotRecorded(DatabaseError):
    """Who reads could not be recorded, so nothing is read."""


def record_access(*, actor: str, purpose: str, payload: Payload | None = None, **said: Any) -> None:
    """Write who reads what, before it is read; ``said`` are further fields of ``AccessRecord``. Raises ``NotRecorded``."""
    try:
        AccessRecord.objects.create(
            payload=payload, actor=actor, purpose=purpose, correlation_id=current_correlation_id(), **said
        )
    except DatabaseError as error:
        raise NotRecorded(f"That {actor} reads could not be recorded: {error}") from error


class PayloadDestroyed(PayloadDamaged):
    """A payload was destroyed, as two people approved; ``certificate`` is what is kept of that."""

    def __init__(self, certificate: DisposalCertificate | LostCertificate) -> None:
        at, named = certificate.destroyed_at, str(certificate).replace("Certificate", "certificate", 1)
        super().__init__(f"It was destroyed on {at.day} {at:%B %Y}, once its retention was over: {named}.")
        self.certificate = certificate


def commitment(blind: bytes, data: bytes) -> str:
    """Return what binds a payload to ``data``: SHA-256 of ``blind`` and it, in hex."""
    return hashlib.sha256(blind + data).hexdigest()


def sealed(data: bytes, key: bytes) -> dict[str, Any]:
    """Return the fields of the payload that keeps ``data``, encrypted under ``key``: never twice the same."""
    blind = os.urandom(BLIND_BYTES)
    nonce = os.urandom(keys.NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, blind + data, None)
    return {
        "address": hashlib.sha256(ciphertext).hexdigest(),
        "ciphertext": ciphertext,
        "nonce": nonce,
        "size": len(data),
        "fingerprint": fingerprints(data)[0],
        "commitment": commitment(blind, data),
    }


def put(data: bytes, *, subject: DataSubject | None = None) -> Payload:
    """Store ``data`` under a key of its own, in the caller's transaction, and return its payload; it will be copied.

    That key lies under the key of ``subject``, the person of whom the content speaks, where that is known by now.
    """
    key = keys.new_key()
    payload = Payload.objects.create(**sealed(data, key))
    PayloadKey.objects.create(payload=payload, **keys.wrapped(key, subject))
    copies.await_copy(payload)
    if subject is not None:
        PayloadSubject.objects.create(payload=payload, subject=subject)
    return payload


def open(payload: Payload, *, actor: str = MACHINE, purpose: str) -> bytes:
    """Return the plain bytes of ``payload``, after recording who reads them and for what.

    Raises ``PayloadDamaged`` where the stored bytes are not those that were put, and where they were moved out what
    ``archive.copies.fetch`` raises.
    """
    return opened(payload, actor=actor, purpose=purpose)[1]


def opened(payload: Payload, *, actor: str = MACHINE, purpose: str) -> tuple[bytes, bytes]:
    """Return the random bytes that blind the commitment of ``payload`` (none in old ones) and its plain bytes.

    As ``open``: recorded first, and damage raises ``PayloadDamaged``.
    """
    record_access(actor=actor, purpose=purpose, payload=payload)
    ciphertext = bytes(payload.ciphertext)
    if not ciphertext:
        certificate = end_of(payload.pk)
        if certificate is not None:
            raise PayloadDestroyed(certificate)
        ciphertext = copies.fetch(payload) or b""
    if not ciphertext:
        raise PayloadDamaged(
            f"Payload {payload.address}: neither the database nor the storage holds its bytes."
        )
    if hashlib.sha256(ciphertext).hexdigest() != payload.address:
        raise PayloadDamaged(f"Payload {payload.address}: its bytes do not fit its address.")
    try:
        plain = _cipher(payload).decrypt(bytes(payload.nonce), ciphertext, None)
    except keys.KeyMissing as error:
        raise PayloadDamaged(f"Payload {payload.address}: {error}.") from error
    except InvalidTag as error:
        raise PayloadDamaged(f"Payload {payload.address}: the stored bytes were changed.") from error
    if payload.key_id:
        return b"", plain
    blind, data = plain[:BLIND_BYTES], plain[BLIND_BYTES:]
    if commitment(blind, data) != payload.commitment:
        raise PayloadDamaged(f"Payload {payload.address}: its content is not what was committed to.")
    return blind, data


def _cipher(payload: Payload) -> AESGCM:
    if payload.key_id:
        return keys.store_key(payload.key_id).cipher
    row = PayloadKey.objects.select_related("payload", "under").filter(payload=payload).first()
    if row is None:
        raise keys.KeyMissing("its key was destroyed")
    return AESGCM(keys.payload_key(row))
