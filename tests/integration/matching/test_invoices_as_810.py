"""Invoices as 810: by the shipped guides, read back as they were meant, and taken by an engine that is not ours."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from edi_parser import api  # type: ignore[import-untyped]

from integration.documents import Invoice
from integration.simulators.network.finance import _from_x12
from integration.x12.envelope import read_interchange
from integration.x12.validate import check_group
from partners.mapping.compiler import load_shipped_guide
from partners.mapping.writer import write
from tests.integration.matching.test_invoice_files import made
from tests.partners.mapping.mapped_documents import interchange

WRITABLE = [document for document in made() if document.currency != "BHD"]


def data_of(document: Invoice, version: str) -> bytes:
    guide = load_shipped_guide("810", version)
    written = write(document, guide)
    assert written.report == ()
    return interchange(guide, written.segments)


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_every_invoice_worked_by_hand_is_taken_by_the_outside_judge_and_adds_up_there(version: str) -> None:
    assert len(WRITABLE) == 26
    for document in WRITABLE:
        data = data_of(document, version)
        found: dict[str, Any] = api.validate_edi(data.decode(), "x12", "x12")
        assert (found["valid"], found["error_count"]) == (True, 0)
        [group] = read_interchange(data).groups
        assert [each.findings for each in check_group(group)] == [[]]
        [booked] = _from_x12(data)
        row = booked.row()
        assert row["adds_up"], row
        assert (booked.total, booked.number) == (document.total, document.invoice_number)


def test_dinars_have_more_decimals_than_an_810_can_carry_and_that_is_said() -> None:
    dinars = next(document for document in made() if document.currency == "BHD")
    report = write(dinars, load_shipped_guide("810", "004010")).report
    assert any("TDS" in entry.address for entry in report)
    whole = replace(dinars, total=Decimal("4.07"))
    assert write(whole, load_shipped_guide("810", "004010")).report == ()
