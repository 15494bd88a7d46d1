"""Small copies of photos, to be printed and shown: turned as they were taken, and without what a telephone writes into them."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageOps

EDGE: Final = 640
"""Pixels of the longer edge."""
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS: Final = 40_000_000
"""Of a picture that has to be unpacked whole: PNG and WebP. A JPEG is read at a fraction of its size."""


def thumbnail(data: bytes, edge: int = EDGE) -> bytes:
    """Return a JPEG of the picture in ``data``, its longer edge ``edge`` pixels at most; empty where none can be made."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return _small(data, edge)
    # A damaged picture: what the library raises then is any of these.
    except (OSError, ValueError, SyntaxError, IndexError, MemoryError, Image.DecompressionBombError):
        return b""


def _small(data: bytes, edge: int) -> bytes:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        if opened.format != "JPEG" and opened.width * opened.height > _MOST_PIXELS:
            return b""
        opened.draft("RGB", (2 * edge, 2 * edge))
        turned = ImageOps.exif_transpose(opened)
        turned.thumbnail((edge, edge))
        if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
            layer = turned.convert("RGBA")
            turned = Image.new("RGB", layer.size, "white")
            turned.paste(layer, mask=layer.getchannel("A"))
        target = io.BytesIO()
        turned.convert("RGB").save(target, "JPEG", quality=80)
        return target.getvalue()
