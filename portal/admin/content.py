"""The content of payloads on pages: opened through ``archive.store.open`` in the reader's name, or not at all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext

from archive import store
from archive.models import Document, Payload
from archive.storages import StorageAway, StorageRefuses
from integration.flows.exports import allow_export
from integration.flows.rights import Refused
from integration.x12.described import DescribedSegment, describe
from integration.x12.envelope import parse_segments
from integration.x12.isa import Isa, parse_isa
from integration.x12.lines import display_lines, visible
from integration.x12.syntax import Segment

READ_CONTENT = "archive.view_payload"
MOST_LINES = 2000
MOST_EXPLAINED = 400
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}(?=[^A-Za-z0-9])")


@dataclass(frozen=True)
class Opened:
    """What came of opening a payload: its bytes, or the sentence that says why there are none, for now where ``is_away``."""

    data: bytes | None
    problem: str = ""
    is_away: bool = False


@dataclass(frozen=True)
class Piece:
    """One element of a line as it stands there: its number, its text, what a person is told of it, and whether it is at fault."""

    number: int
    text: str
    told: str
    is_faulty: bool


@dataclass(frozen=True)
class RawLine:
    """One line of raw X12: its number, its segment's tag, what follows, and what a check found in it.

    ``explained`` is the segment with the names of its elements, ``pieces`` its elements one by one; both are absent where
    the text is no X12, or stands beyond ``MOST_EXPLAINED``. ``position`` counts from ST, 0 outside the document.
    """

    number: int
    tag: str
    rest: str
    findings: list[str] = field(default_factory=list)
    position: int = 0
    explained: DescribedSegment | None = None
    pieces: list[Piece] = field(default_factory=list)
    partner: list[str] = field(default_factory=list)
    is_wanted: bool = False

    @property
    def is_open(self) -> bool:
        """Whether its explanation is shown without being asked for."""
        return bool(self.findings or self.partner or self.is_wanted)


@dataclass(frozen=True)
class RawText:
    """Raw bytes as lines; ``left_out`` counts those beyond ``MOST_LINES``."""

    lines: list[RawLine]
    left_out: int
    separator: str = ""
    terminator: str = ""


def open_for(user: User, payload: Payload, purpose: str) -> Opened:
    """Return the bytes of ``payload`` for ``user``; the access row is written first, with the user's name."""
    if not user.has_perm(READ_CONTENT):
        return Opened(
            None,
            gettext(
                "You may see that this exists, and not what it says. Ask an administrator for the right to read content."
            ),
        )
    try:
        return Opened(store.open(payload, actor=user.get_username(), purpose=purpose[:100]))
    except store.PayloadDestroyed as destroyed:
        return Opened(None, str(destroyed))
    except store.PayloadDamaged as damage:
        return Opened(
            None, gettext("%(damage)s Nothing was changed; restore it from a backup.") % {"damage": damage}
        )
    except (StorageAway, StorageRefuses) as trouble:
        return Opened(
            None,
            gettext("The bytes were moved out of the database to the archive's storage. %(trouble)s")
            % {"trouble": trouble},
            is_away=True,
        )


def download(
    user: User,
    payload: Payload,
    name: str,
    purpose: str,
    part: slice | None = None,
    content_type: str = "application/octet-stream",
) -> HttpResponse:
    """Return the exact bytes as an attachment that no browser shows."""
    if not user.has_perm(READ_CONTENT):
        raise PermissionDenied
    opened = open_for(user, payload, purpose)
    if opened.data is None:
        status = 503 if opened.is_away else 410
        return HttpResponse(opened.problem, content_type="text/plain; charset=utf-8", status=status)
    return as_attachment(opened.data[part] if part else opened.data, name, content_type)


def refusal_of_export(user: User, what: str, rows: int) -> HttpResponse | None:
    """Record that ``user`` takes a list out as a file; return the answer in words where that is too much, with 429."""
    try:
        allow_export(user, what, rows)
    except Refused as refusal:
        return HttpResponse(str(refusal), content_type="text/plain; charset=utf-8", status=429)
    return None


def as_attachment(data: bytes, name: str, content_type: str) -> HttpResponse:
    """Return ``data`` to be kept and not shown; the security middleware forbids to guess another type of content."""
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{safe_name(name)}"'
    response["Content-Security-Policy"] = "sandbox"
    response["Cache-Control"] = "no-store"
    return response


def safe_name(name: str) -> str:
    """Return a partner's file name as one that a header and a disk can carry."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip(".")[:120] or "document"


def own_slice(document: Document) -> slice:
    """Return where the document lies in its interchange's bytes."""
    return slice(document.offset, document.offset + document.length)


@dataclass(frozen=True)
class Marks:
    """What is said of segments: our own ``findings``, the ``partner``'s, and the one segment or line that is asked for."""

    findings: Iterable[Mapping[str, Any]] = ()
    partner: Iterable[Mapping[str, Any]] = ()
    segment: int = 0
    line: str = ""


def own_lines(data: bytes, document: Document) -> list[str]:
    """Return the document's own part of its interchange's bytes, a segment a line."""
    own, isa = data[own_slice(document)], parse_isa(data)
    if not isinstance(isa, Isa):
        return display_lines(own)
    # The header teaches the separators; its own line is then taken off again.
    return display_lines(data[: isa.length] + own)[1:]


def document_text(data: bytes, document: Document, marks: Marks) -> RawText:
    """Return the document's own segments, ST to SE, each explained, with the findings at the segments they are about."""
    lines, isa = own_lines(data, document), parse_isa(data)
    if not isinstance(isa, Isa):
        return _plain(lines, marks)
    own = data[own_slice(document)]
    segments = parse_segments(_decoded(own), isa.separators)
    return _explained(lines, segments, document.version, isa, marks)


def whole_text(data: bytes, document: Document | None = None, marks: Marks | None = None) -> RawText:
    """Return everything as lines, whether it is X12 or not; of ``document`` with its envelope, each explained."""
    lines, isa = display_lines(data), parse_isa(data)
    if document is None or not isinstance(isa, Isa):
        return _plain(lines, Marks())
    segments = [Segment("ISA", isa.elements), *parse_segments(_decoded(data[isa.length :]), isa.separators)]
    alone = document.interchange.documents.count() == 1
    return _explained(lines, segments, document.version, isa, marks if marks and alone else Marks())


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _plain(lines: list[str], marks: Marks) -> RawText:
    found = _by_position(marks.findings)
    shown = []
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        tag = _TAG.match(line)
        head = tag.group() if tag else ""
        shown.append(RawLine(number, head, line[len(head) :], [each for _, each in found.get(number, [])]))
    return RawText(shown, max(0, len(lines) - MOST_LINES))


def _explained(lines: list[str], segments: list[Segment], version: str, isa: Isa, marks: Marks) -> RawText:
    plain = _plain(lines, marks)
    if len(lines) != len(segments):
        return plain  # what stands between the sets is shown as it is
    ours, theirs = _by_position(marks.findings), _by_position(marks.partner)
    told = describe(segments, version, isa.separators)
    shown = []
    for line, each, described in zip(plain.lines, segments, told, strict=False):
        here, there = ours.get(described.position, []), theirs.get(described.position, [])
        faulty = {element for element, _ in (*here, *there)} if described.position else set()
        known = line.number <= MOST_EXPLAINED
        shown.append(
            RawLine(
                line.number,
                line.tag,
                line.rest,
                [words for _, words in here] if described.position else [],
                described.position,
                _visible(described) if known else None,
                _pieces(each, described, faulty, line) if known else [],
                [words for _, words in there] if described.position else [],
                bool(marks.segment and described.position == marks.segment)
                or bool(marks.line and each.tag == "PO1" and each[1] == marks.line),
            )
        )
    separators = isa.separators
    return RawText(shown, plain.left_out, visible(separators.element), visible(separators.segment))


def _visible(described: DescribedSegment) -> DescribedSegment:
    """The segment with what does not show, or turns the direction of text, escaped in its elements."""
    shown = tuple(replace(each, text=visible(each.text)) for each in described.elements)
    return replace(described, elements=shown)


def _pieces(each: Segment, described: DescribedSegment, faulty: set[int], line: RawLine) -> list[Piece]:
    told: dict[int, list[str]] = defaultdict(list)
    for element in described.elements:
        words = f"{element.place} {element.name}".strip()
        told[element.number].append(f"{words}: {element.meaning}" if element.meaning else words)
    return [
        Piece(
            number,
            visible(text),
            "; ".join(told[number]) or f"{each.tag}{number:02d}",
            number in faulty,
        )
        for number, text in enumerate(each.elements, start=1)
    ]


def _by_position(findings: Iterable[Mapping[str, Any]]) -> dict[int, list[tuple[int, str]]]:
    """Return the element (0: none) and the sentence of each finding, by the segment that it is about."""
    at: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for each in findings:
        words = str(each.get("sentence") or "")
        at[int(each.get("segment_position") or 0)].append((int(each.get("element") or 0), words))
    return at
