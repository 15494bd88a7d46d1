"""What helps to read a pack: pages, tables, canonical JSON and a PDF. No seal binds them: the records beside them are proved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.template.loader import render_to_string

from archive.models import Document, Payload, Translation, document_name
from archive.pack_members import Members
from archive.packing import README, Head, content_name
from integration.flows.spreadsheets import csv_pieces
from integration.matching.evidence import KINDS as PICTURES_AND_FORMS
from integration.printing.paper import A4, Column, Sheet, bind
from portal.admin.content import MOST_LINES, own_lines
from portal.admin.documents_table import document_words
from portal.admin.readable import readable
from portal.evidence.attachments import Attachment
from portal.evidence.gathering import Gathered
from portal.evidence.scopes import Scope, plain_name

PRINTED = 100
"""Documents whose texts one PDF holds: what makes them holds all that it prints in memory."""
MOST_ROWS = 2000
"""Rows of each table that are printed."""


def unbound_name(payload: Payload) -> str:
    """Return under which name a pack holds bytes to which nothing that is sealed commits."""
    return f"unbound/{payload.address}.bin"


def moment_words(moment: datetime) -> str:
    """Return a time in UTC: whoever reads a pack is in no time zone that we know."""
    return f"{moment.astimezone(UTC):%d %b %Y %H:%M:%S} UTC"


@dataclass(frozen=True)
class About:
    """What a pack is about, what was found about it, and when; ``why_not`` says of payloads why they could not be opened, and
    ``unbound`` are those to whose content no seal commits, by primary key."""

    scope: Scope
    head: Head
    gathered: Gathered
    why_not: dict[int, str]
    made: datetime
    unbound: frozenset[int] = frozenset()

    def raw(self, payload: Payload) -> str:
        """Return under which name the pack holds the bytes of ``payload``."""
        return unbound_name(payload) if payload.pk in self.unbound else content_name(payload)


@dataclass(frozen=True)
class Beside:
    """One file beside the documents as the pack shows it, as ``Page``."""

    file: Attachment
    raw: str
    why_not: str = ""


@dataclass(frozen=True)
class Page:
    """One document as the pack shows it: the names of its files, and its text (None: it is none, or could not be opened)."""

    document: Document
    words: str
    stem: str
    raw: str
    why_not: str = ""
    text: str | None = None


def pages_of(about: About) -> list[Page]:
    """Return the documents with the names of their files, in the order in which they were recorded; without their texts."""
    found = []
    for number, document in enumerate(about.gathered.documents, 1):
        payload, words = document.interchange.payload, document_words(document)
        found.append(
            Page(
                document=document,
                words=words,
                stem=f"{number:04}-{plain_name(words)}",
                raw=about.raw(payload),
                why_not=about.why_not.get(payload.pk, ""),
            )
        )
    return found


def files_of(about: About) -> list[Beside]:
    """Return the files beside the documents, with the names under which the pack holds their bytes."""
    payloads = {each.pk: each for each in about.gathered.payloads}
    return [
        Beside(each, about.raw(payloads[each.payload]), about.why_not.get(each.payload, ""))
        for each in about.scope.attachments
    ]


def write_pages(members: Members, about: About) -> None:
    """Add what is for reading to ``members``, which hold the contents."""
    pages, files, gathered = pages_of(about), files_of(about), about.gathered
    shown = {
        "scope": about.scope,
        "head": about.head,
        "pages": pages,
        "files": files,
        "unbound": len(about.unbound),
        "gathered": gathered,
        "why_not": about.why_not,
        "made": moment_words(about.made),
        "is_split": len(pages) > PRINTED,
    }
    members.add(README, render_to_string("portal/evidence/readme.txt", shown).encode())
    members.add("pages/index.html", render_to_string("portal/evidence/index.html", shown).encode())
    tables = {
        "events": (("Time", "What happened", "Who", "About"), _events(gathered)),
        "decisions": (("Time", "Who", "What", "Reason", "About"), _decisions(gathered)),
        "reads": (("Time", "Who", "For what", "Page of", "Content", "Showed, of these"), _reads(gathered)),
        "files": (("Time", "File", "What it is", "Content"), _files(files)),
    }
    for name, (heads, rows) in tables.items():
        members.add(
            f"tables/{name}.csv", *(piece.encode() for piece in csv_pieces(heads, rows, mark="\ufeff"))
        )
    for part in range(0, max(1, len(pages)), PRINTED):
        texts = list(_with_texts(members, pages[part : part + PRINTED]))
        _write_documents(members, texts, shown)
        number = part // PRINTED + 1
        sheets = [_overview(about, pages, files)] if number == 1 else []
        name = "record" if number == 1 else f"record-{number}"
        title = f"Evidence: {about.scope.name}"
        members.add(f"pages/{name}.pdf", bind([*sheets, *_texts(texts)], A4, title))


def _with_texts(members: Members, pages: Sequence[Page]) -> Iterator[Page]:
    name, data = "", b""
    for page in pages:
        if page.raw in members and page.raw != name:  # documents of one file follow one another
            name, data = page.raw, members.read(page.raw)
        yield replace(page, text=_own_text(page.document, data)) if page.raw == name else page


def _write_documents(members: Members, pages: Sequence[Page], shown: dict[str, Any]) -> None:
    translated = dict(
        Translation.objects.filter(document__in=[page.document for page in pages]).values_list(
            "document", "content"
        )
    )
    for page in pages:
        content = translated.get(page.document.pk)
        is_readable = isinstance(content, dict)
        more = {
            "page": page,
            "readable": readable(page.document.transaction_set, content) if is_readable else None,
        }
        words = render_to_string("portal/evidence/document.html", shown | more)
        members.add(f"pages/{page.stem}.html", words.encode())
        if content is not None:
            data = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
            members.add(f"data/{page.stem}.json", data.encode())


def _own_text(document: Document, data: bytes) -> str | None:
    """Return the document's own part of its interchange, a segment a line; None for what is no text."""
    if document.transaction_set in PICTURES_AND_FORMS:
        return None
    return "\n".join(own_lines(data, document)[:MOST_LINES])


def _events(gathered: Gathered) -> Iterator[Sequence[str]]:
    for each in gathered.events:
        yield moment_words(each.recorded_at), each.sentence, each.actor or "Gridport", each.subject


def _decisions(gathered: Gathered) -> Iterator[Sequence[str]]:
    for each in gathered.decisions:
        yield moment_words(each.recorded_at), each.actor, each.verb, each.reason, each.subject


def _reads(gathered: Gathered) -> Iterator[Sequence[str]]:
    for each in gathered.reads:
        address = each.payload.address if each.payload is not None else ""
        showed = " ".join(name for name in each.hits if name in gathered.names)
        yield moment_words(each.recorded_at), each.actor, each.purpose, each.subject, address, showed


def _files(files: Sequence[Beside]) -> Iterator[Sequence[str]]:
    for each in files:
        yield moment_words(each.file.at), each.file.name, each.file.words, each.why_not or each.raw


def _overview(about: About, pages: Sequence[Page], files: Sequence[Beside]) -> Sheet:
    scope, head, gathered = about.scope, about.head, about.gathered
    sheet = Sheet(A4, f"Evidence: {scope.name}")
    sheet.heading(
        scope.name, f"Made on {moment_words(about.made)} by {head.made_by}. README.txt says how to check it."
    )
    sheet.section("Documents")
    listed = [
        (
            moment_words(each.document.recorded_at),
            each.words,
            each.document.get_direction_display(),
            str(each.document.partner or ""),
        )
        for each in pages[:MOST_ROWS]
    ]
    heads = (Column("Recorded", 20), Column("Document", 42), Column("Direction", 14), Column("Partner", 24))
    _print(sheet, heads, listed, len(pages), "pages/index.html")
    if files:
        sheet.section("Files beside them")
        columns: Sequence[Column] = (Column("Recorded", 20), Column("File", 30), Column("What it is", 50))
        beside = [row[:3] for row in islice(_files(files), MOST_ROWS)]
        _print(sheet, columns, beside, len(files), "tables/files.csv")
    sheet.section("What happened")
    columns = (Column("Time", 20), Column("What", 62), Column("Who", 18))
    happened = [row[:3] for row in islice(_events(gathered), MOST_ROWS)]
    _print(sheet, columns, happened, len(gathered.events), "tables/events.csv")
    if gathered.decisions:
        sheet.section("What people decided")
        columns = (Column("Time", 20), Column("Who", 16), Column("What", 24), Column("Reason", 40))
        decided = [row[:4] for row in islice(_decisions(gathered), MOST_ROWS)]
        _print(sheet, columns, decided, len(gathered.decisions), "tables/decisions.csv")
    if gathered.reads:
        sheet.section("Who read it")
        columns = (Column("Time", 20), Column("Who", 20), Column("For what", 60))
        read = [row[:3] for row in islice(_reads(gathered), MOST_ROWS)]
        _print(sheet, columns, read, len(gathered.reads), "tables/reads.csv")
    return sheet


def _print(
    sheet: Sheet, columns: Sequence[Column], rows: Sequence[Sequence[str]], of: int, whole: str
) -> None:
    sheet.table(columns, rows)
    if of > len(rows):
        sheet.note(f"The first {len(rows):,} of {of:,}: {whole} holds all of them.")


def _texts(pages: Sequence[Page]) -> Iterator[Sheet]:
    for page in pages:
        sheet = Sheet(A4, page.words)
        sheet.heading(page.words, document_name(page.document.transaction_set))
        for line in (
            page.text or page.why_not or "What it holds is no text: see the file beside this one."
        ).split("\n"):
            sheet.note(line)
        yield sheet
