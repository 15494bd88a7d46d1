"""A finance system that takes invoices as 810, JSON and UBL from a mailbox of its own, and keeps its own ledger of them.

It reckons each invoice itself: ``adds_up`` says whether lines, charges, allowances and taxes come to the total. An 810 is
answered with a 997. What it has by the same number and in the same format already is kept as a duplicate, and what it cannot read as such.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from integration.simulators.network.purchase_orders import (
    Segments,
    begun,
    element,
    segments_of,
)
from integration.simulators.network.x12_text import interchange

UBL_NAMES = {
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
}
FEWER_OR_MORE_DECIMALS = {"JPY": 0, "KRW": 0, "BHD": 3, "KWD": 3}
CREDIT_TYPES = ("CR", "credit_memo")
ZERO = Decimal(0)


@dataclass
class Booked:
    """One invoice as this system reads it; amounts of ``added`` come on top of the lines, below 0 where taken off."""

    number: str
    kind: str
    order: str
    original: str
    currency: str
    total: Decimal
    lines: list[tuple[str, Decimal, Decimal]]
    added: list[Decimal] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Return the invoice as a row of the ledger."""
        exact = sum((quantity * price for _, quantity, price in self.lines), ZERO)
        unit = Decimal(1).scaleb(-FEWER_OR_MORE_DECIMALS.get(self.currency, 2))
        apart = abs(exact + sum(self.added, ZERO) - self.total)
        return {
            "number": self.number,
            "kind": self.kind,
            "order": self.order,
            "original": self.original,
            "currency": self.currency,
            "total": f"{self.total.quantize(unit):f}",
            "lines": [
                {"item": item, "quantity": f"{quantity:f}", "price": f"{price:f}"}
                for item, quantity, price in self.lines
            ],
            # Prices finer than the currency leave less than half a unit.
            "adds_up": apart * 2 <= unit if exact % unit else not apart,
        }


@dataclass
class FinanceSystem:
    """The mailbox below ``root``: ``inbox`` is what the portal sends, ``outbox`` what is for the portal."""

    root: Path
    ledger: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox, self.outbox, self.taken = (self.root / name for name in ("inbox", "outbox", "taken"))
        for folder in (self.inbox, self.outbox, self.taken):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._numbers = count(1)

    def take_all(self) -> int:
        """Take everything that lies in the inbox now, and book it; return how many files."""
        taken = 0
        with self._lock:
            for path in sorted(self.inbox.iterdir()):
                if path.name.startswith(".") or path.suffix in (".tmp", ".part"):
                    continue
                self._take(path)
                taken += 1
        return taken

    def booked(self) -> list[dict[str, Any]]:
        """Return the ledger without what was not read and what came twice."""
        return [each for each in self.ledger if each["event"] == "booked"]

    def _take(self, path: Path) -> None:
        data = path.read_bytes()
        path.rename(self.taken / path.name)
        form = {".json": "JSON", ".xml": "UBL"}.get(path.suffix, "810")
        arrived = {"file": path.name, "format": form, "sha256": hashlib.sha256(data).hexdigest()}
        try:
            read = {"JSON": _from_json, "UBL": _from_ubl, "810": _from_x12}[form](data)
        except (ValueError, KeyError, AttributeError, InvalidOperation, ET.ParseError) as error:
            self.ledger.append({"event": "unread", **arrived, "why": str(error)})
            return
        for each in read:
            key = (each.number, each.kind, form)
            known = any((row["number"], row["kind"], row["format"]) == key for row in self.booked())
            event = "duplicate" if known else "booked"
            self.ledger.append({"event": event, **arrived, **each.row()})
        if form == "810":
            self._acknowledge(segments_of(data))

    def _acknowledge(self, segments: Segments) -> None:
        """Leave a 997 for the group that came."""
        found = {each[0]: each for each in segments if each[0] in ("ISA", "GS", "ST")}
        gs, st = found["GS"], found["ST"]
        came = begun(found["ISA"], gs, st)
        body = [
            ["AK1", element(gs, 1), came.gs06],
            ["AK2", element(st, 1), came.st02],
            ["AK5", "A"],
            ["AK9", "A", "1", "1", "1"],
        ]
        now, number = datetime.now(UTC), next(self._numbers)
        data = interchange(
            came, number=number, group="FA", body=body, code="997", date=now.strftime("%Y%m%d"),
            time=now.strftime("%H%M"),
        )  # fmt: skip
        hidden = self.outbox / f".finance-{number:09d}.edi"
        hidden.write_bytes(data)
        hidden.replace(self.outbox / hidden.name.lstrip("."))


def _from_json(data: bytes) -> Iterable[Booked]:
    told = json.loads(data)
    added = [
        Decimal(each["amount"]) * (-1 if each["type"] == "allowance" else 1)
        for each in told.get("allowances_and_charges", [])
    ]
    added += [
        Decimal(each["amount"]) for each in told.get("taxes", []) if each.get("relationship") != "included"
    ]
    yield Booked(
        number=told["invoice_number"],
        kind="credit" if told["type"] in CREDIT_TYPES else "invoice",
        order=told["customer_order_number"],
        original=told.get("original_invoice", ""),
        currency=told["currency"],
        total=Decimal(told["total"]),
        lines=[
            (each.get("sku", ""), Decimal(each["quantity"]), Decimal(each["unit_price"]))
            for each in told.get("lines", [])
        ],
        added=added,
    )


def _from_ubl(data: bytes) -> Iterable[Booked]:
    root = ET.fromstring(data)  # noqa: S314 - what the portal under test wrote
    kind = root.tag.rpartition("}")[2]
    name = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
    added = []
    for each in root.findall("cac:AllowanceCharge", UBL_NAMES):
        sign = 1 if _words(each, "cbc:ChargeIndicator") == "true" else -1
        added.append(sign * Decimal(_words(each, "cbc:Amount")))
    tax = root.find("cac:TaxTotal", UBL_NAMES)
    if tax is not None and _words(tax, "cbc:TaxIncludedIndicator") != "true":
        added.append(Decimal(_words(tax, "cbc:TaxAmount")))
    yield Booked(
        number=_words(root, "cbc:ID"),
        kind="credit" if kind == "CreditNote" else "invoice",
        order=_words(root, "cac:OrderReference/cbc:SalesOrderID"),
        original=root.findtext("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", "", UBL_NAMES),
        currency=_words(root, "cbc:DocumentCurrencyCode"),
        total=Decimal(_words(root, "cac:LegalMonetaryTotal/cbc:PayableAmount")),
        lines=[
            (
                line.findtext("cac:Item/cac:SellersItemIdentification/cbc:ID", "", UBL_NAMES),
                Decimal(_words(line, f"cbc:{name}")),
                Decimal(_words(line, "cac:Price/cbc:PriceAmount")),
            )
            for line in root.findall(f"cac:{kind}Line", UBL_NAMES)
        ],
        added=added,
    )


def _words(parent: ET.Element, path: str) -> str:
    found = parent.findtext(path, None, UBL_NAMES)
    if found is None:
        raise ValueError(f"There is no {path}.")
    return found


def _from_x12(data: bytes) -> Iterable[Booked]:
    segments = segments_of(data)
    starts = [place for place, each in enumerate(segments) if each[0] == "ST" and element(each, 1) == "810"]
    if not starts:
        raise ValueError("There is no 810.")
    for start in starts:
        body = []
        for each in segments[start + 1 :]:
            if each[0] == "SE":
                break
            body.append(each)
        yield _from_set(body)


def _from_set(body: Segments) -> Booked:
    first = {each[0]: each for each in reversed(body)}
    references = {element(each, 1): element(each, 2) for each in body if each[0] == "REF"}
    added, lines = [], []
    for each in body:
        match each[0]:
            case "IT1":
                pairs = dict(zip(each[6::2], each[7::2], strict=False))
                lines.append((pairs.get("SK", ""), Decimal(element(each, 2)), Decimal(element(each, 4))))
            case "SAC":
                sign = -1 if element(each, 1) == "A" else 1
                added.append(sign * Decimal(element(each, 5)) / 100)
            case "TXI" if element(each, 7) != "I":
                added.append(Decimal(element(each, 2)))
    return Booked(
        number=element(first["BIG"], 2),
        kind="credit" if element(first["BIG"], 7) in CREDIT_TYPES else "invoice",
        order=references.get("CO", ""),
        original=references.get("OI", ""),
        currency=element(first["CUR"], 2),
        total=Decimal(element(first["TDS"], 1)) / 100,
        lines=lines,
        added=added,
    )
