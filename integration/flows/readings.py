"""What a received document amounts to, before and after it is read again, and the difference in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.models import Document, Validation
from integration.flows.effects import SHIPPING_KINDS, effect_words
from integration.matching.lines import day_words, plain
from integration.models import (
    ORDER_STATUSES,
    ExceptionCase,
    LineEntry,
    Order,
    PurchaseOrder,
    StockFeed,
    StoreEffect,
)

MOST_VALUES = 5
_BEGUN = (StoreEffect.State.DONE, StoreEffect.State.SENDING, StoreEffect.State.UNKNOWN)
_STATE_WORDS = {PurchaseOrder.State.GENERATED: "waiting for an answer"}


@dataclass(frozen=True)
class Said:
    """What a document says, as it was read: ``values`` by their place, every finding and report line, references."""

    validation: str
    values: Mapping[str, Any]
    remarks: Mapping[str, str]
    references: frozenset[tuple[str, str, int]]

    @property
    def holds(self) -> bool:
        """Whether it holds to the standard."""
        return self.validation != Validation.INVALID


@dataclass(frozen=True)
class Standing:
    """What stands on a document: states of purchase orders and orders by number, entries, open cases, effects."""

    purchase_orders: Mapping[str, str]
    entries: tuple[str, ...]
    cases: Mapping[str, str]
    orders: Mapping[int, str]
    begun: tuple[str, ...]
    waiting: tuple[str, ...]
    stock: str = ""


def said_by(document: Document) -> Said:
    """Return what ``document`` says now; its state and translation are those that were selected with it."""
    translation = document.translation
    references = document.references.values_list("kind", "normal", "rank")
    remarks = {f"{place}": str(each.get("sentence", "")) for place, each in enumerate(translation.findings)}
    remarks |= {
        f"guide {place}": str(each.get("sentence", "")) for place, each in enumerate(translation.report)
    }
    return Said(document.state.validation, dict(_values(translation.content)), remarks, frozenset(references))


def standing_on(document: Document, concerned: Sequence[PurchaseOrder]) -> Standing:
    """Return what stands on ``document`` and on the purchase orders that it concerns."""
    pks = [each.pk for each in concerned]
    purchase_orders = PurchaseOrder.objects.filter(pk__in=pks).order_by("pk")
    orders = Order.objects.filter(purchase_orders__in=pks).distinct().order_by("pk")
    cases = ExceptionCase.objects.filter(closed_at=None)
    about = cases.filter(document=document) | cases.filter(purchase_order__in=pks)
    entries = LineEntry.standing().filter(line__purchase_order__in=pks).exclude(kind=LineEntry.Kind.ORDERED)
    effects = list(StoreEffect.objects.filter(order__in=orders).order_by("pk"))
    return Standing(
        purchase_orders={each.number: each.state for each in purchase_orders},
        entries=tuple(
            _entry_words(entry)
            for entry in entries.select_related("line__purchase_order").order_by(
                "line__purchase_order", "line__line_number", "kind", "stated_at", "pk"
            )
        ),
        cases=dict(about.order_by("cause").values_list("cause", "sentence")),
        orders=dict(orders.values_list("number", "state")),
        begun=tuple(_effect_words(each) for each in effects if each.state in _BEGUN),
        waiting=tuple(_effect_words(each) for each in effects if each.state == StoreEffect.State.WAITING),
        stock=_stock_words(document),
    )


def reading_words(before: Said, after: Said) -> Iterator[str]:
    """Yield what is read otherwise."""
    words = Validation(after.validation).label.lower()
    if before.validation != after.validation:
        yield f"It is {words} then, and was {Validation(before.validation).label.lower()}."
    places = dict.fromkeys([*before.values, *after.values])
    changed = [place for place in places if before.values.get(place) != after.values.get(place)]
    for place in changed[:MOST_VALUES]:
        was, now = _shown(before.values.get(place)), _shown(after.values.get(place))
        yield f"{place[:1].upper()}{place[1:]} reads {now}, and not {was}."
    if len(changed) > MOST_VALUES:
        yield f"{len(changed) - MOST_VALUES} more values are read otherwise."
    was_said, now_said = list(before.remarks.values()), list(after.remarks.values())
    for sentence in (each for each in now_said if each not in was_said):
        yield f"It is found then: {sentence}"
    for sentence in (each for each in was_said if each not in now_said):
        yield f"It is not found any more: {sentence}"
    if before.references != after.references and not changed:
        yield "It is found by other numbers then."


def standing_words(before: Standing, after: Standing) -> Iterator[str]:
    """Yield what stands otherwise: the ledger, purchase orders, cases, and what the store is told."""
    for words in (each for each in before.entries if each not in after.entries):
        yield f"Taken back: {words}."
    for words in (each for each in after.entries if each not in before.entries):
        yield f"Posted: {words}."
    for number, state in after.purchase_orders.items():
        if before.purchase_orders[number] != state:
            yield (
                f"Purchase order {number} counts as {_state(state)} then, and not as"
                f" {_state(before.purchase_orders[number])}."
            )
    if after.stock != before.stock:
        yield f"Of the stock it says then: {after.stock or 'nothing'}; and not: {before.stock or 'nothing'}."
    for cause, sentence in after.cases.items():
        if cause not in before.cases:
            yield f"A case opens: {sentence}"
        elif before.cases[cause] != sentence:
            yield f"The open case says then: {sentence}"
    for cause, sentence in before.cases.items():
        if cause not in after.cases:
            yield f"The case closes: {sentence}"
    for words in (each for each in after.waiting if each not in before.waiting):
        yield f"Written to the store then: {words}."


def store_warnings(before: Standing, after: Standing) -> Iterator[str]:
    """Yield what was done in the store and stays there, though its reason does not stand any more."""
    for number, state in after.orders.items():
        if before.orders[number] != Order.State.ACCEPTED or state == Order.State.ACCEPTED:
            continue
        for words in after.begun:
            yield (
                f"Order {number}: {words} was written to the store. That stays; nothing is taken back there, so look at"
                " the order in the store."
            )
        for words in after.waiting:
            yield f"Order {number}: {words} is not written to the store yet, and waits until everything is accepted."


def _values(content: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a canonical document with its place in words: ``lines 1 unit``."""
    if isinstance(content, dict):
        for name, each in content.items():
            yield from _values(each, f"{place} {name.replace('_', ' ')}".strip())
    elif isinstance(content, list):
        for number, each in enumerate(content, start=1):
            yield from _values(each, f"{place} {number}".strip())
    elif content is not None:
        yield place, content


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"“{str(value)[:60]}”"


def _entry_words(entry: LineEntry) -> str:
    line = entry.line
    words = (
        f"line {line.line_number} ({line.sku}) of purchase order {line.purchase_order.number},"
        f" {plain(entry.quantity)} {line.unit} {entry.get_kind_display().lower()}"
    )
    if entry.unit_price is not None:
        words += f" at {plain(entry.unit_price)}"
    if entry.promised_on is not None:
        words += f", promised for {day_words(entry.promised_on)}"
    return words


def _effect_words(effect: StoreEffect) -> str:
    if effect.kind == StoreEffect.Kind.STATUS:
        return f"the status {ORDER_STATUSES[int(effect.intended['status_id'])]}"
    if effect.kind == StoreEffect.Kind.NOTE:
        return f"the line “{effect.intended['line']}” in its staff notes"
    if effect.kind in SHIPPING_KINDS:
        return effect_words(effect)
    return f"the answer “{effect.intended.get('value', '')}”"


def _stock_words(document: Document) -> str:
    feed = StockFeed.objects.filter(document=document).first()
    if feed is None:
        return ""
    known = feed.said - feed.unknown - feed.unread
    return f"{known:,} of {feed.said:,} lines are of the stores' items, {feed.get_state_display().lower()}"


def _state(state: str) -> str:
    return _STATE_WORDS.get(PurchaseOrder.State(state)) or PurchaseOrder.State(state).label.lower()
