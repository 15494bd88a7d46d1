"""Packing slips as PDF, read back by a reader that is not ours."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PageObject, PdfReader
from reportlab.pdfbase.pdfmetrics import stringWidth

from integration.printing.packing_slips import PackingSlip, SlipItem, SlipPackage, packing_slips
from integration.printing.paper import A4, LETTER, LONGEST, Paper, printable

MUG = SlipItem("MUG-BLUE", "Blue mug", Decimal("2.0000"), "each")
JAR = SlipItem("JAR-TALL", "Tall jar", Decimal("1.5"), "half_dozen")
SLIP = PackingSlip(
    seller="Harbor Pine",
    ship_to=("Ольга Іваненко", "14 Spruce Street", "Bangor, ME 04401", "US"),
    ship_from=("Θερμοπύλες Depot", "Portland, OR 97201"),
    order_number="1001",
    purchase_order_number="1001-1",
    shipment_number="SH000001",
    shipped_on=date(2026, 3, 3),
    carrier="UPS",
    tracking_number="1Z5R89000000000001",
    packages=(
        SlipPackage("000123450000000017", "1Z5R89000000000001", (MUG,)),
        SlipPackage("000123450000000024", "1Z5R89000000000001", (JAR,)),
    ),
    still_to_come=(SlipItem("LAMP-OAK", "Oak lamp", Decimal(3), "each"),),
)


def pages(data: bytes) -> list[PageObject]:
    return list(PdfReader(BytesIO(data)).pages)


def words(page: PageObject) -> list[str]:
    """Every line of a page as it is drawn, in the order of the file."""
    return [line.strip() for line in page.extract_text().splitlines() if line.strip()]


def test_a_slip_says_who_what_and_what_is_still_to_come() -> None:
    [page] = pages(packing_slips([SLIP], LETTER))
    assert words(page) == [
        "Packing slip",
        "Harbor Pine",
        *("Ship to", "Ольга Іваненко", "14 Spruce Street", "Bangor, ME 04401", "US"),
        *("Ship from", "Θερμοπύλες Depot", "Portland, OR 97201"),
        *("Order", "1001", "Purchase order", "1001-1", "Shipment", "SH000001"),
        *("Shipped on", "3 Mar 2026", "Carrier", "UPS", "Tracking number", "1Z5R89000000000001"),
        "Package 1 of 2, SSCC 000123450000000017, tracking number 1Z5R89000000000001",
        *("Item", "Description", "Quantity", "Unit", "MUG-BLUE", "Blue mug", "2", "each"),
        "Package 2 of 2, SSCC 000123450000000024, tracking number 1Z5R89000000000001",
        *("Item", "Description", "Quantity", "Unit", "JAR-TALL", "Tall jar", "1.5", "half dozen"),
        "Still to come",
        *("Item", "Description", "Quantity", "Unit", "LAMP-OAK", "Oak lamp", "3", "each"),
        "Page 1 of 1",
        "Packing slip SH000001, order 1001, Harbor Pine",
    ]


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(
        SLIP,
        ship_from=(),
        shipped_on=None,
        carrier="",
        tracking_number="",
        packages=(SlipPackage("", "", (MUG,)),),
        still_to_come=(),
    )
    [page] = pages(packing_slips([bare], LETTER))
    said = words(page)
    assert not {"Ship from", "Shipped on", "Carrier", "Tracking number"} & set(said)
    assert "What is in it" in said
    assert "Nothing of this order is still to come to this address." in said


@pytest.mark.parametrize(("paper", "size"), [(LETTER, (612, 792)), (A4, (595, 842))])
def test_both_papers_have_their_size(paper: Paper, size: tuple[int, int]) -> None:
    [page] = pages(packing_slips([SLIP], paper))
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size


def test_each_slip_begins_on_a_page_of_its_own_and_counts_its_own() -> None:
    second = replace(SLIP, shipment_number="SH000002", ship_to=("Jonas Weiß",))
    found = pages(packing_slips([SLIP, second, SLIP], A4))
    assert len(found) == 3
    assert ["Jonas Weiß" in words(page) for page in found] == [False, True, False]
    assert [words(page)[-2] for page in found] == ["Page 1 of 1"] * 3
    assert [words(page)[-1].split(",")[0] for page in found] == [
        "Packing slip SH000001",
        "Packing slip SH000002",
        "Packing slip SH000001",
    ]


def test_a_long_slip_repeats_its_head_row_on_every_page() -> None:
    items = tuple(replace(MUG, number=f"MUG-{place:03d}") for place in range(1, 201))
    long = replace(SLIP, packages=(SlipPackage("", "", items),), still_to_come=())
    found = pages(packing_slips([long, SLIP], LETTER))
    assert len(found) == 7
    assert [words(page)[-2] for page in found] == [*(f"Page {n} of 6" for n in range(1, 7)), "Page 1 of 1"]
    for page in found[1:6]:
        assert words(page)[:4] == ["Item", "Description", "Quantity", "Unit"]
    listed = [line for page in found[:6] for line in words(page) if re.fullmatch(r"MUG-\d{3}", line)]
    assert listed == [f"MUG-{place:03d}" for place in range(1, 201)]


HOSTILE = [
    "<b>bold</b> & <font size=90>huge</font> &nbsp; {{ x }} <img src='file:///etc/passwd'/>",
    "a\x00b\x1bc\ud800d\u202ee\u200bf\n\tg",
    "W" * 5000,
    "слово" * 900,
    "\u0301" * 400,
    "漢字 🙂 ﷽",
    "</para><para>",
    "",
]


def test_hostile_text_is_printed_as_it_is_and_runs_out_of_nothing() -> None:
    items = tuple(SlipItem(text, text, Decimal("1e-9"), text) for text in HOSTILE)
    lines = tuple(HOSTILE)
    hostile = replace(
        SLIP,
        seller=HOSTILE[2],
        ship_to=lines,
        ship_from=lines,
        packages=(SlipPackage(HOSTILE[2], "", items),),
    )
    found = pages(packing_slips([hostile], LETTER))
    said = " ".join(line for page in found for line in words(page))
    assert "<b>bold</b> & <font size=90>huge</font> &nbsp; {{ x }}" in said
    assert "abcdef g" in said
    assert "</para><para>" in said
    ends = [right for page in found for right in ends_of_lines(page)]
    assert len(ends) > 100
    assert max(ends) <= 612 - 45


def ends_of_lines(page: PageObject) -> list[float]:
    """Where each line of text ends, by the widths of the font's own letters."""
    found: list[float] = []

    def visit(text: str, matrix: list[float], at: list[float], font: object, size: float) -> None:
        found.extend(
            at[4] + matrix[4] + stringWidth(line.strip(), "DejaVuSans", size) for line in text.splitlines()
        )

    page.extract_text(visitor_text=visit)
    return found


def test_no_text_is_wider_than_its_cell() -> None:
    wide = replace(
        SLIP,
        packages=(SlipPackage("", "", (SlipItem("W" * 80, "ABCDEFGHIJ" * 12, Decimal(10) ** 14, "each"),)),),
    )
    [page] = pages(packing_slips([wide], LETTER))
    said = words(page)
    parts = [line for line in said if set(line) == {"W"}]
    assert "".join(parts) == "W" * 80
    # A capital W of 8.5 points is 8.4 points wide, the column 117 less its padding.
    assert len(parts) == 7
    assert "".join(line for line in said if line.startswith("ABC") or "JABC" in line).count("ABCDEFGHIJ") >= 9


def test_a_row_higher_than_a_page_goes_over_pages_whole() -> None:
    """The widest sign of the font, one to a line of the narrowest column: 150 lines of it."""
    wide = "\u2031" * (LONGEST - 1)
    tall = replace(
        SLIP, ship_to=(wide,), packages=(SlipPackage("", "", (SlipItem(wide, wide, Decimal(2), wide),)),)
    )
    found = pages(packing_slips([tall], LETTER))
    assert len(found) == 2
    said = "".join(page.extract_text() for page in found)
    assert said.count("\u2031") == 4 * (LONGEST - 1)


def test_the_same_slips_give_the_same_bytes() -> None:
    assert packing_slips([SLIP, SLIP], A4) == packing_slips([SLIP, SLIP], A4)


def test_a_withdrawn_shipment_has_a_slip_that_says_so() -> None:
    [page] = pages(packing_slips([replace(SLIP, is_withdrawn=True)], LETTER))
    assert words(page)[0] == "Packing slip, withdrawn"


def test_nothing_to_print_is_said() -> None:
    with pytest.raises(ValueError, match="Nothing to print"):
        packing_slips([], LETTER)


def test_text_is_made_printable() -> None:
    assert printable(" a\x07 b\u2028c\u00a0d\u00ad ") == "a b c d"
    assert printable("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"
    assert printable("x" * LONGEST) == "x" * LONGEST
