"""Which items of the stores a supplier's feed means, and how each is counted: many lines at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from integration.matching.stock_feed import ItemSaid
from integration.models import StoreItem
from partners.mapping.conversion import Terms
from partners.models import Agreement, ItemCrossReference

Meant = tuple[int, Terms | None]
"""The primary key of a ``StoreItem``, and the terms of its SKU under the agreement."""


@dataclass
class _Known:
    """What is known of the numbers in some lines."""

    terms: dict[str, Terms] = field(default_factory=dict)
    by_vendor_item: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_upc: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    items: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    items_by_upc: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))


def items_meant(
    agreement: Agreement, stores: Collection[int], lines: Sequence[ItemSaid]
) -> list[list[Meant]]:
    """Return for each of ``lines`` the items that it means, [] where the stores have none.

    A SKU comes first, then the supplier's own number, then the UPC: two kinds of number never decide together. An item
    that the agreement lists without a number of the supplier goes by our SKU there too. One number may mean a SKU of
    several stores, and several SKUs that are packed differently.
    """
    known = _known(agreement, stores, lines)
    return [_meant(known, *line.numbers) for line in lines]


def _known(agreement: Agreement, stores: Collection[int], lines: Sequence[ItemSaid]) -> _Known:
    skus, vendors, upcs = (sorted({line.numbers[kind] for line in lines} - {""}) for kind in range(3))
    known = _Known()
    listed = ItemCrossReference.objects.filter(agreement=agreement).filter(
        Q(sku__in=skus) | Q(vendor_item__in=vendors) | Q(vendor_item="", sku__in=vendors) | Q(upc__in=upcs)
    )
    rows = listed.order_by("sku").values_list(
        "sku", "vendor_item", "upc", "unit", "partner_unit", "pack_factor"
    )
    for sku, vendor_item, upc, unit, partner_unit, factor in rows.iterator():
        known.terms[sku] = Terms(sku, vendor_item, upc, unit, partner_unit, factor)
        known.by_vendor_item[vendor_item or sku].append(sku)
        if upc:
            known.by_upc[upc].append(sku)
    wanted = {*skus, *known.terms}
    items = StoreItem.objects.filter(store__in=stores, gone_at=None).filter(
        Q(sku__in=wanted) | Q(upc__in=upcs)
    )
    for pk, sku, upc in items.order_by("pk").values_list("pk", "sku", "upc").iterator():
        if sku:
            known.items[sku].append(pk)
        if upc:
            known.items_by_upc[upc].append((pk, sku))
    _learn_terms(known, agreement)
    return known


def _learn_terms(known: _Known, agreement: Agreement) -> None:
    """Add the terms of items that are known by their UPC alone."""
    lacking = {sku for found in known.items_by_upc.values() for _, sku in found} - {*known.terms, ""}
    rows = ItemCrossReference.objects.filter(agreement=agreement, sku__in=lacking)
    for row in rows.order_by("sku"):
        known.terms[row.sku] = Terms(
            row.sku, row.vendor_item, row.upc, row.unit, row.partner_unit, row.pack_factor
        )


def _meant(known: _Known, sku: str, vendor_item: str, upc: str) -> list[Meant]:
    for skus in ([sku], known.by_vendor_item.get(vendor_item, []), known.by_upc.get(upc, [])):
        found = _of_skus(known, skus)
        if found:
            return found
    return [(pk, known.terms.get(name)) for pk, name in known.items_by_upc.get(upc, [])] if upc else []


def _of_skus(known: _Known, skus: Iterable[str]) -> list[Meant]:
    return [(pk, known.terms.get(sku)) for sku in skus if sku for pk in known.items.get(sku, [])]
