"""What was erased after a backup was made is erased again in what is restored from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from integration.models import Order
from integration.personal import clear
from portal.backups.address import Address

OWNER = "owner"


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
