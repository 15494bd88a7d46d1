"""Money that adds up: roundings that keep a sum, and the proof that parts come to what the store says.

All amounts are exact. An amount finer than the currency is rounded by the largest remainder: every part is rounded
down, and the units that are missing to the total go to the parts that lost most, the earlier ones first. So rounded
parts always come to the total, and none is off by a whole unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from integration.documents import Invoice
from integration.matching.invoicing.sold import ZERO

WITHOUT_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
WITH_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
"""Currencies by ISO 4217; all others have two decimals."""


def decimals_of(currency: str) -> int:
    """Return how many decimals amounts of ``currency`` have."""
    if currency in WITHOUT_DECIMALS:
        return 0
    return 3 if currency in WITH_THREE_DECIMALS else 2


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a total, below 0 where it is taken off. ``field`` is where the store says it."""

    key: str
    label: str
    amount: Decimal
    field: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What adds up to what: ``components`` come to ``sum``; ``total`` is the store's; ``problems`` say what does not fit.

    ``rounding`` is the part of a unit by which a sum finer than the currency is rounded to the total.
    """

    components: tuple[Component, ...]
    sum: Decimal
    total: Decimal
    rounding: Decimal
    total_field: str
    problems: tuple[str, ...] = ()
    with_tax: bool = False

    @property
    def difference(self) -> Decimal:
        """Return by how much the store's total is more than the parts."""
        return self.total - self.sum - self.rounding

    @property
    def holds(self) -> bool:
        """Say whether the parts come to the total, and nothing else speaks against it."""
        return not self.difference and not self.problems

    def to_json(self) -> dict[str, Any]:
        """Return the proof as it is kept: amounts as text."""
        return {
            "components": [
                {"key": each.key, "label": each.label, "amount": str(each.amount), "field": each.field}
                for each in self.components
            ],
            "sum": str(self.sum),
            "rounding": str(self.rounding),
            "total": str(self.total),
            "total_field": self.total_field,
            "difference": str(self.difference),
            "problems": list(self.problems),
            "with_tax": self.with_tax,
        }


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """Return ``amount`` in whole units of the currency, halves away from 0."""
    return amount.quantize(_unit(decimals), ROUND_HALF_UP)


def is_whole(amount: Decimal, decimals: int) -> bool:
    """Say whether ``amount`` has no part of a unit."""
    return amount == rounded(amount, decimals)


def apportioned(amounts: Sequence[Decimal], total: Decimal, decimals: int) -> list[Decimal]:
    """Return ``amounts`` in whole units that come to ``total``, by the largest remainder.

    ``total`` is in whole units. Where it is further from the sum than the parts can make up, by a unit each at most,
    the rest goes to the last part.
    """
    unit = _unit(decimals)
    found = [amount.quantize(unit, ROUND_FLOOR) for amount in amounts]
    if not found:
        return []
    missing = int((total - sum(found, ZERO)) / unit)
    lost = sorted(range(len(found)), key=lambda place: (found[place] - amounts[place], place))
    for place in lost[: max(missing, 0)]:
        found[place] += unit
    found[-1] += total - sum(found, ZERO)
    return found


def prove(
    components: Sequence[Component],
    total: Decimal,
    decimals: int,
    total_field: str,
    *,
    problems: Sequence[str] = (),
    with_tax: bool = False,
) -> Proof:
    """Return the proof that ``components`` come to ``total``; rounding is less than one unit, and only of finer parts."""
    exact = sum((each.amount for each in components), ZERO)
    nearest = rounded(exact, decimals)
    rounding = nearest - exact if nearest == total else ZERO
    return Proof(tuple(components), exact, total, rounding, total_field, tuple(problems), with_tax)


def in_units(proof: Proof, decimals: int) -> tuple[Component, ...]:
    """Return the parts of a proof that holds in whole units of the currency: they come to the total exactly."""
    parts = apportioned([each.amount for each in proof.components], proof.total, decimals)
    return tuple(replace(each, amount=amount) for each, amount in zip(proof.components, parts, strict=True))


def line_amounts(invoice: Invoice) -> list[Decimal]:
    """Return what each line of a canonical invoice comes to, in whole units, for whoever writes or prints it.

    The lines share what the total leaves after charges, allowances and taxes that are added: quantity times unit price,
    rounded so that all of it is shared out.
    """
    decimals = decimals_of(invoice.currency or "")
    exact = [(line.quantity or ZERO) * (line.unit_price or ZERO) for line in invoice.lines]
    return apportioned(exact, rounded(lines_total(invoice), decimals), decimals)


def lines_total(invoice: Invoice) -> Decimal:
    """Return what the lines of a canonical invoice come to together."""
    return (invoice.total or ZERO) - charges_total(invoice) - added_taxes(invoice)


def charges_total(invoice: Invoice) -> Decimal:
    """Return the charges on the whole less the allowances."""
    signed = [
        (each.amount or ZERO) * (-1 if each.type == "allowance" else 1)
        for each in invoice.allowances_and_charges
        if each.type != "neither"
    ]
    return sum(signed, ZERO)


def added_taxes(invoice: Invoice) -> Decimal:
    """Return the taxes on the whole that are not in the prices already."""
    return sum((tax.amount or ZERO for tax in invoice.taxes if tax.relationship != "included"), ZERO)


def _unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)
