"""The line about a purchase order in the order's staff notes in the store, where the agreement says so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from archive.clock import database_now
from archive.models import Document
from integration.flows.effects import effect_step
from integration.matching.lines import AskedLine, LineStatement, day_words, plain
from integration.models import PurchaseOrder, StoreEffect
from integration.work import Step

_LINES_TOLD = 5
_KIND = StoreEffect.Kind.NOTE


def acceptance_words(purchase_order: PurchaseOrder, statements: Sequence[LineStatement]) -> str:
    """Return what the notes say of a purchase order that was accepted as it was asked."""
    lines = "its one line" if len(statements) == 1 else f"all {len(statements)} lines"
    days = sorted({said.promised_on for said in statements if said.promised_on is not None})
    promised = f", promised for {day_words(days[0])}" if days else ""
    if len(days) > 1:
        promised += f" to {day_words(days[-1])}"
    return (
        f"Purchase order {purchase_order.number}: {purchase_order.agreement.partner} accepts {lines} as ordered"
        f"{promised}."
    )


def decision_words(
    purchase_order: PurchaseOrder, asked: Sequence[AskedLine], statements: Sequence[LineStatement]
) -> str:
    """Return what the notes say of a purchase order that staff accepted as the partner answered it."""
    said = {each.line_number: each for each in statements}
    told = [line_words(line, said.get(line.line_number)) for line in asked]
    more = len(told) - _LINES_TOLD
    if more > 0:
        told[_LINES_TOLD:] = ["One more line." if more == 1 else f"{more} more lines."]
    partner = purchase_order.agreement.partner
    return f"Purchase order {purchase_order.number}: accepted as {partner} answered it. {' '.join(told)}"


def cancellation_words(purchase_order: PurchaseOrder) -> str:
    """Return what the notes say of a purchase order that staff cancelled."""
    partner = purchase_order.agreement.partner
    return f"Purchase order {purchase_order.number}: cancelled by us after the answer of {partner}."


def line_words(line: AskedLine, said: LineStatement | None) -> str:
    """Return what the partner promises of one line, as a sentence."""
    place = f"Line {line.line_number} ({line.sku})"
    if said is None:
        return f"{place}: the answer does not speak of it; none of {plain(line.quantity)} {line.unit} is acknowledged."
    words = f"{place}: {plain(said.quantity)} of {plain(line.quantity)} {line.unit} acknowledged"
    if said.backordered:
        words += f", {plain(said.backordered)} on backorder"
    if said.unit_price is not None and line.unit_price is not None and said.unit_price != line.unit_price:
        words += f", at {plain(said.unit_price)} instead of {plain(line.unit_price)}"
    if said.promised_on is not None:
        words += f", promised for {day_words(said.promised_on)}"
    return f"{words}."


def intend_note(purchase_order: PurchaseOrder, document: Document, outcome: str, words: str) -> None:
    """Mean to write ``words`` into the staff notes; nothing where it is not agreed.

    One line for each answer and ``outcome``. It ends with a sign of its own, by which it is found again whatever
    staff write around it.
    """
    if not purchase_order.agreement.writes_staff_notes:
        return
    order = purchase_order.order
    marker = f"{_prefix(purchase_order)}{document.pk}:{outcome}"
    sign = f"[Gridport {hashlib.sha256(marker.encode()).hexdigest()[:12]}]"
    today = database_now().astimezone(ZoneInfo(order.store.time_zone)).date()
    line = " ".join(f"{day_words(today)}: {words} {sign}".split())
    StoreEffect.objects.get_or_create(
        marker=marker,
        defaults={
            "order": order,
            "kind": _KIND,
            "intended": {"line": line, "sign": sign, "purchase_order": purchase_order.pk},
        },
    )


def note_steps(purchase_order: PurchaseOrder) -> list[Step]:
    """Return the steps that write what is meant to stand in the notes: the same ones each time."""
    meant = StoreEffect.objects.filter(kind=_KIND, marker__startswith=_prefix(purchase_order))
    return [effect_step(effect) for effect in meant.select_related("order").order_by("pk")]


def _prefix(purchase_order: PurchaseOrder) -> str:
    order = purchase_order.order
    return f"{order.store_id}:{order.number}:note:{purchase_order.pk}:"
