"""The README's five pictures, cut from the screenshots of all pages. Run by ``make screenshots``."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

CHOSEN = ("dashboard-light", "find-light", "order-dark", "case-light", "document-raw-light")
WINDOW = (1440, 900)
COLOURS = 128
TARGET = Path(__file__).resolve().parents[2] / "portal" / "pictures"


def cut(source: Path) -> None:
    """Write the upper part of each chosen page, as a window shows it, in few colours."""
    TARGET.mkdir(exist_ok=True)
    for name in CHOSEN:
        with Image.open(source / f"{name}.png") as page:
            seen = page.convert("RGB").crop((0, 0, *WINDOW))
        seen.quantize(COLOURS, dither=Image.Dither.NONE).save(TARGET / f"{name}.png", optimize=True)


if __name__ == "__main__":
    cut(Path(sys.argv[1]))
