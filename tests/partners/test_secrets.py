"""Secrets at rest: ciphertext in the table, text in Python, and keys that can be changed."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection

from partners.models import Mailbox
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "correct horse"


def stored(mailbox: Mailbox) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM partners_mailbox WHERE id = %s", [mailbox.pk])
        return str(cursor.fetchone()[0])


def read(mailbox: Mailbox) -> str:
    return Mailbox.objects.get(pk=mailbox.pk).password


def test_the_table_holds_no_readable_secret() -> None:
    mailbox = factories.mailbox(password=SECRET)
    assert stored(mailbox).startswith("enc:v1:gAAAA")
    assert SECRET not in stored(mailbox)
    assert read(mailbox) == SECRET


def test_no_secret_stays_no_secret() -> None:
    mailbox = factories.mailbox(password="")
    assert (stored(mailbox), read(mailbox)) == ("", "")


def test_equal_secrets_do_not_look_equal() -> None:
    assert stored(factories.mailbox(password=SECRET)) != stored(factories.mailbox(password=SECRET))


def test_a_new_key_in_front_writes_and_the_old_one_still_reads(settings: Any) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.ENCRYPTION_KEYS = [old]
    mailbox = factories.mailbox(password=SECRET)
    settings.ENCRYPTION_KEYS = [new, old]
    assert read(mailbox) == SECRET
    Mailbox.objects.get(pk=mailbox.pk).save()
    settings.ENCRYPTION_KEYS = [new]
    assert read(mailbox) == SECRET


def test_a_lost_key_is_told_by_the_columns_name_and_never_by_its_content(settings: Any) -> None:
    mailbox = factories.mailbox(password=SECRET)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(ImproperlyConfigured) as told:
        read(mailbox)
    assert str(told.value) == "partners.Mailbox.password: none of ENCRYPTION_KEYS opens the stored secret."


def test_a_secret_cannot_be_searched() -> None:
    with pytest.raises(FieldError, match="password is encrypted and cannot be searched"):
        Mailbox.objects.filter(password=SECRET).exists()
