"""Claim forms as PDF, read back by a reader that is not ours."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from PIL import Image
from pypdf import PageObject, PdfReader

from integration.printing.claim_forms import ClaimFile, ClaimForm, ClaimLine, claim_forms
from integration.printing.paper import A4, LETTER, Paper
from integration.printing.thumbnails import thumbnail
from tests.pictures import photo

FORM = ClaimForm(
    number="R-1001",
    seller="Harbor Pine",
    partner="Larch Supply",
    return_to=("Larch Supply Returns", "9 Kiln Lane", "Bangor, ME 04401"),
    return_from=("Ольга Іваненко", "14 Spruce Street", "Duluth, MN 55802"),
    order_number="1042",
    purchase_order_number="1042-1",
    opened_on=date(2026, 3, 3),
    rma="RMA-77",
    authorized_until=date(2026, 4, 2),
    carrier="UPSN",
    tracking_number="1Z5R89000000000001",
    currency="USD",
    customers_word="Ручка відламана",
    lines=(
        ClaimLine("LS-1", "Oak lamp", Decimal("3.0000"), "each", "damaged_in_transit", "Shade is broken", "", Decimal("12.50"), Decimal(2)),
        ClaimLine("LS-2", "Jar", Decimal(1), "half_dozen", "wrong_goods", "", "donate", Decimal("4.0005")),
    ),
    files=(
        ClaimFile("R-1001-1.jpg", "Photo (JPEG)", "The broken shade", photo("JPEG", colour="red")),
        ClaimFile("R-1001-2.png", "Picture (PNG)", "The label", photo("JPEG", colour="blue")),
        ClaimFile("R-1001-3.pdf", "Form (PDF)", "Inspection of the carrier"),
    ),
)  # fmt: skip


def pages(data: bytes) -> list[PageObject]:
    return list(PdfReader(io.BytesIO(data)).pages)


def words(page: PageObject) -> list[str]:
    return [line.strip() for line in page.extract_text().splitlines() if line.strip()]


def test_a_form_says_what_goes_back_where_and_why() -> None:
    [page] = pages(claim_forms([FORM], LETTER))
    assert words(page) == [
        "Claim form, return R-1001",
        "Harbor Pine to Larch Supply",
        *("Goes back to", "Larch Supply Returns", "9 Kiln Lane", "Bangor, ME 04401"),
        *("Comes from", "Ольга Іваненко", "14 Spruce Street", "Duluth, MN 55802"),
        *("RMA number", "RMA-77", "Purchase order", "1042-1", "Order", "1042", "Opened on", "3 Mar 2026"),
        *("Authorized until", "2 Apr 2026", "Carrier", "UPSN", "Tracking number", "1Z5R89000000000001"),
        *("Item", "Description", "Quantity", "Authorized", "Why it goes back", "Worth"),
        *("LS-1", "Oak lamp", "3 each", "2", "damaged in transit: Shade is", "broken", "37.50 USD"),
        *("LS-2", "Jar", "1 half dozen", "wrong goods. Wanted:", "donate", "4.0005 USD"),
        *("Claimed in all", "41.5005 USD"),
        *("The customer's word", "Ручка відламана"),
        "Photos and forms",
        *("File", "Kind", "What it shows"),
        *("R-1001-1.jpg", "Photo (JPEG)", "The broken shade"),
        *("R-1001-2.png", "Picture (PNG)", "The label"),
        *("R-1001-3.pdf", "Form (PDF)", "Inspection of the carrier"),
        *("R-1001-1.jpg: The broken shade", "R-1001-2.png: The label"),
        "Page 1 of 1",
        "Return R-1001, purchase order 1042-1, Harbor Pine",
    ]  # fmt: skip


@pytest.mark.parametrize(("paper", "size"), [(LETTER, (612, 792)), (A4, (595, 842))])
def test_both_papers_show_the_photos(paper: Paper, size: tuple[int, int]) -> None:
    [page] = pages(claim_forms([FORM], paper))
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size
    corners = [each.image.convert("RGB").getpixel((60, 44)) for each in page.images if each.image is not None]
    assert len(corners) == 2
    (red, _, less), (_, _, blue) = sorted(corners, reverse=True)
    assert red > 150 > 80 > less
    assert blue > 130


def test_many_photos_go_over_pages_and_none_is_lost() -> None:
    many = tuple(
        ClaimFile(f"R-1001-{place}.jpg", "Photo (JPEG)", f"Side {place}", photo("JPEG", 48, 600 + place))
        for place in range(1, 21)
    )
    found = pages(claim_forms([replace(FORM, files=many)], A4))
    assert sum(len(page.images) for page in found) == 20
    said = [line for page in found for line in words(page)]
    assert [f"R-1001-{place}.jpg: Side {place}" in said for place in range(1, 21)] == [True] * 20


def test_a_picture_that_cannot_be_read_is_listed_alone() -> None:
    broken = ClaimFile("R-1001-1.jpg", "Photo (JPEG)", "Broken off", photo("JPEG")[:40])
    [page] = pages(claim_forms([replace(FORM, files=(broken,))], LETTER))
    assert len(page.images) == 0
    assert "Broken off" in words(page)


def test_what_is_worth_nothing_known_has_no_total() -> None:
    bare = replace(FORM.lines[0], unit_price=None)
    [page] = pages(claim_forms([replace(FORM, lines=(bare, FORM.lines[1]))], LETTER))
    assert "Claimed in all" not in words(page)
    assert "4.0005 USD" in words(page)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_small_copy_is_a_jpeg_of_the_edge_asked_for(file_format: str) -> None:
    with Image.open(io.BytesIO(thumbnail(photo(file_format, 1200, 300), 100))) as small:
        assert (small.format, small.size, small.getexif()) == ("JPEG", (100, 25), {})


def test_a_photo_taken_upright_is_turned_and_tells_nothing_of_the_telephone() -> None:
    with Image.open(io.BytesIO(photo("JPEG", 80, 40))) as taken:
        exif = Image.Exif()
        exif[0x0112], exif[0x0110] = 6, "A telephone"
        target = io.BytesIO()
        taken.save(target, "JPEG", exif=exif)
    made = thumbnail(target.getvalue(), 40)
    with Image.open(io.BytesIO(made)) as small:
        assert small.size == (20, 40)
    assert b"A telephone" not in made


def test_what_is_clear_is_white_on_paper() -> None:
    target = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(target, "PNG")
    with Image.open(io.BytesIO(thumbnail(target.getvalue()))) as small:
        assert small.getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"", b"text", photo("PNG")[:60], photo("JPEG")[:100]])
def test_no_small_copy_is_made_of_what_cannot_be_read(data: bytes) -> None:
    assert thumbnail(data) == b""
