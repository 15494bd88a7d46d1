"""Photos and forms for tests: made here, byte by byte or by the printing's own library."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image

from integration.printing.paper import LETTER, Sheet, bind

COLOURS = {"red": (190, 40, 40), "blue": (30, 60, 170), "green": (40, 140, 60)}


@cache
def photo(file_format: str = "JPEG", width: int = 64, height: int = 48, colour: str = "red") -> bytes:
    """Return a picture of one colour with a lighter corner, so that it can be told from others."""
    picture = Image.new("RGB", (width, height), COLOURS[colour])
    picture.paste((240, 240, 230), (0, 0, width // 2, height // 2))
    target = io.BytesIO()
    picture.save(target, file_format)
    return target.getvalue()


@cache
def form(words: str = "Inspection form") -> bytes:
    """Return a PDF of one page."""
    sheet = Sheet(LETTER, words)
    sheet.heading(words)
    return bind([sheet], LETTER, words)
