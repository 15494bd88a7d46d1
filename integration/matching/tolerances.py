"""How far a partner's answer may differ from what was asked before a person has to look: the agreement's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from integration.matching.lines import AskedLine, LineStatement, plain


@dataclass(frozen=True, slots=True)
class Limit:
    """A difference that is let pass: ``percent`` of what was asked, ``absolute`` in its unit; given both, both hold.

    Neither given lets nothing pass.
    """

    percent: Decimal | None = None
    absolute: Decimal | None = None

    def holds(self, difference: Decimal, asked: Decimal) -> bool:
        """Say whether ``difference`` (not negative) from ``asked`` is let pass."""
        if self.percent is None and self.absolute is None:
            return False
        in_percent = self.percent is None or difference * 100 <= self.percent * abs(asked)
        return in_percent and (self.absolute is None or difference <= self.absolute)

    def words(self, unit: str = "") -> str:
        """Return the limit as people say it: ``2 %, 0.5 each at most``."""
        parts = [] if self.percent is None else [f"{plain(self.percent)} %"]
        if self.absolute is not None:
            parts.append(f"{plain(self.absolute)} {unit}".rstrip())
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What of a partner's answers is accepted by itself. By default: only what was asked, exactly.

    ``days_late`` and ``days_early`` (days, None: not compared) are around the day that was asked for. ``substitutes``
    are the items that may come instead, by SKU. ``backorders``: what is promised for later counts as answered.
    """

    price: Limit = Limit()
    cheaper: bool = False
    short: Limit = Limit()
    over: Limit = Limit()
    days_late: int | None = None
    days_early: int | None = None
    backorders: bool = False
    substitutes: Mapping[str, frozenset[str]] = field(default_factory=dict)


EXACT = Tolerances()

# What of a line a word of the partner's is about.
QUANTITY, PRICE, DATE, ITEM = "quantity", "price", "date", "item"


def differing(line: AskedLine, said: LineStatement, allowed: Tolerances) -> dict[str, str]:
    """Return what ``said`` differs in from ``line``, each with why it is let pass, ``""`` where it is not."""
    found = {
        QUANTITY: _quantity(line, said, allowed),
        PRICE: _price(line, said, allowed),
        DATE: _date(line.wanted_on, said.promised_on, allowed),
        ITEM: _item(line, said, allowed),
    }
    return {what: passes for what, passes in found.items() if passes is not None}


def sentences(allowed: Tolerances) -> list[str]:
    """Return what is let pass, for people, each as a sentence."""
    days = [
        f"A day up to {count} {'day' if count == 1 else 'days'} {way} than asked for."
        for count, way in ((allowed.days_late, "later"), (allowed.days_early, "earlier"))
        if count is not None
    ]
    told = [
        (allowed.price, f"A price that differs by at most {allowed.price.words()}."),
        (allowed.short, f"A quantity that is less by at most {allowed.short.words('units')}."),
        (allowed.over, f"A quantity that is more by at most {allowed.over.words('units')}."),
    ]
    found = [words for limit, words in told if limit != Limit()] + days
    if allowed.cheaper:
        found.append("Any lower price.")
    if allowed.backorders:
        found.append("What the partner promises for later, on backorder.")
    if allowed.substitutes:
        count = sum(map(len, allowed.substitutes.values()))
        found.append(f"{count} {'item that comes' if count == 1 else 'items that come'} instead of others.")
    return found or ["Only what was asked for, exactly."]


def _quantity(line: AskedLine, said: LineStatement, allowed: Tolerances) -> str | None:
    promised = said.quantity + (said.backordered if allowed.backorders else 0)
    gap = line.quantity - promised
    if gap == 0:
        return None if said.quantity == line.quantity else "backorders are accepted"
    limit = allowed.short if gap > 0 else allowed.over
    if not limit.holds(abs(gap), line.quantity):
        return ""
    return f"{limit.words(line.unit)} {'less' if gap > 0 else 'more'} is accepted"


def _price(line: AskedLine, said: LineStatement, allowed: Tolerances) -> str | None:
    if line.unit_price is None or said.unit_price is None or said.unit_price == line.unit_price:
        return None
    if said.unit_price < line.unit_price and allowed.cheaper:
        return "a lower price is accepted"
    if allowed.price.holds(abs(said.unit_price - line.unit_price), line.unit_price):
        return f"{allowed.price.words()} of the price is accepted"
    return ""


def _date(wanted: date | None, promised: date | None, allowed: Tolerances) -> str | None:
    if wanted is None or promised is None or promised == wanted:
        return None
    late = promised > wanted
    days = allowed.days_late if late else allowed.days_early
    if days is None:
        return None
    if abs(promised - wanted) > timedelta(days=days):
        return ""
    return f"{days} {'day' if days == 1 else 'days'} {'later' if late else 'earlier'} is accepted"


def _item(line: AskedLine, said: LineStatement, allowed: Tolerances) -> str | None:
    if not said.substitute:
        return None
    return "the substitute is on the list" if said.substitute in allowed.substitutes.get(line.sku, ()) else ""
