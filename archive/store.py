"""Bytes in, bytes out. ``put`` encrypts and stores; ``open`` is the only way to read content again."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from archive.correlation import current_correlation_id
from archive.models import AccessRecord, Payload

MACHINE = "Gridport"


class PayloadDamaged(Exception):
    """A stored payload no longer opens: its bytes or its key are not what they were."""


@dataclass(frozen=True)
class _Key:
    key_id: str
    cipher: AESGCM
    fingerprint_key: bytes


@cache
def _derive(master: str) -> _Key:
    material = HKDF(SHA256(), length=64, salt=None, info=b"gridport payload v1").derive(master.encode())
    return _Key(hashlib.sha256(material).hexdigest()[:16], AESGCM(material[:32]), material[32:])


def _keys() -> list[_Key]:
    if not settings.ENCRYPTION_KEYS:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS is empty: set it, or run `make setup` for a private installation."
        )
    return [_derive(master) for master in settings.ENCRYPTION_KEYS]


def key_id(master: str) -> str:
    """Return the id by which payloads name the key ``master``; it tells nothing of the key."""
    return _derive(master).key_id


def fingerprints(data: bytes) -> list[str]:
    """Return the keyed hash of ``data`` under each key, the one in use first."""
    return [hmac.new(key.fingerprint_key, data, hashlib.sha256).hexdigest() for key in _keys()]


def put(data: bytes) -> Payload:
    """Store ``data`` in the caller's transaction and return its payload."""
    key = _keys()[0]
    nonce = os.urandom(12)
    ciphertext = key.cipher.encrypt(nonce, data, None)
    return Payload.objects.create(
        address=hashlib.sha256(ciphertext).hexdigest(),
        ciphertext=ciphertext,
        key_id=key.key_id,
        nonce=nonce,
        size=len(data),
        fingerprint=hmac.new(key.fingerprint_key, data, hashlib.sha256).hexdigest(),
    )


def open(payload: Payload, *, actor: str = MACHINE, purpose: str) -> bytes:
    """Return the plain bytes of ``payload``, after recording who reads them and for what.

    Raises ``PayloadDamaged`` where the stored bytes are not those that were put.
    """
    AccessRecord.objects.create(
        payload=payload, actor=actor, purpose=purpose, correlation_id=current_correlation_id()
    )
    ciphertext = bytes(payload.ciphertext)
    for key in _keys():
        if key.key_id == payload.key_id and hashlib.sha256(ciphertext).hexdigest() == payload.address:
            try:
                return key.cipher.decrypt(bytes(payload.nonce), ciphertext, None)
            except InvalidTag as error:
                raise PayloadDamaged(f"Payload {payload.address}: the stored bytes were changed.") from error
    raise PayloadDamaged(
        f"Payload {payload.address}: its bytes do not fit its address, or key {payload.key_id} is not in"
        " ENCRYPTION_KEYS."
    )
