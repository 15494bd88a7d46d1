"""The words of canonical documents: what a field is called, and how its value is said.

Both follow the field's shape (``integration.documents.shape_of``): dates, money, shares, words of a vocabulary. The few
tables here name X12 codes that stand in documents as they are, and fields whose own name is no good label.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from integration.documents import FieldShape
from integration.documents.parts import MONEY, RATE
from portal.admin.show import day, money, quantity

LABELS = {
    "agency": gettext_lazy("Agency (code)"),
    "agency_code": gettext_lazy("Agency's code"),
    "allowances_and_charges": gettext_lazy("Allowances and charges"),
    "answered_number": gettext_lazy("Answers"),
    "bill_to": gettext_lazy("Bill to"),
    "buyer_item": gettext_lazy("Buyer's item"),
    "carrier_scac": gettext_lazy("Carrier (SCAC)"),
    "credit_or_debit": gettext_lazy("Credit or debit"),
    "customer_order_number": gettext_lazy("Store order"),
    "date_kind": gettext_lazy("Kind of date"),
    "jurisdiction_kind": gettext_lazy("Kind of jurisdiction (code)"),
    "packaging": gettext_lazy("Packaging (code)"),
    "price_kind": gettext_lazy("Kind of price"),
    "rate_of_code": gettext_lazy("Rate of (code)"),
    "reason_text": gettext_lazy("Reason in words"),
    "reference_kind": gettext_lazy("Kind of reference"),
    "second_price_kind": gettext_lazy("Kind of second price"),
    "store_id_kind": gettext_lazy("Stores numbered by (code)"),
    "subjects": gettext_lazy("Documents spoken of"),
    "version_code": gettext_lazy("X12 version"),
    "discountable": gettext_lazy("Subject to discount"),
    "ean": "EAN",
    "element_reference": gettext_lazy("Element's number in the dictionary"),
    "email": gettext_lazy("E-mail"),
    "group_control_number": gettext_lazy("Group control number (GS06)"),
    "gtin14": "GTIN-14",
    "id": "ID",
    "id_kind": gettext_lazy("Kind of ID"),
    "line_number": gettext_lazy("Line"),
    "number": gettext_lazy("Number"),
    "original_invoice": gettext_lazy("Original invoice"),
    "other_ids": gettext_lazy("Other item number"),
    "pro_number": gettext_lazy("Carrier's freight bill"),
    "pro_numbers": gettext_lazy("Carrier's freight bills"),
    "purchase_order_date": gettext_lazy("Order date"),
    "purchase_order_number": gettext_lazy("Purchase order"),
    "references": gettext_lazy("Reference"),
    "release": gettext_lazy("Release number"),
    "return_number": gettext_lazy("Return authorization (RMA)"),
    "service_code": gettext_lazy("Service"),
    "set_code": gettext_lazy("Transaction set"),
    "set_control_number": gettext_lazy("Set control number (ST02)"),
    "ship_no_later": gettext_lazy("Ship no later than"),
    "sku": "SKU",
    "sscc": gettext_lazy("Carton label (SSCC)"),
    "transport_method": gettext_lazy("Way of transport"),
    "upc": "UPC",
    "vendor_item": gettext_lazy("Vendor's item"),
    "vendor_order_number": gettext_lazy("Vendor's order"),
}
SINGULARS = {
    "acknowledgments": gettext_lazy("Answer"),
    "adjustments": gettext_lazy("Adjustment"),
    "allowances_and_charges": gettext_lazy("Allowance or charge"),
    "carrier_package_ids": gettext_lazy("Parcel number"),
    "defects": gettext_lazy("Defect"),
    "errors": gettext_lazy("Error"),
    "other_dates": gettext_lazy("Date"),
    "other_ids": gettext_lazy("Other item number"),
    "other_marks": gettext_lazy("Label"),
    "other_references": gettext_lazy("Reference"),
    "parties": gettext_lazy("Party"),
    "other_parties": gettext_lazy("Party"),
    "pieces": gettext_lazy("Piece"),
    "pro_numbers": gettext_lazy("Freight bill"),
    "quantities": gettext_lazy("Quantity"),
    "receipts": gettext_lazy("Expected"),
    "references": gettext_lazy("Reference"),
    "remarks": gettext_lazy("Remark"),
    "schedules": gettext_lazy("Schedule"),
    "stores": gettext_lazy("Stores"),
    "subjects": gettext_lazy("Document"),
    "taxes": gettext_lazy("Tax"),
}
ROLES = {
    "BT": gettext_lazy("Bill to"),
    "BY": gettext_lazy("Buyer"),
    "CN": gettext_lazy("Consignee"),
    "II": gettext_lazy("Issuer of the invoice"),
    "MA": gettext_lazy("Final recipient"),
    "PE": gettext_lazy("Payee"),
    "PR": gettext_lazy("Payer"),
    "RI": gettext_lazy("Remit to"),
    "SE": gettext_lazy("Seller"),
    "SF": gettext_lazy("Ship from"),
    "SN": gettext_lazy("Store"),
    "SO": gettext_lazy("Sold to"),
    "ST": gettext_lazy("Ship to"),
    "SU": gettext_lazy("Supplier"),
    "VN": gettext_lazy("Vendor"),
    "WH": gettext_lazy("Warehouse"),
    "Z7": gettext_lazy("Mark for"),
}
DATES = {
    "002": gettext_lazy("Delivery requested"),
    "006": gettext_lazy("Sold"),
    "007": gettext_lazy("Effective"),
    "010": gettext_lazy("Ship requested"),
    "011": gettext_lazy("Shipped"),
    "017": gettext_lazy("Delivery expected"),
    "018": gettext_lazy("Available"),
    "035": gettext_lazy("Delivered"),
    "036": gettext_lazy("Expires"),
    "050": gettext_lazy("Received"),
    "067": gettext_lazy("Delivery scheduled"),
    "068": gettext_lazy("Ship scheduled"),
    "186": gettext_lazy("Invoice period from"),
    "187": gettext_lazy("Invoice period to"),
}
REFERENCES = {
    "BM": gettext_lazy("Bill of lading"),
    "CN": gettext_lazy("Carrier's freight bill"),
    "CO": gettext_lazy("Customer order"),
    "CR": gettext_lazy("Customer reference"),
    "IA": gettext_lazy("Vendor number"),
    "IV": gettext_lazy("Invoice"),
    "LT": gettext_lazy("Lot"),
    "PO": gettext_lazy("Purchase order"),
    "SE": gettext_lazy("Serial number"),
    "VN": gettext_lazy("Vendor's order"),
}
SERVICES = {
    "C000": gettext_lazy("Defective allowance"),
    "C310": gettext_lazy("Discount"),
    "D240": gettext_lazy("Freight"),
    "D500": gettext_lazy("Handling"),
    "F800": gettext_lazy("Promotional allowance"),
    "G470": gettext_lazy("Restocking"),
    "G821": gettext_lazy("Shipping"),
    "H850": gettext_lazy("Tax"),
    "I170": gettext_lazy("Trade discount"),
}
PRICES = {
    "CON": gettext_lazy("Contract"),
    "INV": gettext_lazy("Invoiced"),
    "MSR": gettext_lazy("Suggested retail"),
    "RTL": gettext_lazy("Retail"),
    "UCP": gettext_lazy("Unit cost"),
}
_CODES: Mapping[str, Mapping[str, str | Promise]] = {
    "date_kind": DATES,
    "price_kind": PRICES,
    "reference_kind": REFERENCES,
    "second_price_kind": PRICES,
    "service_code": SERVICES,
}
_OPEN_WORDS = frozenset({"unit", "freight_payment", "transport_method", "service_level"})


def label(name: str) -> str:
    """Return the human label of a canonical field."""
    return str(LABELS[name]) if name in LABELS else name.replace("_", " ").capitalize()


def singular(name: str) -> str:
    """Return what one entry of the list ``name`` is called."""
    return str(SINGULARS[name]) if name in SINGULARS else label(name.removeprefix("other_")).removesuffix("s")


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
        return (
            gettext("Code %(text)s") % {"text": text[1:]}
            if text.startswith("?")
            else text.replace("_", " ").capitalize()
        )
    return coded(_CODES[shape.name], text) if shape.name in _CODES else text


def _number_words(shape: FieldShape, number: Decimal, currency: str) -> str:
    if not number.is_finite():
        return str(number)
    if shape.unit == RATE:
        return f"{quantity(number * 100)} %"
    return money(number, currency) if shape.unit.startswith(MONEY) else quantity(number)


def coded(names: Mapping[str, Any], code: str, kind: str = "") -> str:
    """Return the name of an X12 code with the code behind it, or ``kind`` and the code: ``Lot (LT)``, ``Reference 9V``."""
    return f"{names[code]} ({code})" if code in names else f"{kind} {code}".strip()
