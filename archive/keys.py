"""Keys: the store's, from the settings; one for each person and one for each payload, kept under it.

A key is *wrapped*: a 12-byte nonce and the AES-256-GCM of its 32 bytes, under a person's key or a store key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from archive.models import DataSubject, PayloadKey, SubjectKey

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyMissing(Exception):
    """A key that should open something is not there, or does not open it; the text says which."""


@dataclass(frozen=True)
class StoreKey:
    """One master key of the settings, and what is derived from it."""

    key_id: str
    cipher: AESGCM
    fingerprint_key: bytes


@cache
def _derive(master: str) -> StoreKey:
    material = HKDF(SHA256(), length=64, salt=None, info=b"gridport payload v1").derive(master.encode())
    return StoreKey(hashlib.sha256(material).hexdigest()[:16], AESGCM(material[:32]), material[32:])


def store_keys() -> list[StoreKey]:
    """Return the store's keys, the one in use first; raises ``ImproperlyConfigured`` where there is none."""
    if not settings.ENCRYPTION_KEYS:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS is empty: set it, or run `make setup` for a private installation."
        )
    return [_derive(master) for master in settings.ENCRYPTION_KEYS]


def store_key(key_id: str) -> StoreKey:
    """Return the store key of that id; raises ``KeyMissing``."""
    for key in store_keys():
        if key.key_id == key_id:
            return key
    raise KeyMissing(f"key {key_id} is not in ENCRYPTION_KEYS")


def key_id(master: str) -> str:
    """Return the id by which rows name the key ``master``; it tells nothing of the key."""
    return _derive(master).key_id


def fingerprints(data: bytes) -> list[str]:
    """Return the keyed hash of ``data`` under each store key, the one in use first."""
    return [hmac.new(key.fingerprint_key, data, hashlib.sha256).hexdigest() for key in store_keys()]


def new_key() -> bytes:
    """Return a new key."""
    return os.urandom(KEY_BYTES)


def _wrap(cipher: AESGCM, key: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, key, None)


def _unwrap(cipher: AESGCM, wrapped: bytes, what: str) -> bytes:
    try:
        return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], None)
    except InvalidTag as error:
        raise KeyMissing(f"the {what} does not open: it was changed") from error


def wrapped_by_store(key: bytes) -> dict[str, Any]:
    """Return the fields of the row that keeps ``key`` under the store key in use."""
    store = store_keys()[0]
    return {"wrapped": _wrap(store.cipher, key), "store_key": store.key_id}


def opened_by_store(wrapped: bytes, store_key_id: str, what: str) -> bytes:
    """Return the key that ``wrapped_by_store`` wrapped; raises ``KeyMissing``, which names it as the key of ``what``."""
    return _unwrap(store_key(store_key_id).cipher, bytes(wrapped), f"key of {what}")


def subject_key(subject: DataSubject) -> bytes:
    """Return the key of ``subject``; raises ``KeyMissing`` where it was destroyed."""
    row = SubjectKey.objects.filter(subject=subject).first()
    if row is None:
        raise KeyMissing(f"the key of {subject} was destroyed")
    return _unwrap(store_key(row.store_key).cipher, bytes(row.wrapped), f"key of {subject}")


def wrapped(key: bytes, subject: DataSubject | None) -> dict[str, Any]:
    """Return the fields of the row that keeps a payload's ``key``: under the key of ``subject``, or the store's."""
    if subject is None:
        return wrapped_by_store(key)
    return {"wrapped": _wrap(AESGCM(subject_key(subject)), key), "under": subject}


def payload_key(row: PayloadKey) -> bytes:
    """Return the key that ``row`` keeps; raises ``KeyMissing``."""
    if row.under is not None:
        cipher = AESGCM(subject_key(row.under))
    else:
        cipher = store_key(row.store_key).cipher
    return _unwrap(cipher, bytes(row.wrapped), f"key of {row.payload}")
