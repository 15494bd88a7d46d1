"""Invoices as files that are no X12: JSON of the canonical document, and UBL; and what a file of ours says, for search."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

from integration.documents import DocumentError, Invoice, from_json, to_json
from integration.matching.evidence import KINDS
from integration.matching.invoicing.ubl import write_ubl

JSON: Final = "JSON"
UBL: Final = "UBL"
FILE_FORMATS: Final = {JSON: "json", UBL: "xml"}
"""What an archived invoice of ours is, where it is no transaction set, and how its file's name ends."""
ENDINGS: Final = {**FILE_FORMATS, **{kind.name: kind.ending for kind in KINDS.values()}}
"""Likewise of every archived document that is a file: invoices, and the photos and forms of returns."""
SCHEMA: Final = "urn:gridport:invoice:1"
"""What the JSON says it is written by: the schema of canonical invoices, as ``json_schema("invoice")`` tells it."""

_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"


def write_file(invoice: Invoice, file_format: str) -> bytes:
    """Return ``invoice`` as the bytes of a file, ``JSON`` or ``UBL``."""
    if file_format == UBL:
        return write_ubl(invoice)
    content = {"$schema": SCHEMA, **to_json(invoice)}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def read_file(data: bytes, file_format: str) -> Invoice:
    """Return what a file that ``write_file`` wrote says; of UBL the numbers alone that people search by.

    Raises ``DocumentError`` for anything else.
    """
    try:
        return _read_ubl(data) if file_format == UBL else _read_json(json.loads(data))
    except (ValueError, ET.ParseError) as error:
        raise DocumentError(f"This is no invoice that was written here: {error}") from error


def _read_json(content: Mapping[str, Any]) -> Invoice:
    found = from_json("invoice", {name: value for name, value in content.items() if name != "$schema"})
    assert isinstance(found, Invoice)
    return found


def _read_ubl(data: bytes) -> Invoice:
    root = ET.fromstring(data)  # noqa: S314 — our own bytes, out of our archive
    credit = root.tag.endswith("}CreditNote")
    return Invoice(
        invoice_number=root.findtext(f"{_CBC}ID"),
        type="credit_memo" if credit else "debit_invoice",
        currency=root.findtext(f"{_CBC}DocumentCurrencyCode"),
        purchase_order_number=root.findtext(f"{_CAC}OrderReference/{_CBC}ID"),
        customer_order_number=root.findtext(f"{_CAC}OrderReference/{_CBC}SalesOrderID"),
        original_invoice=root.findtext(f"{_CAC}BillingReference/{_CAC}InvoiceDocumentReference/{_CBC}ID"),
        tracking_number=root.findtext(f"{_CAC}Delivery/{_CBC}TrackingID"),
    )
