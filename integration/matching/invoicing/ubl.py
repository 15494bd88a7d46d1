"""A canonical invoice or credit memo as UBL 2.1 XML (OASIS), elements in the order of its schema.

Where prices are with tax, ``TaxIncludedIndicator`` says so, and the amounts of lines are with tax as well. UBL demands a
line: what is credited without one (shipping, a sum on the whole) stands as lines of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree as ET

from integration.documents import Invoice, InvoicedCharge, InvoiceLine, Party, Tax
from integration.matching.invoicing.amounts import added_taxes, decimals_of, line_amounts, rounded
from integration.matching.invoicing.sold import ZERO

_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_ROOTS = {
    "Invoice": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "CreditNote": "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
}
_UNITS = {"each": "EA", "piece": "H87", "pair": "PR", "set": "SET", "dozen": "DZN", "box": "BX", "case": "CS"}
"""UN/ECE recommendation 20 and 21, by our words; of any other unit C62, one."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

for _prefix, _name in {
    "cbc": _CBC,
    "cac": _CAC,
    "inv": _ROOTS["Invoice"],
    "cn": _ROOTS["CreditNote"],
}.items():
    ET.register_namespace(_prefix, _name)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line as UBL writes it."""

    id: str
    name: str
    quantity: Decimal
    unit: str
    amount: Decimal
    price: Decimal
    item: InvoiceLine | None = None


def write_ubl(invoice: Invoice) -> bytes:
    """Return ``invoice`` as the bytes of a UBL 2.1 Invoice, a credit memo as those of a CreditNote."""
    kind = "CreditNote" if invoice.type == "credit_memo" else "Invoice"
    root = ET.Element(f"{{{_ROOTS[kind]}}}{kind}")
    _head(root, invoice, kind)
    _parties(root, invoice)
    rows, charges = _rows(invoice)
    for each in charges:
        _charge(root, invoice, each)
    _taxes(root, invoice)
    _totals(root, invoice, rows, charges)
    for row in rows:
        _line(root, invoice, row, kind)
    ET.indent(root)
    content: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return content


def _head(root: ET.Element, invoice: Invoice, kind: str) -> None:
    _text(root, "UBLVersionID", "2.1")
    _text(root, "ID", invoice.invoice_number)
    _text(root, "IssueDate", invoice.invoice_date and invoice.invoice_date.isoformat())
    _text(root, f"{kind}TypeCode", "381" if kind == "CreditNote" else "380")
    for remark in invoice.remarks:
        _text(root, "Note", remark)
    _text(root, "DocumentCurrencyCode", invoice.currency)
    order = _part(root, "OrderReference")
    _text(order, "ID", invoice.purchase_order_number)
    _text(order, "SalesOrderID", invoice.customer_order_number)
    _text(order, "IssueDate", invoice.purchase_order_date and invoice.purchase_order_date.isoformat())
    if invoice.original_invoice:
        reference = _part(_part(root, "BillingReference"), "InvoiceDocumentReference")
        _text(reference, "ID", invoice.original_invoice)


def _parties(root: ET.Element, invoice: Invoice) -> None:
    _party(_part(root, "AccountingSupplierParty"), invoice.vendor or Party())
    _party(_part(root, "AccountingCustomerParty"), invoice.bill_to or invoice.buyer or Party())
    if invoice.ship_to or invoice.shipped_on:
        delivery = _part(root, "Delivery")
        _text(delivery, "ActualDeliveryDate", invoice.delivered_on and invoice.delivered_on.isoformat())
        _text(delivery, "TrackingID", invoice.tracking_number)
        if invoice.ship_to:
            _address(_part(_part(delivery, "DeliveryLocation"), "Address"), invoice.ship_to)


def _party(around: ET.Element, party: Party) -> None:
    inside = _part(around, "Party")
    if party.id:
        _text(_part(inside, "PartyIdentification"), "ID", party.id)
    if party.name:
        _text(_part(inside, "PartyName"), "Name", party.name)
    if party.city or party.address_lines:
        _address(_part(inside, "PostalAddress"), party)
    if party.contact and (party.contact.phone or party.contact.email):
        contact = _part(inside, "Contact")
        _text(contact, "Telephone", party.contact.phone)
        _text(contact, "ElectronicMail", party.contact.email)


def _address(address: ET.Element, party: Party) -> None:
    lines = [*party.address_lines, "", ""]
    _text(address, "StreetName", lines[0])
    _text(address, "AdditionalStreetName", " ".join(each for each in lines[1:] if each))
    _text(address, "CityName", party.city)
    _text(address, "PostalZone", party.postal_code)
    _text(address, "CountrySubentity", party.state)
    if party.country:
        _text(_part(address, "Country"), "IdentificationCode", party.country)


def _rows(invoice: Invoice) -> tuple[list[_Row], Sequence[InvoicedCharge]]:
    """Return the lines, and the charges beside them: all charges become lines where there is no other."""
    if invoice.lines:
        return [
            _Row(
                line.line_number or str(place),
                line.description or line.sku or "Item",
                line.quantity or ZERO,
                line.unit or "",
                amount,
                line.unit_price or ZERO,
                line,
            )
            for place, (line, amount) in enumerate(zip(invoice.lines, line_amounts(invoice), strict=True), 1)
        ], invoice.allowances_and_charges
    signed = [
        (each.description or "Amount", (each.amount or ZERO) * (-1 if each.type == "allowance" else 1))
        for each in invoice.allowances_and_charges
    ] or [("Tax", ZERO)]
    # A price is never below 0 in UBL; what is taken off is a number of pieces below 0.
    return [
        _Row(str(place), name, Decimal(-1 if amount < 0 else 1), "", amount, abs(amount))
        for place, (name, amount) in enumerate(signed, 1)
    ], ()


def _charge(root: ET.Element, invoice: Invoice, each: InvoicedCharge) -> None:
    element = _part(root, "AllowanceCharge")
    _text(element, "ChargeIndicator", "false" if each.type == "allowance" else "true")
    _text(element, "AllowanceChargeReason", each.description)
    _money(element, "Amount", each.amount or ZERO, invoice)


def _taxes(root: ET.Element, invoice: Invoice) -> None:
    if not invoice.taxes:
        return
    total = _part(root, "TaxTotal")
    _money(total, "TaxAmount", _tax(invoice.taxes), invoice)
    included = all(tax.relationship == "included" for tax in invoice.taxes)
    _text(total, "TaxIncludedIndicator", "true" if included else "false")
    for tax in invoice.taxes:
        part = _part(total, "TaxSubtotal")
        _money(part, "TaxAmount", tax.amount or ZERO, invoice)
        category = _part(part, "TaxCategory")
        _text(category, "Percent", tax.rate and _plain(tax.rate * 100))
        _text(_part(category, "TaxScheme"), "Name", "Tax")


def _totals(
    root: ET.Element, invoice: Invoice, rows: Sequence[_Row], charges: Iterable[InvoicedCharge]
) -> None:
    total = invoice.total or ZERO
    included = _tax(invoice.taxes) - added_taxes(invoice)
    element = _part(root, "LegalMonetaryTotal")
    _money(element, "LineExtensionAmount", sum((row.amount for row in rows), ZERO), invoice)
    _money(element, "TaxExclusiveAmount", total - added_taxes(invoice) - included, invoice)
    _money(element, "TaxInclusiveAmount", total, invoice)
    for name, kind in (("AllowanceTotalAmount", "allowance"), ("ChargeTotalAmount", "charge")):
        amount = sum((each.amount or ZERO for each in charges if each.type == kind), ZERO)
        if amount:
            _money(element, name, amount, invoice)
    _money(element, "PayableAmount", total, invoice)


def _line(root: ET.Element, invoice: Invoice, row: _Row, kind: str) -> None:
    line = _part(root, f"{kind}Line")
    _text(line, "ID", row.id)
    name = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
    _text(line, name, _plain(row.quantity), unitCode=_UNITS.get(row.unit, "C62"))
    _money(line, "LineExtensionAmount", row.amount, invoice)
    item = _part(line, "Item")
    _text(item, "Name", row.name)
    if row.item is not None and row.item.sku:
        _text(_part(item, "SellersItemIdentification"), "ID", row.item.sku)
    if row.item is not None and row.item.upc:
        _text(_part(item, "StandardItemIdentification"), "ID", row.item.upc, schemeID="0160")
    _text(_part(line, "Price"), "PriceAmount", _plain(row.price), currencyID=invoice.currency or "")


def _tax(taxes: Iterable[Tax]) -> Decimal:
    return sum((tax.amount or ZERO for tax in taxes), ZERO)


def _money(parent: ET.Element, name: str, amount: Decimal, invoice: Invoice) -> None:
    currency = invoice.currency or ""
    _text(parent, name, str(rounded(amount, decimals_of(currency))), currencyID=currency)


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _part(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{_CAC}}}{name}")


def _text(parent: ET.Element, name: str, value: object, **attributes: str) -> None:
    """Add an element, unless there is no value: UBL has no empty ones."""
    if value in (None, ""):
        return
    element = ET.SubElement(parent, f"{{{_CBC}}}{name}", attributes)
    element.text = _NO_XML.sub("\ufffd", str(value))
