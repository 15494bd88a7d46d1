"""From what suppliers said last to what each store is to show: reckoned anew from the present state, whoever asks.

Level-triggered: asking twice writes once. Nothing is written to a store here; what differs is left to ``write_stock``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from archive.clock import database_now
from integration.flows.cases import MACHINE, close_cause, open_case
from integration.flows.sold_items import Sales, read_sales, rule_of
from integration.matching.stock_levels import (
    NOTHING_SOLD,
    Level,
    Limits,
    Sold,
    Statement,
    Terms,
    limits,
    reckon,
    strictest,
)
from integration.models import (
    ExceptionCase,
    Restock,
    StockLevel,
    StockLimit,
    StockLocation,
    StockRule,
    Store,
    StoreItem,
    SupplierStock,
    store_channel,
)
from integration.work import Claim, Step

_AT_ONCE = 500
"""Products whose items are reckoned in one transaction."""
_MOST_TOLD = 50
_LEVEL_FIELDS = ("shows", "wanted", "words", "reckoned_at", "due_at")
_LIMIT_FIELDS = ("wanted", "words", "due_at")
_SILENT = "No supplier says anything of it any more: nothing is shown."


def level_steps(store_pks: Iterable[int]) -> list[Step]:
    """Return the steps that reckon what these stores are to show."""
    return [Step("level_stock", str(pk), f"level:{pk}") for pk in sorted(set(store_pks))]


def write_step(store_pk: int) -> Step:
    """Return the step that writes a store's stock."""
    return Step("write_stock", str(store_pk), stock_key(store_pk), talks_to=store_channel(store_pk))


def stock_key(store_pk: int) -> str:
    """Return the ordering key of all that writes a store's stock and limits: one at a time, ever."""
    return f"stock:{store_pk}"


def unwritten(store: Store) -> QuerySet[StockLevel]:
    """Return the levels that the store is not known to show as they are to be."""
    levels = StockLevel.objects.filter(item__store=store, item__gone_at=None).exclude(refused=F("wanted"))
    levels = levels.exclude(item__tracking=StoreItem.Tracking.NONE)
    emptied = Q(on_hand=0, granted=None)
    return levels.filter(
        (Q(shows=0) & ~emptied) | (Q(shows__gt=0) & (Q(granted=None) | ~Q(granted=F("wanted"))))
    )


def unwritten_limits(store: Store) -> QuerySet[StockLimit]:
    """Return the limits that differ from what we wrote, or are being written."""
    rows = StockLimit.objects.filter(item__store=store, item__gone_at=None)
    return rows.filter(Q(error="") & (~Q(wanted=F("written")) | ~Q(sent={})))


def due_steps(now: datetime) -> list[Step]:
    """Return the steps for stores of which something changes by itself about now: a date passed, a count got too old."""
    here = {"due_at__lte": now, "item__gone_at": None}
    levels = StockLevel.objects.filter(**here).values_list("item__store", flat=True)
    rows = StockLimit.objects.filter(**here).values_list("item__store", flat=True)
    return level_steps({*levels.distinct(), *rows.distinct()})


def level_stock(subject: str, claim: Claim) -> list[Step]:
    """Reckon what each item of the store is to show, and the limits that go with it."""
    store = Store.objects.get(pk=subject)
    view = _View.of(store)
    told: dict[str, list[str]] = {"untracked": [], "shared": []}
    products = _concerned(store)
    for first in range(0, len(products), _AT_ONCE):
        with claim.transaction():
            _level(view, products[first : first + _AT_ONCE], told)
    with claim.transaction():
        _tell(store, told)
    if unwritten(store).exists() or unwritten_limits(store).exists():
        return [write_step(store.pk)]
    return []


@dataclass(frozen=True)
class _View:
    """What does not change from item to item."""

    store: Store
    rule: StockRule
    zone: ZoneInfo
    now: datetime
    locations: Mapping[tuple[int, str], int]

    @classmethod
    def of(cls, store: Store) -> _View:
        rows = StockLocation.objects.filter(store=store)
        places = {(row.agreement_id, row.warehouse): row.location for row in rows}
        return cls(store, rule_of(store), ZoneInfo(store.time_zone), database_now(), places)

    def location(self, agreement: int, warehouse: str) -> int:
        """Return where a warehouse stands in the store."""
        found = self.locations.get((agreement, warehouse), self.locations.get((agreement, "")))
        return self.rule.location if found is None else found


def _concerned(store: Store) -> list[int]:
    stated = SupplierStock.objects.filter(item=OuterRef("pk"))
    levelled = StockLevel.objects.filter(item=OuterRef("pk"))
    items = StoreItem.objects.filter(store=store, gone_at=None).filter(
        Q(Exists(stated)) | Q(Exists(levelled))
    )
    return list(items.order_by("product").values_list("product", flat=True).distinct())


def _level(view: _View, products: Sequence[int], told: dict[str, list[str]]) -> None:
    items = list(
        StoreItem.objects.filter(store=view.store, product__in=products, gone_at=None).order_by(
            "product", "variant"
        )
    )
    said = _statements([item.pk for item in items])
    oldest = min((each.as_of for rows in said.values() for each in rows), default=view.now)
    sales = read_sales(view.store, view.rule, [item.variant for item in items], oldest)
    returned = _returned([item.pk for item in items])
    levels: list[StockLevel] = []
    wanted: dict[int, Limits] = {}
    for _, group in groupby(items, key=lambda item: item.product):
        several = list(group)
        concerned = [item for item in several if said.get(item.pk)]
        for item in concerned:
            if _is_counted(item, several, told):
                made = _levels_of(view, item, said[item.pk], sales, returned)
                levels += made
                shows = sum(each.shows for each in made)
                wanted[item.pk] = limits(said[item.pk], shows, view.now, view.zone)
        _share_limits([item for item in concerned if item.pk in wanted], wanted)
    known = {
        (row.item_id, row.location): row
        for row in StockLevel.objects.filter(item__in=items).select_for_update().order_by("pk")
    }
    stated = {(each.item_id, each.location) for each in levels}
    levels += [
        _silent(view, row, sales)
        for key, row in known.items()
        if key not in stated and (row.shows or row.due_at)
    ]
    _keep_levels(levels, known)
    _keep_limits([item.pk for item in items], wanted)


def _statements(items: Sequence[int]) -> dict[int, list[Statement]]:
    """Return what was said of each item, by its key."""
    found: dict[int, list[Statement]] = defaultdict(list)
    rows = SupplierStock.objects.filter(item__in=items).select_related(
        "agreement__partner", "agreement__stock_terms"
    )
    for row in rows.order_by("agreement", "warehouse"):
        terms = getattr(row.agreement, "stock_terms", None)
        found[row.item_id].append(
            Statement(
                supplier=row.agreement_id,
                name=str(row.agreement.partner),
                terms=Terms()
                if terms is None
                else Terms(terms.priority, terms.share, terms.buffer, terms.stale_after, terms.sets_limits),
                as_of=row.as_of,
                quantity=row.quantity,
                warehouse=row.warehouse,
                allocation=row.allocation,
                available_from=row.available_from,
                discontinued_on=row.discontinued_on,
                expected_on=row.expected_on,
                lead_days=row.lead_days,
                minimum=row.minimum,
                maximum=row.maximum,
            )
        )
    return found


def _is_counted(item: StoreItem, several: Sequence[StoreItem], told: dict[str, list[str]]) -> bool:
    """Say whether a number of the item's own can be written; else note it for the case."""
    if item.tracking == StoreItem.Tracking.NONE:
        told["untracked"].append(str(item))
        return False
    if item.tracking == StoreItem.Tracking.PRODUCT and len(several) > 1:
        told["shared"].append(str(item))
        return False
    return True


def _levels_of(
    view: _View,
    item: StoreItem,
    said: Sequence[Statement],
    sales: Sales,
    returned: Mapping[int, Sequence[Restock]],
) -> list[StockLevel]:
    by_location: dict[int, list[Statement]] = defaultdict(list)
    for each in said:
        by_location[view.location(each.supplier, each.warehouse)].append(each)
    # Orders are taken from one location: at another nothing of it is sold.
    selling = view.rule.location if view.rule.location in by_location else min(by_location)
    found = []
    for location, rows in sorted(by_location.items()):
        sold = NOTHING_SOLD
        if location == selling:
            sold = _sold(item, said, sales, returned.get(item.pk, ()))
        level = reckon(rows, sold, item.strategy or view.rule.strategy, view.now, view.zone)
        if level is not None:
            found.append(_row(view, item, location, level, sales))
    return found


def _sold(item: StoreItem, said: Sequence[Statement], sales: Sales, returned: Sequence[Restock]) -> Sold:
    counted: dict[int, datetime] = {}
    for each in said:
        counted[each.supplier] = min(each.as_of, counted.get(each.supplier, each.as_of))
    back: dict[int, Decimal] = defaultdict(Decimal)
    for row in returned:
        as_of = counted.get(row.agreement_id)
        if as_of is not None and row.at > as_of:
            back[row.agreement_id] += row.quantity
    return Sold(
        sales.unknown_to(item.variant, counted), dict(back), sales.unordered.get(item.variant, Decimal(0))
    )


def _row(view: _View, item: StoreItem, location: int, level: Level, sales: Sales) -> StockLevel:
    return StockLevel(
        item=item,
        location=location,
        shows=level.shows,
        wanted=level.shows + taken_at(view.rule, location, item.variant, sales),
        words=list(level.words),
        reckoned_at=view.now,
        due_at=level.due_at,
    )


def taken_at(rule: StockRule, location: int, variant: int, sales: Sales) -> int:
    """Return how many orders took from a location."""
    return sales.taken.get(variant, 0) if location == rule.location else 0


def _silent(view: _View, row: StockLevel, sales: Sales) -> StockLevel:
    item = row.item
    return _row(view, item, row.location, Level(0, (_SILENT,)), sales)


def _returned(items: Sequence[int]) -> dict[int, list[Restock]]:
    found: dict[int, list[Restock]] = defaultdict(list)
    for row in Restock.objects.filter(item__in=items):
        found[row.item_id].append(row)
    return found


def _share_limits(items: Sequence[StoreItem], wanted: dict[int, Limits]) -> None:
    """Have the limits of a product stand with its first item, the strictest of all its items."""
    if len(items) < 2:
        return
    product = strictest([wanted[item.pk] for item in items])
    for place, item in enumerate(items):
        own = wanted[item.pk]
        wanted[item.pk] = Limits(
            product.product if place == 0 else {}, own.variant, own.words, own.due_at or product.due_at
        )


def _keep_levels(levels: Sequence[StockLevel], known: Mapping[tuple[int, int], StockLevel]) -> None:
    changed = []
    for each in levels:
        row = known.get((each.item_id, each.location))
        if row is None or any(
            getattr(row, name) != getattr(each, name) for name in _LEVEL_FIELDS if name != "reckoned_at"
        ):
            changed.append(each)
    StockLevel.objects.bulk_create(
        sorted(changed, key=lambda each: (each.item_id, each.location)),
        update_conflicts=True,
        unique_fields=["item", "location"],
        update_fields=_LEVEL_FIELDS,
        batch_size=1000,
    )


def _keep_limits(items: Sequence[int], wanted: Mapping[int, Limits]) -> None:
    known = {row.item_id: row for row in StockLimit.objects.filter(item__in=items).select_for_update()}
    for item in items:
        asked, row = wanted.get(item), known.get(item)
        fields = {**asked.product, **asked.variant} if asked is not None else {}
        if row is None and (asked is None or (not fields and asked.due_at is None)):
            continue
        row = row or StockLimit(item_id=item)
        # What somebody changed is left until the advice itself changes.
        overruled = {name: value for name, value in row.overruled.items() if fields.get(name) == value}
        fields = {name: value for name, value in fields.items() if name not in overruled}
        words, due_at = (list(asked.words), asked.due_at) if asked is not None else ([], None)
        if (row.wanted, row.words, row.due_at, row.overruled) == (fields, words, due_at, overruled):
            continue
        error = row.error if row.wanted == fields else ""
        row.wanted, row.words, row.due_at, row.overruled, row.error = fields, words, due_at, overruled, error
        if row.pk is None:
            row.save()
        else:
            row.save(update_fields=[*_LIMIT_FIELDS, "overruled", "error"])


def _tell(store: Store, told: Mapping[str, Sequence[str]]) -> None:
    """Open or close the cases about items whose number cannot be written."""
    sentences = {
        "untracked": "Suppliers tell the stock of {0} of {1}, and the store does not track it: nothing is written. Switch"
        " inventory tracking on in the store where it is to be kept up: {2}.",
        "shared": "Suppliers tell the stock of {0} of {1} by variant, and the store tracks the product as a whole: nothing"
        " is written. Have the store track them by variant: {2}.",
    }
    for what, sentence in sentences.items():
        skus, cause = told[what], f"stock:{what}:{store.pk}"
        if not skus:
            close_cause(cause, "There is no such item any more.")
            continue
        count = f"{len(skus)} item{'' if len(skus) == 1 else 's'}"
        names = ", ".join(skus[:_MOST_TOLD]) + (" …" if len(skus) > _MOST_TOLD else "")
        told_now = sentence.format(count, store, names)
        last = ExceptionCase.objects.filter(cause=cause).order_by("-pk").first()
        settled = last is not None and last.closed_at is not None and last.closed_by != MACHINE
        # What a person settled is not asked again every hour, unless it is about other items.
        if not settled or last is None or last.sentence != told_now:
            open_case(ExceptionCase.Kind.STOCK_UNCLEAR, cause, told_now, store=store)


def shown_of(items: Iterable[int]) -> dict[int, int]:
    """Return what is shown of each item, all locations together."""
    rows = StockLevel.objects.filter(item__in=list(items)).values("item").annotate(shows=Sum("shows"))
    return {row["item"]: row["shows"] for row in rows}
