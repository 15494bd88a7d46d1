"""A return worked through by hand: opened with a photo, authorized in part, and credited a cent short."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from archive import store
from archive.models import Document
from integration.models import ExceptionCase, PurchaseOrder, ReturnCase
from partners.models import Agreement, AgreementDocument, ReturnTerms
from portal.admin.show import page_url
from tests.browser.test_desk import log_in
from tests.pictures import photo
from tests.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.browser


def shipped(world: World, number: int = 1001) -> PurchaseOrder:
    """Have both pieces of an order be shipped by a supplier who takes returns, and files with them."""
    for agreement in Agreement.objects.all():
        ReturnTerms.objects.create(agreement=agreement, takes_files=True)
        for transaction_set, direction in (("180", "out"), ("180", "in"), ("812", "in")):
            AgreementDocument.objects.get_or_create(
                agreement=agreement, transaction_set=transaction_set, direction=direction
            )
    world.place(number)
    world.run(2)
    purchase_order = PurchaseOrder.objects.get()
    world.network.ship([purchase_order.number])
    world.run(1)
    return purchase_order


def press(page: Page, link: str, reason: str, button: str) -> None:
    """Follow a link of "What can be done", say why, and press the button."""
    page.get_by_role("region", name="What can be done").get_by_role("link", name=link, exact=True).click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("button", name=button, exact=True)).to_have_count(0)


def decide(page: Page, link: str, button: str, reason: str) -> None:
    """Open the open case that the page shows, and decide it as its plan says."""
    page.get_by_role("note").get_by_role("link").first.click()
    page.get_by_role("link", name=link, exact=False).first.click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", name="How it was closed")).to_be_visible()


def test_a_return_is_worked_through_by_hand(world: World, page: Page, tmp_path: Path) -> None:
    purchase_order = shipped(world)
    log_in(page, "decide")
    page.goto(page_url(purchase_order.order))
    page.get_by_role("link", name="Open a return of 1001-1").click()
    page.get_by_label("How many of AC-001").fill("2")
    page.get_by_label("What is wrong with AC-001").fill("Both are cracked")
    page.get_by_label("The customer's word").fill("Они разбиты")
    page.get_by_label("Reason").fill("The customer wrote.")
    page.get_by_role("button", name="Open the return").click()
    expect(page.get_by_text("The return is open. Add photos, then ask the partner.")).to_be_visible()
    case = ReturnCase.objects.get()

    taken = tmp_path / "IMG_0042.jpg"
    taken.write_bytes(photo("JPEG", 800, 600))
    page.get_by_label("Photo or form").set_input_files(taken)
    page.get_by_label("What it shows").fill("Both cracks")
    page.get_by_role("button", name="Add", exact=True).click()
    shown = page.get_by_role("img", name="Both cracks")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.gp-photos img').complete")
    assert shown.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]") == [640, 480]

    # Of the two pieces the desk takes one.
    world.network.choose_returns("part")
    press(page, "Ask the partner", "With the photo", "Ask the partner")
    world.run(2)
    sent = Document.objects.get(transaction_set="JPEG")
    left = next(path for path in world.network.taken.iterdir() if sent.interchange.name in path.name)
    assert left.read_bytes() == photo("JPEG", 800, 600)
    request = Document.objects.get(transaction_set="180", direction="out")
    assert (
        f"N9*FI*{sent.interchange.name}*Both cracks"
        in store.open(request.interchange.payload, purpose="test").decode()
    )
    page.goto(page_url(case))
    expect(page.get_by_role("list", name="Stages").get_by_text("Authorized")).to_have_attribute(
        "aria-current", "step"
    )
    expect(page.get_by_text("Authorized: 1 of 2.")).to_be_visible()
    case.refresh_from_db()
    assert (case.stage, case.lines.get().authorized) == ("authorized", Decimal(1))
    decide(page, "Accept what is authorized", "Accept what is authorized", "One of them can be glued.")

    page.goto(page_url(case))
    page.get_by_role("link", name="Say that it is on its way").click()
    page.get_by_label("Sent back on").fill(date.today().isoformat())  # noqa: DTZ011
    page.get_by_label("Carrier (SCAC)").fill("upsn")
    page.get_by_label("Tracking number").fill("1Z5R89000000000077")
    page.get_by_label("Reason").fill("The label was used.")
    page.get_by_role("button", name="It is on its way").click()
    expect(page.get_by_text("1Z5R89000000000077").first).to_be_visible()
    world.network.tell_return(case.number, "receive")
    world.run(1)

    # A piece cost 6.25, and a cent of it is missing.
    world.network.tell_return(case.number, "credit_short")
    world.run(1)
    page.goto(page_url(case))
    case.refresh_from_db()
    assert (case.stage, case.expected_credit, case.credited) == ("credited", Decimal("6.25"), Decimal("6.24"))
    expect(page.get_by_text("0.01 USD too little").first).to_be_visible()
    decide(page, "Accept the credit", "Accept the credit", "A cent is not worth a letter.")

    page.goto(page_url(case))
    press(page, "Close", "All back", "Close it")
    expect(page.get_by_text("The return is closed.")).to_be_visible()
    case.refresh_from_db()
    assert (case.stage, case.closed_by, case.closed_reason) == ("closed", "decide", "All back")
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    page.goto("/admin/integration/returncase/")
    expect(page.get_by_text("0.00 USD owed, 6.24 USD recovered, 6.26 USD lost")).to_be_visible()
