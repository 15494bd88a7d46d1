"""Raw X12 for people's eyes: one segment a line, nothing hidden."""

from __future__ import annotations

import unicodedata

from integration.x12.isa import Isa, parse_isa
from integration.x12.splitting import split_interchanges

# Control characters, and those that are invisible or turn the direction of text: with them, a line could show
# what is not there.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def display_lines(data: bytes) -> list[str]:
    """The text of raw bytes, one segment with its terminator a line; characters that do not show are escaped
    (\\x1c).

    Newlines behind a terminator end the line and are not shown. Bytes that belong to no interchange, and
    files that are not X12, are shown line by line. UTF-8, else Latin-1. Nothing is left out, nothing raises.
    """
    lines: list[str] = []
    at = 0
    for piece in split_interchanges(data).pieces:
        lines.extend(_plain_lines(data[at : piece.offset]))
        isa = parse_isa(piece.data)
        lines.extend(_segment_lines(piece.data, isa) if isinstance(isa, Isa) else _plain_lines(piece.data))
        at = piece.offset + len(piece.data)
    lines.extend(_plain_lines(data[at:]))
    return lines


def _segment_lines(data: bytes, isa: Isa) -> list[str]:
    terminator = isa.separators.segment.encode("ascii")
    header, *rest = data[isa.length - 1 :].split(terminator)
    first = data[: isa.length - 1] + header
    parts = [first, *rest]
    raw = [part + terminator for part in parts[:-1]]
    if parts[-1]:
        raw.append(parts[-1])
    shown = (each.lstrip(b"\r\n") for each in raw)
    return [_shown_text(each.removesuffix(b"\n")) for each in shown if each]


def _plain_lines(data: bytes) -> list[str]:
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    return [_shown_text(line) for line in lines if line]


def _shown_text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return visible(text)


def visible(text: str) -> str:
    """``text`` with what does not show, or turns the direction of text, escaped (\\x1c)."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN_CATEGORIES:
        return character
    return character.encode("unicode_escape").decode("ascii")
