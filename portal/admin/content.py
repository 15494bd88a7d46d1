"""The content of payloads on pages: opened through ``archive.store.open`` in the reader's name, or not at all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from archive import store
from archive.models import Document, Payload
from integration.x12.isa import Isa, parse_isa
from integration.x12.lines import display_lines

READ_CONTENT = "archive.view_payload"
MOST_LINES = 2000
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}(?=[^A-Za-z0-9])")


@dataclass(frozen=True)
class Opened:
    """What came of opening a payload: its bytes, or the sentence that says why there are none."""

    data: bytes | None
    problem: str = ""


@dataclass(frozen=True)
class RawLine:
    """One line of raw X12: its number, its segment's tag, what follows, and what a check found in it."""

    number: int
    tag: str
    rest: str
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RawText:
    """Raw bytes as lines; ``left_out`` counts those beyond ``MOST_LINES``."""

    lines: list[RawLine]
    left_out: int


def open_for(user: User, payload: Payload, purpose: str) -> Opened:
    """Return the bytes of ``payload`` for ``user``; the access row is written first, with the user's name."""
    if not user.has_perm(READ_CONTENT):
        return Opened(
            None,
            "You may see that this exists, and not what it says. Ask an administrator for the right to read content.",
        )
    try:
        return Opened(store.open(payload, actor=user.get_username(), purpose=purpose[:100]))
    except store.PayloadDamaged as damage:
        return Opened(None, f"{damage} Nothing was changed; restore it from a backup.")


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
        return HttpResponse(opened.problem, content_type="text/plain; charset=utf-8", status=410)
    return as_attachment(opened.data[part] if part else opened.data, name, content_type)


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


def document_text(data: bytes, document: Document, findings: Iterable[Mapping[str, Any]]) -> RawText:
    """Return the document's own segments, ST to SE, with the findings at the segments they are about."""
    own = data[own_slice(document)]
    isa = parse_isa(data)
    # The header teaches the separators; its own line is then taken off again.
    lines = display_lines(data[: isa.length] + own)[1:] if isinstance(isa, Isa) else display_lines(own)
    at: dict[int, list[str]] = defaultdict(list)
    for each in findings:
        at[int(each.get("segment_position") or 0)].append(str(each.get("sentence", "")))
    return _text(lines, at)


def whole_text(data: bytes) -> RawText:
    """Return everything as lines, whether it is X12 or not."""
    return _text(display_lines(data), {})


def _text(lines: list[str], findings: Mapping[int, list[str]]) -> RawText:
    shown = []
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        tag = _TAG.match(line)
        head = tag.group() if tag else ""
        shown.append(RawLine(number, head, line[len(head) :], findings.get(number, [])))
    return RawText(shown, max(0, len(lines) - MOST_LINES))
