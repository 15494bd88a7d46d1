"""Certificates of disposal: what was destroyed, by which rule, on whose decision, and by what it is still proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from integration.printing.paper import Column, Paper, Sheet, bind, day

_DOCUMENTS: Final = (Column("Document", 62), Column("Number", 38))
_PEOPLE: Final = (Column("", 16), Column("Who", 20), Column("When", 26), Column("Why", 38))

Decided = tuple[str, datetime, str]
"""Who, when and why."""


@dataclass(frozen=True)
class Certificate:
    """One file of the archive that was destroyed; ``went`` says what of it, ``documents`` are name and number of each."""

    number: int
    what: str
    documents: tuple[tuple[str, str], ...]
    size: str
    stored_at: datetime
    destroyed_at: datetime
    went: str
    rule: str
    legal_reason: str
    kept_until: datetime
    disposal: str
    proposed: Decided
    approved: Decided
    address: str
    commitment: str
    list_digest: str


def certificate_pdf(certificates: Sequence[Certificate], paper: Paper) -> bytes:
    """Return ``certificates`` as one PDF, each on pages of its own. Raises ``ValueError`` where there are none."""
    return bind([_sheet(each, paper) for each in certificates], paper, "Certificates of disposal")


def _sheet(certificate: Certificate, paper: Paper) -> Sheet:
    sheet = Sheet(paper, f"Certificate of disposal {certificate.number}")
    sheet.heading(f"Certificate of disposal {certificate.number}", certificate.what)
    sheet.facts(
        [
            ("Destroyed", moment(certificate.destroyed_at)),
            ("First stored", moment(certificate.stored_at)),
            ("Size", certificate.size),
            ("Disposal", certificate.disposal),
        ]
    )
    sheet.note(certificate.went)
    if certificate.documents:
        sheet.section("What it held", "That these were exchanged stays on record; what they said is gone.")
        sheet.table(_DOCUMENTS, [(name, number or "None") for name, number in certificate.documents])
    sheet.section("Why it was not kept any longer")
    sheet.facts(
        [("Retention rule", certificate.rule), ("Its time was over", day(certificate.kept_until.date()))],
        columns=2,
    )
    sheet.note(certificate.legal_reason)
    sheet.section("Whose decision it was")
    sheet.table(
        _PEOPLE,
        [
            (words, who, moment(at), why)
            for words, (who, at, why) in (
                ("Proposed", certificate.proposed),
                ("Approved", certificate.approved),
            )
        ],
    )
    sheet.section("By what it is proved", "SHA-256, in hexadecimal digits.")
    sheet.facts(
        [
            ("Of the encrypted bytes", certificate.address),
            ("Commitment to the content", certificate.commitment),
            ("Of the list that was approved", certificate.list_digest),
        ],
        columns=1,
    )
    return sheet


def moment(at: datetime) -> str:
    """Return a time as people read it, in UTC: ``3 Mar 2026 14:02 UTC``."""
    known = at.astimezone(UTC)
    return f"{day(known.date())} {known:%H:%M} UTC"
