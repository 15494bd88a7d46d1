"""Which files a return takes: told by what they hold, walked to their end, and refused in words."""

from __future__ import annotations

import random
import struct

import pytest

from integration.matching.evidence import JPEG, LARGEST, PDF, PNG, WEBP, FileKind, Judged, judge
from tests.pictures import form, photo

AGAIN = "Choose the file, or take the photo, once more."
TAKEN = "JPEG, PNG, WebP and PDF are taken."


@pytest.mark.parametrize(
    ("data", "kind"),
    [(photo("JPEG"), JPEG), (photo("PNG"), PNG), (photo("WEBP"), WEBP)],
    ids=["jpeg", "png", "webp"],
)
def test_a_picture_is_known_with_its_measures(data: bytes, kind: FileKind) -> None:
    assert judge(data) == Judged(kind, "", 64, 48)


def test_every_way_to_begin_a_webp_gives_its_measures() -> None:
    lossless = b"\x2f" + ((301 - 1) | (201 - 1) << 14).to_bytes(4, "little") + bytes(8)
    extended = bytes(4) + (4000 - 1).to_bytes(3, "little") + (3000 - 1).to_bytes(3, "little")
    found = []
    for name, body in ((b"VP8L", lossless), (b"VP8X", extended)):
        chunk = b"WEBP" + name + len(body).to_bytes(4, "little") + body
        found.append(judge(b"RIFF" + len(chunk).to_bytes(4, "little") + chunk))
    assert found == [Judged(WEBP, "", 301, 201), Judged(WEBP, "", 4000, 3000)]


def test_a_form_is_a_pdf() -> None:
    assert judge(form()) == Judged(PDF)


def test_a_film_behind_a_photo_is_let_be() -> None:
    assert judge(photo("JPEG") + b"\x00\x00\x00\x18ftypmp42" + bytes(500)) == Judged(JPEG, "", 64, 48)


def test_a_jpeg_with_restarts_and_fill_bytes_is_walked_to_its_end() -> None:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 20, 30, 1) + bytes(3)
    scan = b"\xff\xff\xda" + struct.pack(">H", 8) + bytes(6) + b"\x01\xff\x00\x02\xff\xd0\x03"
    assert judge(b"\xff\xd8\xff\xe0\x00\x04ab" + frame + scan + b"\xff\xd9") == Judged(JPEG, "", 30, 20)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (bytes(LARGEST + 1), "The file has 10,000,001 bytes, and no more than 10,000,000 are taken: make the picture smaller."),
        (b"GIF89a" + bytes(20), f"It is a GIF. {TAKEN}"),
        (b"\x00\x00\x00\x18ftypheic", f"It is a HEIC photo, as iPhones take them: send it as JPEG. {TAKEN}"),
        (b"PK\x03\x04" + bytes(30), f"It is a ZIP file, or an office document, which is one: save it as PDF. {TAKEN}"),
        (b"<svg onload='alert(1)'/>", f"It is a web page or a drawing in XML (SVG). {TAKEN}"),
        (b"MZ\x90\x00", f"What the file holds is none of the kinds that are taken. {TAKEN}"),
        (b"photo.jpg", f"What the file holds is none of the kinds that are taken. {TAKEN}"),
        (b"%PDF-1.7\n1 0 obj", "It begins as a PDF, and breaks off before its end. Save it once more."),
        (photo("JPEG")[:-2], f"It begins as a photo (JPEG), and breaks off before its end. {AGAIN}"),
        (photo("PNG")[:-12], f"It begins as a picture (PNG), and breaks off before its end. {AGAIN}"),
        (photo("WEBP")[:-3], f"It begins as a picture (WebP), and breaks off before its end. {AGAIN}"),
        (b"\xff\xd8\xff\xd9", f"It begins as a photo (JPEG), and holds no picture. {AGAIN}"),
        (b"\xff\xd8\xffHello, world", f"It begins as a photo (JPEG), and breaks off before its end. {AGAIN}"),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_told_in_words(data: bytes, words: str) -> None:
    assert judge(data) == Judged(None, words)


def test_a_png_with_one_byte_changed_is_damaged() -> None:
    data = bytearray(photo("PNG"))
    data[45] ^= 1
    told = judge(bytes(data))
    assert (told.kind, told.problem) == (
        None,
        f"It begins as a picture (PNG), and is damaged between bytes 33 and {len(data) - 12}. {AGAIN}",
    )


def test_a_picture_larger_than_any_telephone_takes_is_refused_without_looking_into_it() -> None:
    body = bytes(4) + (16_000 - 1).to_bytes(3, "little") + (9_000 - 1).to_bytes(3, "little")
    chunk = b"WEBPVP8X" + len(body).to_bytes(4, "little") + body
    told = judge(b"RIFF" + len(chunk).to_bytes(4, "little") + chunk)
    assert told.problem == (
        "The picture is 16,000 by 9,000 pixels, and no more than 120 million in all are taken: make it smaller."
    )


def test_nothing_raises_on_what_is_cut_or_changed_anywhere() -> None:
    chance = random.Random(7)
    refused = 0
    for data in (photo("JPEG"), photo("PNG"), photo("WEBP"), form()):
        for _ in range(150):
            spoiled = bytearray(data[: chance.randrange(1, len(data))])
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
            refused += judge(bytes(spoiled)).kind is None
    # A PDF is whole while its end is there, and a cut end is never.
    assert refused == 600
