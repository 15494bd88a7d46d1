"""What was agreed about a purchase order: what the agreement lets pass, and what was accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from integration.matching.lines import LineStatement
from integration.matching.tolerances import EXACT, Limit, Tolerances
from integration.models import PurchaseOrder
from partners.models import Agreement, AllowedSubstitute, AnswerTolerances


def tolerances_of(agreement: Agreement) -> Tolerances:
    """Return what of a partner's answers is accepted by itself under ``agreement``."""
    row = AnswerTolerances.objects.filter(agreement=agreement).first()
    substitutes: dict[str, set[str]] = defaultdict(set)
    for allowed in AllowedSubstitute.objects.filter(agreement=agreement):
        substitutes[allowed.sku].add(allowed.item)
    return as_tolerances(row, substitutes)


def as_tolerances(row: AnswerTolerances | None, substitutes: Mapping[str, Iterable[str]]) -> Tolerances:
    """Return a row of the admin, saved or not, as the pure decision takes it."""
    listed = {sku: frozenset(items) for sku, items in substitutes.items()}
    if row is None:
        return Tolerances(substitutes=listed) if listed else EXACT
    return Tolerances(
        price=Limit(row.price_percent, row.price_absolute),
        cheaper=row.accepts_cheaper,
        short=Limit(row.short_percent, row.short_absolute),
        over=Limit(row.over_percent, row.over_absolute),
        days_late=row.days_late,
        days_early=row.days_early,
        backorders=row.accepts_backorders,
        substitutes=listed,
    )


def agreed_with(purchase_order: PurchaseOrder) -> dict[int, LineStatement]:
    """Return what was accepted of ``purchase_order``, by line number; nothing where it is not accepted."""
    if purchase_order.state != PurchaseOrder.State.ACCEPTED:
        return {}
    statements = [statement_from_json(each) for each in purchase_order.agreed or ()]
    return {each.line_number: each for each in statements}


def statement_to_json(said: LineStatement) -> dict[str, Any]:
    """Return a statement as JSON: quantities and prices as text."""
    return {
        "line_number": said.line_number,
        "quantity": str(said.quantity),
        "unit_price": None if said.unit_price is None else str(said.unit_price),
        "promised_on": None if said.promised_on is None else said.promised_on.isoformat(),
        "backordered": str(said.backordered),
        "rejected": str(said.rejected),
        "held": str(said.held),
        "substitute": said.substitute,
    }


def statement_from_json(kept: Mapping[str, Any]) -> LineStatement:
    """Return the statement that ``statement_to_json`` wrote."""
    price, day = kept["unit_price"], kept["promised_on"]
    return LineStatement(
        line_number=kept["line_number"],
        quantity=Decimal(kept["quantity"]),
        unit_price=None if price is None else Decimal(price),
        promised_on=None if day is None else date.fromisoformat(day),
        backordered=Decimal(kept["backordered"]),
        rejected=Decimal(kept["rejected"]),
        held=Decimal(kept["held"]),
        substitute=kept["substitute"],
    )
