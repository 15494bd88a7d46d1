"""Certificates of disposal on paper: what they say, and that hostile or long words break nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from integration.printing.certificates import Certificate, certificate_pdf
from integration.printing.paper import A4, LETTER, Paper

MARCH = datetime(2026, 3, 3, 14, 2, tzinfo=UTC)
CERTIFICATE = Certificate(
    number=41,
    what="Purchase order (850) PO-7781",
    documents=(("Purchase order (850)", "PO-7781"), ("Functional acknowledgment (997)", "")),
    size="1,204 bytes",
    stored_at=datetime(2019, 12, 30, 8, 0, tzinfo=UTC),
    destroyed_at=MARCH,
    went="Its key and its bytes.",
    rule="Trade letters, revision 2",
    legal_reason="Commercial code, section 257",
    kept_until=datetime(2026, 1, 1, tzinfo=UTC),
    disposal="Disposal 7",
    proposed=("kara", datetime(2026, 2, 27, 9, 5, tzinfo=UTC), "Once a year."),
    approved=("kofi", datetime(2026, 3, 2, 16, 30, tzinfo=UTC), "Looked through."),
    address="a1" * 32,
    commitment="b2" * 32,
    list_digest="c3" * 32,
)


def words(*certificates: Certificate, paper: Paper = A4) -> list[str]:
    reader = PdfReader(BytesIO(certificate_pdf(certificates, paper)))
    return [
        line.strip() for page in reader.pages for line in page.extract_text().splitlines() if line.strip()
    ]


def test_it_says_what_by_which_rule_on_whose_decision_and_how_it_is_proved() -> None:
    said = words(CERTIFICATE)
    for expected in (
        "Certificate of disposal 41", "Purchase order (850) PO-7781", "3 Mar 2026 14:02 UTC", "30 Dec 2019 08:00 UTC",
        "Trade letters, revision 2", "1 Jan 2026", "Commercial code, section 257", "kara", "27 Feb 2026 09:05 UTC", "kofi",
        "2 Mar 2026 16:30 UTC", "Looked through.", "a1" * 32, "b2" * 32, "c3" * 32, "Its key and its bytes.",
    ):  # fmt: skip
        assert expected in said, expected


def test_the_same_certificate_is_the_same_file() -> None:
    assert certificate_pdf([CERTIFICATE], LETTER) == certificate_pdf([CERTIFICATE], LETTER)


def test_several_stand_on_pages_of_their_own() -> None:
    reader = PdfReader(BytesIO(certificate_pdf([CERTIFICATE, replace(CERTIFICATE, number=42)], A4)))
    assert len(reader.pages) == 2
    with pytest.raises(ValueError, match="Nothing to print"):
        certificate_pdf([], A4)


def test_markup_and_long_reasons_are_text() -> None:
    hostile = replace(
        CERTIFICATE,
        legal_reason="<b>&amp; " + "so " * 400,
        documents=(("<para>Invoice (810)</para>", "x" * 400),) * 90,
    )
    said = " ".join(words(hostile))
    assert "<b>&amp; so" in said
    assert said.count("<para>Invoice (810)</para>") == 90
