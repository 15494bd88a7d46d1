"""Photos and forms of a return: what a file is, by what it holds and never by its name, and whether it is whole.

Only JPEG, PNG, WebP and PDF are taken. Each is walked as far as its own marks lead, so that a file that merely begins like
one, or breaks off, is told from a whole one; no picture is decoded for that. After the end of a JPEG and a PDF more may
follow: telephones put a film behind a photo. Sources: ITU-T T.81 annex B, the PNG specification (third edition) chapter 5,
RFC 9649, and ISO 32000-1 7.5.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

LARGEST: Final = 10_000_000
"""Bytes of one file."""
MOST_PIXELS: Final = 120_000_000
"""Width by height of a picture: no telephone takes a larger one."""
_NO_SIZE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers that stand alone: TEM and the restarts."""
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SCAN, _END = 0xDA, 0xD9
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_TAIL: Final = 2048


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file that is taken: how it is archived, what people call it, how its name ends, how it is given out."""

    name: str
    words: str
    ending: str
    content_type: str
    is_picture: bool = True


JPEG: Final = FileKind("JPEG", "photo (JPEG)", "jpg", "image/jpeg")
PNG: Final = FileKind("PNG", "picture (PNG)", "png", "image/png")
WEBP: Final = FileKind("WEBP", "picture (WebP)", "webp", "image/webp")
PDF: Final = FileKind("PDF", "form (PDF)", "pdf", "application/pdf", is_picture=False)
KINDS: Final = {each.name: each for each in (JPEG, PNG, WEBP, PDF)}

_TAKEN: Final = "JPEG, PNG, WebP and PDF are taken."
_OTHERS: Final = (
    (b"GIF8", 0, "It is a GIF"),
    (b"ftypheic", 4, "It is a HEIC photo, as iPhones take them: send it as JPEG"),
    (b"ftypmif1", 4, "It is a HEIC photo, as iPhones take them: send it as JPEG"),
    (b"ftypavif", 4, "It is an AVIF picture: save it as JPEG"),
    (b"ftyp", 4, "It is a film"),
    (b"II*\x00", 0, "It is a TIFF picture: save it as JPEG or PDF"),
    (b"MM\x00*", 0, "It is a TIFF picture: save it as JPEG or PDF"),
    (b"BM", 0, "It is a BMP picture: save it as PNG"),
    (b"PK\x03\x04", 0, "It is a ZIP file, or an office document, which is one: save it as PDF"),
    (b"\xd0\xcf\x11\xe0", 0, "It is an old office document: save it as PDF"),
    (b"<", 0, "It is a web page or a drawing in XML (SVG)"),
)
"""What people bring that is not taken: how it begins, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a file is, with the measures of a picture in pixels; or the sentences that say why it is not taken."""

    kind: FileKind | None
    problem: str = ""
    width: int = 0
    height: int = 0


def judge(data: bytes) -> Judged:
    """Return what ``data`` is. Never raises: whatever is no whole file of a kind that is taken has its ``problem``."""
    if not data:
        return Judged(None, "The file is empty.")
    if len(data) > LARGEST:
        return Judged(
            None,
            f"The file has {len(data):,} bytes, and no more than {LARGEST:,} are taken: make the picture smaller.",
        )
    if data.startswith(b"\xff\xd8\xff"):
        return _picture(JPEG, _jpeg(data))
    if data.startswith(_PNG):
        return _picture(PNG, _png(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _picture(WEBP, _webp(data))
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    for beginning, place, words in _OTHERS:
        if data[place:].startswith(beginning):
            return Judged(None, f"{words}. {_TAKEN}")
    return Judged(None, f"What the file holds is none of the kinds that are taken. {_TAKEN}")


def _picture(kind: FileKind, measured: tuple[int, int] | str) -> Judged:
    if isinstance(measured, str):
        return Judged(
            None,
            f"It begins as a {kind.words}, and {measured}. Choose the file, or take the photo, once more.",
        )
    width, height = measured
    if not width or not height:
        return Judged(None, f"It is a {kind.words} without a picture in it.")
    if width * height > MOST_PIXELS:
        return Judged(
            None,
            f"The picture is {width:,} by {height:,} pixels, and no more than {MOST_PIXELS // 1_000_000} million in all are"
            " taken: make it smaller.",
        )
    return Judged(kind, "", width, height)


def _pdf(data: bytes) -> Judged:
    tail = data[-_TAIL:]
    if b"startxref" not in tail or b"%%EOF" not in tail:
        return Judged(None, "It begins as a PDF, and breaks off before its end. Save it once more.")
    return Judged(PDF)


def _jpeg(data: bytes) -> tuple[int, int] | str:
    """Return width and height, or what is wrong; the file is walked from marker to marker up to its end."""
    place, measures = 2, None
    while True:
        while data[place : place + 1] == b"\xff" and data[place + 1 : place + 2] == b"\xff":
            place += 1  # a marker may be preceded by any number of fill bytes
        marker = data[place : place + 2]
        if len(marker) < 2:
            return "breaks off before its end"
        if marker[0] != 0xFF:
            return f"is damaged at byte {place:,}"
        code = marker[1]
        if code == _END:
            return measures if measures is not None else "holds no picture"
        place += 2
        if code in _NO_SIZE:
            continue
        size = int.from_bytes(data[place : place + 2], "big")
        if size < 2 or place + size > len(data):
            return "breaks off before its end" if size >= 2 else f"is damaged at byte {place:,}"
        if code in _FRAMES and measures is None:
            if size < 8:
                return f"is damaged at byte {place:,}"
            height, width = (int.from_bytes(data[place + at : place + at + 2], "big") for at in (3, 5))
            measures = (width, height)
        place += size
        if code == _SCAN:
            place = _after_scan(data, place)


def _after_scan(data: bytes, place: int) -> int:
    """Return where the next marker stands after the compressed data that begins at ``place``; the end where none does."""
    while (place := data.find(b"\xff", place)) >= 0:
        following = data[place + 1 : place + 2]
        # 0xFF00 is a byte of the data; restarts stand within it.
        if following and following[0] != 0x00 and following[0] not in _NO_SIZE and following[0] != 0xFF:
            return place
        place += 1
    return len(data)


def _png(data: bytes) -> tuple[int, int] | str:
    """Return width and height, or what is wrong; the check sum of every chunk is held against it."""
    place, measures, has_data = len(_PNG), None, False
    while place + 12 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        name = data[place + 4 : place + 8]
        end = place + 12 + size
        if end > len(data):
            return "breaks off before its end"
        if zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            return f"is damaged between bytes {place:,} and {end:,}"
        if measures is None:
            if name != b"IHDR" or size != 13:
                return "does not begin with its measures"
            measures = (
                int.from_bytes(data[place + 8 : place + 12], "big"),
                int.from_bytes(data[place + 12 : place + 16], "big"),
            )
        has_data = has_data or name == b"IDAT"
        if name == b"IEND":
            return measures if has_data else "holds no picture"
        place = end
    return "breaks off before its end"


def _webp(data: bytes) -> tuple[int, int] | str:
    """Return width and height, or what is wrong. The three ways to begin are lossy, lossless and extended."""
    size = int.from_bytes(data[4:8], "little")
    if size + 8 > len(data):
        return "breaks off before its end"
    kind, chunk = data[12:16], int.from_bytes(data[16:20], "little")
    body = data[20 : 20 + chunk]
    if len(body) < 10 or len(body) < chunk:
        return "breaks off before its end"
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return "is damaged at its beginning"
