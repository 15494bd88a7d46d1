"""The store's catalogue as rows: what is counted there, how it is tracked, and the fields that stock advice may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from archive.clock import database_now
from archive.record import record_event
from integration.bigcommerce.catalog import CatalogProduct, CatalogVariant
from integration.bigcommerce.reference import StockSetting
from integration.flows.sold_items import rule_of
from integration.flows.stock_levels import level_steps
from integration.flows.stores import client_for
from integration.models import (
    StockLimit,
    StockLocation,
    StockRule,
    StockTerms,
    Store,
    StoreItem,
    store_channel,
)
from integration.work import Claim, Step

EVERY = timedelta(hours=1)
_BATCH = 500
_FIELDS = ("product", "sku", "upc", "name", "tracking", "settings", "read_at", "gone_at")


def advised_stores() -> QuerySet[Store]:
    """Return the stores for which suppliers' stock advice is taken: the catalogue of no other is read."""
    advised = StockTerms.objects.filter(agreement__stores=OuterRef("pk"))
    placed = StockLocation.objects.filter(store=OuterRef("pk"))
    return Store.objects.filter(Q(Exists(advised)) | Q(Exists(placed)))


def catalogue_step(store_pk: int, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that reads a store's catalogue."""
    return Step("read_catalogue", str(store_pk), f"catalogue:{store_pk}", delay, store_channel(store_pk))


def read_catalogue(subject: str, claim: Claim) -> list[Step]:
    """Read the store's catalogue into ``StoreItem``, again in an hour; what the store no longer has is gone.

    Nothing is written there. A field that we set keeps in ``settings`` what it was before; one that somebody changed
    since is theirs, and left alone until the advice says something else.
    """
    store = Store.objects.get(pk=subject)
    now = database_now()
    with client_for(store) as client:
        setting = client.get_stock_setting()
        products = {each.id: each for each in client.iter_products()}
        variants = client.iter_variants()
        while page := list(islice(variants, _BATCH)):
            with claim.transaction():
                _keep(store, page, products, now)
    with claim.transaction():
        _keep_rule(store, setting, now)
        StoreItem.objects.filter(store=store, read_at__lt=now, gone_at=None).update(gone_at=now)
    return [*level_steps([store.pk]), catalogue_step(store.pk, EVERY)]


def _keep_rule(store: Store, setting: StockSetting, now: datetime) -> None:
    moves_at = setting.moves_at if setting.moves_at in StockRule.MovesAt.values else StockRule.MovesAt.PLACED
    StockRule.objects.update_or_create(
        store=store, defaults={"moves_at": moves_at, "read_at": now, "strategy": rule_of(store).strategy}
    )


def _keep(
    store: Store, page: Sequence[CatalogVariant], products: Mapping[int, CatalogProduct], now: datetime
) -> None:
    numbers = [each.id for each in page]
    known = {row.variant: row for row in StoreItem.objects.filter(store=store, variant__in=numbers)}
    limits = {
        row.item.variant: row
        for row in StockLimit.objects.select_for_update(of=("self",))
        .select_related("item")
        .filter(item__store=store, item__variant__in=numbers)
    }
    rows = []
    for each in page:
        product = products.get(each.product_id)
        if product is None:
            continue
        found = {**product.limits, **each.limits}
        row, limit = known.get(each.id), limits.get(each.id)
        rows.append(
            StoreItem(
                store=store,
                product=each.product_id,
                variant=each.id,
                sku=each.sku[:255],
                upc=each.upc[:40],
                name=product.name[:250],
                tracking=product.tracking
                if product.tracking in StoreItem.Tracking.values
                else StoreItem.Tracking.NONE,
                settings=found if row is None or limit is None else _settings(row, limit, found),
                read_at=now,
                gone_at=None,
            )
        )
    StoreItem.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["store", "variant"], update_fields=_FIELDS
    )


def _settings(row: StoreItem, limit: StockLimit, found: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as they stand without us; note those that somebody changed after us."""
    if limit.sent:
        # Whether what is being written arrived is not known: what stands there may be ours.
        ours = {**limit.written, **limit.sent}
        return {**found, **{name: row.settings[name] for name in ours if name in row.settings}}
    changed = [name for name, value in limit.written.items() if found.get(name) != value]
    kept = {
        name: row.settings[name] for name in limit.written if name not in changed and name in row.settings
    }
    if changed:
        limit.overruled |= {name: limit.wanted.get(name) for name in changed}
        limit.written = {name: value for name, value in limit.written.items() if name not in changed}
        limit.save(update_fields=["overruled", "written"])
        names = ", ".join(changed)
        record_event(
            row.subject,
            "limit_overruled",
            f"Somebody changed {names} of {row} in the store: left so until the supplier says something else.",
        )
    return {**found, **kept}
