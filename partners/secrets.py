"""Secrets at rest: text columns that hold only what MultiFernet made of the text."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

MARK = "enc:v1:"


def keyring() -> MultiFernet:
    """Return the keys of ``ENCRYPTION_KEYS``: the first writes, all read."""
    if not settings.ENCRYPTION_KEYS:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS is empty: set it, or run `make setup` for a private installation."
        )
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is stored encrypted; empty text stays empty. Look-ups by value are refused."""

    def get_prep_value(self, value: Any) -> Any:
        """Return what goes into the column."""
        if not value:
            return ""
        return MARK + keyring().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        """Return the text that was meant."""
        if not value:
            return ""
        try:
            return keyring().decrypt(value.removeprefix(MARK).encode()).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                f"{self.model._meta.label}.{self.attname}: none of ENCRYPTION_KEYS opens the stored secret."
            ) from error

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse every look-up but ``isnull``: equal secrets have unequal ciphertexts."""
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and cannot be searched.")
        return super().get_lookup(lookup_name)
