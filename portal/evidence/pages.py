"""What helps to read a pack: pages, tables, canonical JSON and a PDF. No seal binds them: the records beside them are proved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.template.loader import render_to_string

from archive.models import Document, document_name
from archive.packing import README, Head
from integration.flows.spreadsheets import csv_pieces
from integration.matching.evidence import KINDS as PICTURES_AND_FORMS
from integration.printing.paper import A4, Column, Sheet, bind
from portal.admin.content import MOST_LINES, own_lines
from portal.admin.documents_table import document_words
from portal.admin.readable import readable
from portal.evidence.gathering import Gathered
from portal.evidence.scopes import Scope, plain_name


def moment_words(moment: datetime) -> str:
    """Return a time in UTC: whoever reads a pack is in no time zone that we know."""
    return f"{moment.astimezone(UTC):%d %b %Y %H:%M:%S} UTC"


@dataclass(frozen=True)
class Page:
    """One document as the pack shows it: the names of its files, and its text (None: it could not be opened)."""

    document: Document
    words: str
    stem: str
    text: str | None
    raw: str
    why_not: str = ""


def pages_of(
    gathered: Gathered, contents: dict[int, tuple[bytes, bytes]], why_not: dict[int, str]
) -> list[Page]:
    """Return the documents with the names of their files, in the order in which they were recorded."""
    found = []
    for number, document in enumerate(gathered.documents, 1):
        payload, words = document.interchange.payload, document_words(document)
        opened = contents.get(payload.pk)
        found.append(
            Page(
                document=document,
                words=words,
                stem=f"{number:04}-{plain_name(words)}",
                text=None if opened is None else _own_text(document, opened[1]),
                raw=f"content/{payload.address}.bin",
                why_not=why_not.get(payload.pk, ""),
            )
        )
    return found


def members(
    scope: Scope,
    head: Head,
    gathered: Gathered,
    contents: dict[int, tuple[bytes, bytes]],
    why_not: dict[int, str],
    made: datetime,
) -> dict[str, bytes]:
    """Return the members of the pack that are for reading, by name."""
    pages = pages_of(gathered, contents, why_not)
    shown = {
        "scope": scope,
        "head": head,
        "pages": pages,
        "gathered": gathered,
        "why_not": why_not,
        "made": moment_words(made),
    }
    found = {
        README: render_to_string("portal/evidence/readme.txt", shown).encode(),
        "pages/index.html": render_to_string("portal/evidence/index.html", shown).encode(),
        "pages/record.pdf": _pdf(scope, head, made, gathered, pages),
        "tables/events.csv": _table(("Time", "What happened", "Who", "About"), _events(gathered)),
        "tables/decisions.csv": _table(("Time", "Who", "What", "Reason", "About"), _decisions(gathered)),
        "tables/reads.csv": _table(("Time", "Who", "For what", "Page of", "Content"), _reads(gathered)),
    }
    for payload in gathered.payloads:
        blind, data = contents.get(payload.pk, (b"", b""))
        if data and not blind:
            # From before payloads committed to their content: here to read, and no seal binds it.
            found[f"content/{payload.address}.bin"] = data
    for page in pages:
        found[f"pages/{page.stem}.html"] = render_to_string(
            "portal/evidence/document.html",
            shown | {"page": page, "readable": _readable(page.document)},
        ).encode()
        content = _canonical(page.document)
        if content is not None:
            found[f"data/{page.stem}.json"] = json.dumps(
                content, ensure_ascii=False, indent=1, sort_keys=True
            ).encode()
    return found


def _own_text(document: Document, data: bytes) -> str | None:
    """Return the document's own part of its interchange, a segment a line; None for what is no text."""
    if document.transaction_set in PICTURES_AND_FORMS:
        return None
    return "\n".join(own_lines(data, document)[:MOST_LINES])


def _canonical(document: Document) -> object:
    translation = getattr(document, "translation", None)
    return translation.content if translation is not None else None


def _readable(document: Document) -> object:
    content = _canonical(document)
    return readable(document.transaction_set, content) if isinstance(content, dict) else None


def _events(gathered: Gathered) -> Iterator[Sequence[str]]:
    for each in gathered.events:
        yield moment_words(each.recorded_at), each.sentence, each.actor or "Gridport", each.subject


def _decisions(gathered: Gathered) -> Iterator[Sequence[str]]:
    for each in gathered.decisions:
        yield moment_words(each.recorded_at), each.actor, each.verb, each.reason, each.subject


def _reads(gathered: Gathered) -> Iterator[Sequence[str]]:
    for each in gathered.reads:
        address = each.payload.address if each.payload is not None else ""
        yield moment_words(each.recorded_at), each.actor, each.purpose, each.subject, address


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    return "".join(csv_pieces(head, rows, mark="\ufeff")).encode()


def _pdf(scope: Scope, head: Head, made: datetime, gathered: Gathered, pages: Sequence[Page]) -> bytes:
    sheet = Sheet(A4, f"Evidence: {scope.name}")
    sheet.heading(
        scope.name, f"Made on {moment_words(made)} by {head.made_by}. README.txt says how to check it."
    )
    sheet.section("Documents")
    sheet.table(
        (Column("Recorded", 20), Column("Document", 42), Column("Direction", 14), Column("Partner", 24)),
        [
            (
                moment_words(each.document.recorded_at),
                each.words,
                each.document.get_direction_display(),
                str(each.document.partner or ""),
            )
            for each in pages
        ],
    )
    sheet.section("What happened")
    sheet.table(
        (Column("Time", 20), Column("What", 62), Column("Who", 18)), [row[:3] for row in _events(gathered)]
    )
    if gathered.decisions:
        sheet.section("What people decided")
        sheet.table(
            (Column("Time", 20), Column("Who", 16), Column("What", 24), Column("Reason", 40)),
            [row[:4] for row in _decisions(gathered)],
        )
    if gathered.reads:
        sheet.section("Who read it")
        sheet.table(
            (Column("Time", 20), Column("Who", 20), Column("For what", 60)),
            [row[:3] for row in _reads(gathered)],
        )
    return bind([sheet, *_texts(pages)], A4, f"Evidence: {scope.name}")


def _texts(pages: Sequence[Page]) -> Iterator[Sheet]:
    for page in pages:
        sheet = Sheet(A4, page.words)
        sheet.heading(page.words, document_name(page.document.transaction_set))
        for line in (
            page.text or page.why_not or "What it holds is no text: see the file beside this one."
        ).split("\n"):
            sheet.note(line)
        yield sheet
