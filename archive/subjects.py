"""The persons of whom documents speak: each is a keyed hash and a key, made once whoever comes first.

The hash is made of what names the person in a store: the customer's number there, else the e-mail address. Who it is cannot be
read from it, and the same person is found again by it. While a person's key is used it is held against its destruction by a
lock of the transaction, so that nothing is ever put under a key that is just going.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from archive import keys
from archive.models import DataSubject, Payload, PayloadSubject, SubjectKey

LOCK = 0x6B657973
"""First half of the advisory lock on a person's key; the second is the person's number. ``gridport_erase`` takes it too."""


def name_in_store(store: str, *, customer: int = 0, email: str = "") -> str:
    """Return what names a person in ``store`` (its hash): the customer's number, else the address; "" where neither is known."""
    address = "".join(email.split()).casefold()
    if customer:
        return f"person:{store}:customer:{customer}"
    return f"person:{store}:email:{address}" if address else ""


def subject_of(name: str) -> DataSubject:
    """Return the person named ``name``, with a key, in the caller's transaction; both are made where they are missing.

    A person whose key was destroyed gets a new one: what is put under it says nothing of what was before.
    """
    subject = find_subject(name)
    if subject is None:
        lookup = keys.fingerprints(name.encode())[0]
        DataSubject.objects.bulk_create([DataSubject(lookup=lookup)], ignore_conflicts=True)
        subject = DataSubject.objects.get(lookup=lookup)
    hold_key(subject)
    return subject


def hold_key(subject: DataSubject) -> None:
    """See that ``subject`` has a key, and keep it from being destroyed until the transaction ends.

    Waits while it is being destroyed.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A person's key is used in the transaction that puts something under it.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK, subject.pk % 2**31])
    if not SubjectKey.objects.filter(subject=subject).exists():
        made = SubjectKey(subject=subject, **keys.wrapped_by_store(keys.new_key()))
        SubjectKey.objects.bulk_create([made], ignore_conflicts=True)


def find_subject(name: str) -> DataSubject | None:
    """Return the person named ``name`` under any of the store's keys, where there is one."""
    return DataSubject.objects.filter(lookup__in=keys.fingerprints(name.encode())).order_by("pk").first()


def speaks_of(payloads: Iterable[Payload], subject: DataSubject) -> None:
    """Record that ``payloads`` speak of ``subject``, once."""
    rows = [PayloadSubject(payload=each, subject=subject) for each in payloads]
    PayloadSubject.objects.bulk_create(rows, ignore_conflicts=True)
