"""The words of canonical documents: what a field is called, and how its value is said.

Both follow the field's shape (``integration.documents.shape_of``): dates, money, shares, words of a vocabulary. The few
tables here name X12 codes that stand in documents as they are, and fields whose own name is no good label.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from integration.documents import FieldShape
from integration.documents.parts import MONEY, RATE
from portal.admin.show import day, money, quantity

LABELS = {
    "agency": "Agency (code)",
    "agency_code": "Agency's code",
    "allowances_and_charges": "Allowances and charges",
    "answered_number": "Answers",
    "bill_to": "Bill to",
    "buyer_item": "Buyer's item",
    "carrier_scac": "Carrier (SCAC)",
    "credit_or_debit": "Credit or debit",
    "customer_order_number": "Store order",
    "date_kind": "Kind of date",
    "jurisdiction_kind": "Kind of jurisdiction (code)",
    "packaging": "Packaging (code)",
    "price_kind": "Kind of price",
    "rate_of_code": "Rate of (code)",
    "reason_text": "Reason in words",
    "reference_kind": "Kind of reference",
    "second_price_kind": "Kind of second price",
    "store_id_kind": "Stores numbered by (code)",
    "subjects": "Documents spoken of",
    "version_code": "X12 version",
    "discountable": "Subject to discount",
    "ean": "EAN",
    "element_reference": "Element's number in the dictionary",
    "email": "E-mail",
    "group_control_number": "Group control number (GS06)",
    "gtin14": "GTIN-14",
    "id": "ID",
    "id_kind": "Kind of ID",
    "line_number": "Line",
    "number": "Number",
    "original_invoice": "Original invoice",
    "other_ids": "Other item number",
    "pro_number": "Carrier's freight bill",
    "pro_numbers": "Carrier's freight bills",
    "purchase_order_date": "Order date",
    "purchase_order_number": "Purchase order",
    "references": "Reference",
    "release": "Release number",
    "return_number": "Return authorization (RMA)",
    "service_code": "Service",
    "set_code": "Transaction set",
    "set_control_number": "Set control number (ST02)",
    "ship_no_later": "Ship no later than",
    "sku": "SKU",
    "sscc": "Carton label (SSCC)",
    "transport_method": "Way of transport",
    "upc": "UPC",
    "vendor_item": "Vendor's item",
    "vendor_order_number": "Vendor's order",
}
SINGULARS = {
    "acknowledgments": "Answer",
    "adjustments": "Adjustment",
    "allowances_and_charges": "Allowance or charge",
    "carrier_package_ids": "Parcel number",
    "defects": "Defect",
    "errors": "Error",
    "other_dates": "Date",
    "other_ids": "Other item number",
    "other_marks": "Label",
    "other_references": "Reference",
    "parties": "Party",
    "other_parties": "Party",
    "pieces": "Piece",
    "pro_numbers": "Freight bill",
    "quantities": "Quantity",
    "receipts": "Expected",
    "references": "Reference",
    "remarks": "Remark",
    "schedules": "Schedule",
    "stores": "Stores",
    "subjects": "Document",
    "taxes": "Tax",
}
ROLES = {
    "BT": "Bill to",
    "BY": "Buyer",
    "CN": "Consignee",
    "II": "Issuer of the invoice",
    "MA": "Final recipient",
    "PE": "Payee",
    "PR": "Payer",
    "RI": "Remit to",
    "SE": "Seller",
    "SF": "Ship from",
    "SN": "Store",
    "SO": "Sold to",
    "ST": "Ship to",
    "SU": "Supplier",
    "VN": "Vendor",
    "WH": "Warehouse",
    "Z7": "Mark for",
}
DATES = {
    "002": "Delivery requested",
    "006": "Sold",
    "007": "Effective",
    "010": "Ship requested",
    "011": "Shipped",
    "017": "Delivery expected",
    "018": "Available",
    "035": "Delivered",
    "036": "Expires",
    "050": "Received",
    "067": "Delivery scheduled",
    "068": "Ship scheduled",
    "186": "Invoice period from",
    "187": "Invoice period to",
}
REFERENCES = {
    "BM": "Bill of lading",
    "CN": "Carrier's freight bill",
    "CO": "Customer order",
    "CR": "Customer reference",
    "IA": "Vendor number",
    "IV": "Invoice",
    "LT": "Lot",
    "PO": "Purchase order",
    "SE": "Serial number",
    "VN": "Vendor's order",
}
SERVICES = {
    "C000": "Defective allowance",
    "C310": "Discount",
    "D240": "Freight",
    "D500": "Handling",
    "F800": "Promotional allowance",
    "G470": "Restocking",
    "G821": "Shipping",
    "H850": "Tax",
    "I170": "Trade discount",
}
PRICES = {
    "CON": "Contract",
    "INV": "Invoiced",
    "MSR": "Suggested retail",
    "RTL": "Retail",
    "UCP": "Unit cost",
}
_CODES: Mapping[str, Mapping[str, str]] = {
    "date_kind": DATES,
    "price_kind": PRICES,
    "reference_kind": REFERENCES,
    "second_price_kind": PRICES,
    "service_code": SERVICES,
}
_OPEN_WORDS = frozenset({"unit", "freight_payment", "transport_method", "service_level"})


def label(name: str) -> str:
    """Return the human label of a canonical field."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def singular(name: str) -> str:
    """Return what one entry of the list ``name`` is called."""
    return SINGULARS.get(name) or label(name.removeprefix("other_")).removesuffix("s")


def is_number(shape: FieldShape) -> bool:
    """Whether the field counts or measures, so that it stands on the right of a table."""
    return shape.scalar in (Decimal, int) and not shape.link


def has_words(shape: FieldShape) -> bool:
    """Whether the field holds a word of ours, such as ``each``."""
    return bool(shape.words) or shape.name in _OPEN_WORDS or shape.name.endswith("_unit")


def value_words(shape: FieldShape, value: Any, currency: str = "") -> str:
    """Return a scalar of a document's JSON for people; what is not of its field's type as it is."""
    text = str(value)
    try:
        if shape.scalar is datetime.date:
            return day(datetime.date.fromisoformat(text))
        if shape.scalar is datetime.time:
            return datetime.time.fromisoformat(text).isoformat(
                "minutes" if text.endswith(":00") else "seconds"
            )
        if shape.scalar is Decimal:
            return _number_words(shape, Decimal(text), currency)
    except (ValueError, InvalidOperation):
        return text
    if has_words(shape):
        return f"Code {text[1:]}" if text.startswith("?") else text.replace("_", " ").capitalize()
    return coded(_CODES[shape.name], text) if shape.name in _CODES else text


def _number_words(shape: FieldShape, number: Decimal, currency: str) -> str:
    if not number.is_finite():
        return str(number)
    if shape.unit == RATE:
        return f"{quantity(number * 100)} %"
    return money(number, currency) if shape.unit.startswith(MONEY) else quantity(number)


def coded(names: Mapping[str, str], code: str, kind: str = "") -> str:
    """Return the name of an X12 code with the code behind it, or ``kind`` and the code: ``Lot (LT)``, ``Reference 9V``."""
    return f"{names[code]} ({code})" if code in names else f"{kind} {code}".strip()
