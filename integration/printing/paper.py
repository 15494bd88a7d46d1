"""Paper, and what stands on it: headings, facts, addresses, and tables that repeat their head row on every page.

A ``Sheet`` is one document, of as many pages as it takes; ``bind`` puts several into one PDF, each on pages of its own
that are counted by themselves. The font is our own copy of DejaVu Sans, so that Latin, Cyrillic and Greek look the
same everywhere; only the characters that are used go into the file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4 as A4_SIZE
from reportlab.lib.pagesizes import LETTER as LETTER_SIZE
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    Image,
    LongTable,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

_FONTS: Final = Path(__file__).parent / "fonts"
_PLAIN, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_MARGIN: Final = 16 * mm
_FOOT: Final = 9 * mm
_QUIET, _LINE, _SHADE = HexColor("#555555"), HexColor("#b5b5b5"), HexColor("#eeeeee")
_LEFT_OUT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories that show nothing, or turn what follows around."""
LONGEST: Final = 300
"""Characters of one cell: longer text ends in an ellipsis, so that a row always fits on a page."""


@dataclass(frozen=True)
class Paper:
    """A size of paper; ``size`` is width and height in points."""

    name: str
    words: str
    size: tuple[float, float]


LETTER: Final = Paper("letter", "Letter", LETTER_SIZE)
A4: Final = Paper("a4", "A4", A4_SIZE)
PAPERS: Final = {each.name: each for each in (LETTER, A4)}


@dataclass(frozen=True)
class Column:
    """A column of a table: what its head says, and its share of the width."""

    title: str
    share: float
    is_number: bool = False


class Sheet:
    """One document on ``paper``, written from top to bottom; ``foot`` stands below each of its pages."""

    def __init__(self, paper: Paper, foot: str) -> None:
        self.foot = printable(foot)
        self.width = paper.size[0] - 2 * _MARGIN
        self.story: list[Flowable] = []

    def heading(self, title: str, under: str = "") -> None:
        """Write what the document is, and whose."""
        self.story.append(_paragraph(title, _TITLE))
        if under:
            self.story.append(_paragraph(under, _UNDER))
        self.story.append(Spacer(0, 4 * mm))

    def blocks(self, blocks: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Write titled lines beside each other, such as addresses; those without lines are left out."""
        shown = [(title, lines) for title, lines in blocks if lines]
        if not shown:
            return
        cells = [
            [_paragraph(title, _NAME), *(_paragraph(each, _TEXT) for each in lines[:12])]
            for title, lines in shown
        ]
        self._side_by_side([cells], len(shown))

    def facts(self, facts: Sequence[tuple[str, str]], columns: int = 4) -> None:
        """Write names with their values, ``columns`` beside each other; those without a value are left out."""
        shown = [[_paragraph(name, _NAME), _paragraph(value, _TEXT)] for name, value in facts if value]
        if not shown:
            return
        rows: list[list[Any]] = [shown[place : place + columns] for place in range(0, len(shown), columns)]
        rows[-1] += [""] * (columns - len(rows[-1]))
        self._side_by_side(rows, columns)

    def _side_by_side(self, rows: list[list[Any]], columns: int) -> None:
        table = Table(rows, colWidths=[self.width / columns] * columns, hAlign="LEFT", splitInRow=1)
        table.setStyle(
            [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 0)]
        )  # fmt: skip
        self.story += [table, Spacer(0, 2 * mm)]

    def section(self, title: str, under: str = "") -> None:
        """Write the title of what follows."""
        self.story += [CondPageBreak(30 * mm), _paragraph(title, _SECTION)]
        if under:
            self.story.append(_paragraph(under, _UNDER))
        self.story.append(Spacer(0, 1.5 * mm))

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Write a table; where it goes over pages, its head stands on each of them."""
        heads = [_paragraph(each.title, _HEAD_RIGHT if each.is_number else _HEAD) for each in columns]
        styles = [_RIGHT if each.is_number else _TEXT for each in columns]
        body = [[_paragraph(text, style) for text, style in zip(row, styles, strict=True)] for row in rows]
        shares = sum(each.share for each in columns)
        widths = [self.width * each.share / shares for each in columns]
        table = LongTable([heads, *body], colWidths=widths, repeatRows=1, hAlign="LEFT", splitInRow=1)
        table.setStyle(_TABLE)
        self.story += [table, Spacer(0, 4 * mm)]

    def totals(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write sums under a table at the right, the last one in bold."""
        cells = [[_paragraph(name, _TEXT), _paragraph(value, _RIGHT)] for name, value in rows[:-1]] + [
            [_paragraph(name, _HEAD), _paragraph(value, _HEAD_RIGHT)] for name, value in rows[-1:]
        ]
        table = Table(cells, colWidths=[self.width * 0.32, self.width * 0.22], hAlign="RIGHT", splitInRow=1)
        table.setStyle([("LINEABOVE", (0, -1), (-1, -1), 0.8, _LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")])
        self.story += [table, Spacer(0, 4 * mm)]

    def pictures(self, pictures: Sequence[tuple[bytes, str]], columns: int = 3) -> None:
        """Show JPEG pictures beside each other, each with words beneath; one that cannot be read is left out."""
        cells = [cell for data, words in pictures if (cell := _picture(data, words, self.width / columns))]
        rows: list[list[Any]] = [cells[place : place + columns] for place in range(0, len(cells), columns)]
        if rows:
            rows[-1] += [""] * (columns - len(rows[-1]))
            self._side_by_side(rows, columns)

    def note(self, text: str) -> None:
        """Write a paragraph."""
        self.story += [_paragraph(text, _TEXT), Spacer(0, 2 * mm)]


def bind(sheets: Sequence[Sheet], paper: Paper, title: str) -> bytes:
    """Return a PDF of ``sheets``, one after another, each beginning on a page of its own.

    Raises ``ValueError`` where there are none: a file without a page opens nowhere.
    """
    if not sheets:
        raise ValueError("Nothing to print.")
    _register_fonts()
    target = BytesIO()
    width, height = paper.size
    book = BaseDocTemplate(target, pagesize=paper.size, title=title, author="Gridport", invariant=1)
    story: list[Flowable] = []
    for place, sheet in enumerate(sheets):
        frame = Frame(_MARGIN, _MARGIN, width - 2 * _MARGIN, height - 2 * _MARGIN, 0, 0, 0, 0)
        book.addPageTemplates(PageTemplate(str(place), [frame], onPage=_of_sheet(sheet, place)))
        if place:
            story += [NextPageTemplate(str(place)), PageBreak()]
        story += sheet.story
    book.build(story, canvasmaker=_CountedCanvas)
    return target.getvalue()


def printable(text: str) -> str:
    """Return ``text`` on one line, without characters that show nothing, and no longer than ``LONGEST``."""
    spaced = "".join(" " if each.isspace() else each for each in text)
    shown = "".join(each for each in spaced if unicodedata.category(each) not in _LEFT_OUT)
    line = " ".join(shown.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def day(value: date | None) -> str:
    """Return a date as people read it: ``3 Mar 2026``; empty for None."""
    return "" if value is None else f"{value.day} {value:%b %Y}"


class _CountedCanvas(Canvas):  # type: ignore[misc]
    """Draws the foot of each page once it is known how many pages its sheet has."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page as it is, to be finished by ``save``."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Finish every page with its foot."""
        of_sheet = [page["_sheet"] for page in self._pages]
        for place, page in enumerate(self._pages):
            self.__dict__.update(page)
            foot, key = page["_sheet"]
            number = place - of_sheet.index((foot, key)) + 1
            _draw_foot(self, foot, f"Page {number} of {of_sheet.count((foot, key))}")
            super().showPage()
        super().save()


def _of_sheet(sheet: Sheet, place: int) -> Any:
    def on_page(canvas: Any, book: Any) -> None:
        canvas._sheet = (sheet.foot, place)

    return on_page


def _draw_foot(canvas: Any, words: str, count: str) -> None:
    right = canvas._pagesize[0] - _MARGIN
    canvas.setFont(_PLAIN, 7.5)
    canvas.setFillColor(_QUIET)
    canvas.drawRightString(right, _FOOT, count)
    room = right - _MARGIN - pdfmetrics.stringWidth(count, _PLAIN, 7.5) - 4 * mm
    while words and pdfmetrics.stringWidth(words, _PLAIN, 7.5) > room:
        words = f"{words[:-2]}…" if len(words) > 2 else ""
    canvas.drawString(_MARGIN, _FOOT, words)


@cache
def _register_fonts() -> None:
    for name in (_PLAIN, _BOLD):
        pdfmetrics.registerFont(TTFont(name, _FONTS / f"{name}.ttf"))


def _style(name: str, font: str, points: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=font, fontSize=points, leading=points * 1.3, splitLongWords=1, **more
    )


_TITLE: Final = _style("title", _BOLD, 17)
_UNDER: Final = _style("under", _PLAIN, 9, textColor=_QUIET)
_SECTION: Final = _style("section", _BOLD, 10)
_NAME: Final = _style("name", _PLAIN, 7.5, textColor=_QUIET)
_TEXT: Final = _style("text", _PLAIN, 8.5)
_RIGHT: Final = _style("right", _PLAIN, 8.5, alignment=TA_RIGHT)
_HEAD: Final = _style("head", _BOLD, 8)
_HEAD_RIGHT: Final = _style("head right", _BOLD, 8, alignment=TA_RIGHT)
_TABLE: Final = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]


def _picture(data: bytes, words: str, width: float) -> list[Flowable]:
    try:
        shown = Image(BytesIO(data))
    except (OSError, ValueError):
        return []
    # Half as high as a page is wide at most, so that a row always fits on a page.
    scale = min((width - 4 * mm) / shown.imageWidth, 90 * mm / shown.imageHeight)
    shown.drawWidth, shown.drawHeight = shown.imageWidth * scale, shown.imageHeight * scale
    shown.hAlign = "LEFT"
    return [shown, Spacer(0, 1 * mm), _paragraph(words, _NAME)]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    _register_fonts()
    return Paragraph(escape(printable(text)), style)
