"""What was erased or disposed of after a backup was made is so again in what is restored from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from archive import disposal
from integration.models import Order
from integration.personal import clear
from portal.backups.address import Address
from portal.backups.keys import KeyFile

OWNER = "owner"
_PIECE = 1000
_NOT_HERE = """
    SELECT p.id, k.under::bigint, k.made_at FROM pg_temp.restored_key k JOIN public.archive_payload p ON p.address = k.name
     WHERE NOT EXISTS (SELECT 1 FROM public.archive_disposalcertificate d WHERE d.payload_id = p.id)
       AND NOT EXISTS (SELECT 1 FROM public.archive_lostcertificate l WHERE l.payload_id = p.id)
     ORDER BY p.id
"""
_CERTIFY = """
    INSERT INTO public.archive_lostcertificate (payload_id, number, destroyed_at)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[])
"""


@contextmanager
def owner_at(target: Address) -> Iterator[str]:
    """Point the owner's connection of Django at ``target``, a database of the same server; yield its alias."""
    connection = connections[OWNER]
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = target.database
    try:
        yield OWNER
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def erase_again(target: Address, erased: Iterable[tuple[str, int]]) -> int:
    """Clear in ``target`` what told of the persons of ``erased`` orders (store's hash, number); return how many that were."""
    wanted = Q(pk=None)
    for store, number in erased:
        wanted |= Q(store__store_hash=store, number=number)
    with owner_at(target) as alias, transaction.atomic(using=alias):
        found = Order.objects.using(alias).filter(wanted, erased_at=None)
        orders = list(found.values_list("pk", flat=True))
        clear(orders, using=alias)
        Order.objects.using(alias).filter(pk__in=orders).update(erased_at=timezone.now())
    return len(orders)


def dispose_again(target: Address, keys: KeyFile) -> int:
    """Dispose in ``target`` of what ``keys`` say was disposed of since; return how many payloads that were.

    Their certificates are lost: what is known of each is written instead.
    """
    with owner_at(target) as alias, transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            create, copy = keys.take_in()
            cursor.execute(create)
            with cursor.copy(copy) as copied:
                for line in keys.disposed():
                    copied.write(line)
            cursor.execute(_NOT_HERE)
            found = cursor.fetchall()
            cursor.execute("DROP TABLE pg_temp.restored_key")
        for piece in (found[at : at + _PIECE] for at in range(0, len(found), _PIECE)):
            disposal.dispose_again([pk for pk, _, _ in piece], alias)
            _certify(piece, alias)
    return len(found)


def _certify(piece: Sequence[tuple[int, int, datetime]], alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SET LOCAL ROLE gridport_disposer")
        cursor.execute(_CERTIFY, [list(column) for column in zip(*piece, strict=True)])
        cursor.execute("RESET ROLE")
