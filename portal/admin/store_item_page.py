"""What the page of a store's item shows: what suppliers said, how the level comes about, what was written, and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.flows.sold_items import rule_of
from integration.flows.write_limits import WORDS
from integration.models import StockLevel, StockLimit, StockWrite, StoreItem, SupplierStock
from portal.access import seen
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge, day, moment, quantity, status
from portal.admin.timeline import timeline

MOST_WRITES = 25
AS_THE_STORE = gettext_lazy("As the store's rule")
_TONES = {
    StockWrite.State.SENDING: WAITING,
    StockWrite.State.UNKNOWN: WARNING,
    StockWrite.State.DONE: GOOD,
    StockWrite.State.REFUSED: BAD,
    StockWrite.State.UNSENT: QUIET,
    StockWrite.State.LOOKED: WARNING,
}


@dataclass(frozen=True)
class LimitRow:
    """One field that stock advice sets: what stood before, what is to be, and what we wrote."""

    what: str
    before: str
    wanted: str
    written: str
    note: str


def level_badge(levels: Sequence[StockLevel]) -> SafeString | str:
    """Return what the store may show of an item, and whether it is written."""
    if not levels:
        return ""
    shows = str(sum(each.shows for each in levels))
    if any(each.refused == each.wanted and each.refused is not None for each in levels):
        return badge(gettext("%(shows)s, refused") % {"shows": shows}, BAD)
    written = all(is_written(each) for each in levels)
    tone = (GOOD if shows != "0" else QUIET) if written else WAITING
    return badge(shows if written else gettext("%(shows)s, not written") % {"shows": shows}, tone)


def is_written(level: StockLevel) -> bool:
    """Say whether the store is known to show what it is to."""
    if not level.shows:
        return level.on_hand == 0 and level.granted is None
    return level.granted is not None and level.granted == level.wanted


def store_item_context(item: StoreItem, *, may_decide: bool) -> dict[str, Any]:
    """Return everything that the template ``portal/store_item.html`` shows."""
    levels = list(StockLevel.objects.filter(item=item).order_by("location"))
    limit = StockLimit.objects.filter(item=item).first()
    rule = rule_of(item.store)
    chosen = (
        item.get_strategy_display() if item.strategy else f"{AS_THE_STORE}: {rule.get_strategy_display()}"
    )
    return {
        "title": str(item),
        "item": item,
        "badge": level_badge(levels) or badge(gettext("No supplier tells it"), QUIET),
        "strategy": chosen,
        "may_decide": may_decide,
        "statements": [_statement(row) for row in _said(item)],
        "levels": [
            {"location": each.location, "words": each.words, "at": moment(each.reckoned_at)}
            for each in levels
        ],
        "writes": [_write(row) for row in _writes(item)],
        "limits": limit_rows(item, limit) if limit is not None else [],
        "limit_words": limit.words if limit is not None else [],
        "limit_error": limit.error if limit is not None else "",
        "timeline": timeline(item.subject),
    }


def _said(item: StoreItem) -> list[SupplierStock]:
    rows = seen(SupplierStock.objects.filter(item=item)).select_related("agreement__partner")
    return list(rows.order_by("agreement", "warehouse"))


def _statement(row: SupplierStock) -> dict[str, Any]:
    more = [
        gettext("no more than %(quantity)s for us") % {"quantity": quantity(row.allocation)}
        if row.allocation is not None
        else "",
        gettext("for sale from %(available_from)s") % {"available_from": day(row.available_from)}
        if row.available_from
        else "",
        gettext("more on %(expected_on)s") % {"expected_on": day(row.expected_on)} if row.expected_on else "",
        gettext("not made from %(discontinued_on)s") % {"discontinued_on": day(row.discontinued_on)}
        if row.discontinued_on
        else "",
        gettext("takes %(lead_days)s days") % {"lead_days": row.lead_days}
        if row.lead_days is not None
        else "",
        gettext("orders of %(minimum)s at least") % {"minimum": row.minimum} if row.minimum else "",
        gettext("orders of %(maximum)s at most") % {"maximum": row.maximum} if row.maximum else "",
    ]
    return {
        "partner": row.agreement.partner,
        "warehouse": row.warehouse or gettext("All"),
        "quantity": quantity(row.quantity) if row.quantity is not None else gettext("Not said"),
        "as_of": moment(row.as_of),
        "more": "; ".join(each for each in more if each).capitalize(),
    }


def _writes(item: StoreItem) -> list[StockWrite]:
    rows = StockWrite.objects.filter(level__item=item).select_related("level")
    return list(rows.order_by("-pk")[:MOST_WRITES])


def _write(row: StockWrite) -> dict[str, Any]:
    how_much = f"{row.quantity:+d}" if row.kind == StockWrite.Kind.RELATIVE else str(row.quantity)
    return {
        "at": moment(row.sent_at),
        "location": row.level.location,
        "what": f"{row.get_kind_display()} {how_much}",
        "shows": row.shows,
        "state": status(row.state, row.get_state_display(), _TONES),
        "answer": row.answer if row.state != StockWrite.State.DONE else "",
    }


def limit_rows(item: StoreItem, limit: StockLimit) -> list[LimitRow]:
    """Return the fields that are ours, are to be, or were until somebody changed them."""
    names = [
        name for name in WORDS if name in {**limit.wanted, **limit.written, **limit.sent, **limit.overruled}
    ]
    return [
        LimitRow(
            WORDS[name].capitalize(),
            _value(item.settings.get(name)),
            _value(limit.wanted[name]) if name in limit.wanted else gettext("As before"),
            _value(limit.written[name]) if name in limit.written else gettext("Nothing of ours"),
            _note(limit, name),
        )
        for name in names
    ]


def _note(limit: StockLimit, name: str) -> str:
    if name in limit.sent:
        return gettext("Being written")
    if name in limit.overruled:
        return gettext("Somebody changed it in the store: left until the supplier says something else")
    return ""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return gettext("Nothing") if value in (None, "", 0) else str(value)
