"""The key that signs seals: Ed25519, held by the worker alone."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def sign(statement: bytes) -> tuple[str, str]:
    """Return the signature of ``statement`` and the public key that checks it, in hex; two empty texts where there is no key.

    Raises ``ImproperlyConfigured`` where the setting holds something else than a key.
    """
    text = _key_text()
    if not text:
        return "", ""
    try:
        key = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(text))
    except ValueError as error:
        raise ImproperlyConfigured(
            "SEAL_SIGNING_KEY is no signing key: it is 32 random bytes in URL-safe base64."
        ) from error
    return key.sign(statement).hex(), key.public_key().public_bytes_raw().hex()


def has_key() -> bool:
    """Say whether this process would sign."""
    return bool(_key_text())


def _key_text() -> str:
    """Return the setting, else what the private installation keeps: read when it is needed, and held nowhere."""
    if settings.SEAL_SIGNING_KEY:
        return str(settings.SEAL_SIGNING_KEY)
    kept: Path = settings.KEPT_SIGNING_KEY
    return kept.read_text().strip() if kept.is_file() else ""
