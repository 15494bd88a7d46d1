"""Acknowledgments and text messages for people, and the links between a document and what speaks of it."""

from __future__ import annotations

import pytest
from django.test import Client

from archive.models import Document
from integration.flows.match import match
from integration.work import Unclaimed
from integration.x12.syntax import segment
from portal.admin.readable import readable
from tests import factories
from tests.pages import Desk


@pytest.mark.parametrize(
    ("note", "pairs"),
    [
        ("000", ["000000042", "Accepted (A)", "2 Mar 2026 0941"]),
        ("014", ["000000042", "Accepted (A)", "the date (ISA09) is none (014)", "2 Mar 2026 0941"]),
        ("777", ["000000042", "Accepted (A)", "of a reason that we do not know (777)", "2 Mar 2026 0941"]),
    ],
)
def test_an_interchange_acknowledgment_in_words(note: str, pairs: list[str]) -> None:
    content = {"control_number": "000000042", "date": "260302", "time": "0941", "code": "A", "note": note}
    shown = readable("TA1", content)
    assert shown is not None
    assert [pair.words for pair in shown.pairs] == pairs


def test_an_implementation_acknowledgment_in_words() -> None:
    said = {"set_code": "850", "control_number": "0001", "code": "R", "findings": [], "reasons": ["I6"]}
    content = {
        "group_id": "PO",
        "group_control_number": "7",
        "group_code": "R",
        "version": "005010",
        "sets": [said],
    }
    shown = readable("999", content)
    assert shown is not None
    assert [pair.words for pair in shown.pairs] == ["PO 7", "Rejected (R)", "005010"]
    [row] = shown.tables[0].rows
    assert [cell.words for cell in row.cells] == ["Purchase order (850)", "0001", "Rejected (R)"]
    assert row.notes == ["Implementation guide not supported"]


def test_a_text_message_and_what_it_speaks_of_lead_to_each_other(db: None, viewer: Client) -> None:
    sent: Document = factories.sent()
    assert sent.agreement is not None
    body = [
        segment("BMG", "00", "Delay"),
        segment("N1", "FR", "Larch Supply"),
        segment("PER", "IC", "Iva Dorn", "TE", "5550100"),
        segment("MIT", sent.state.number, "Two days late"),
        segment("MSG", "The truck broke down."),
    ]
    message = factories.received(sent.agreement, "864", body)
    match(str(message.pk), Unclaimed())
    words = Desk(viewer).page(message)
    assert "From Larch Supply Iva Dorn Telephone 5550100" in words
    assert f"Two days late ({sent.state.number}) Text The truck broke down." in words
    assert "Documents that it speaks of" in words
    assert f"The partner speaks of it {message}" in Desk(viewer).page(sent)
