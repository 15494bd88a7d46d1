"""What staff do in a browser: find an order, read what was sent and what came back, settle a case; by day and night."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from archive import store
from archive.models import AccessRecord, AuditEntry, Document
from integration.flows.match import match
from integration.models import ExceptionCase, Order
from integration.work import Unclaimed
from partners.models import CodeList
from portal.admin.show import list_url, page_url
from tests import factories
from tests.browser.driver import is_ready

pytestmark = pytest.mark.browser

PASSWORD = "the harbour at seven"
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()


def log_in(page: Page, group: str) -> None:
    """Make somebody in ``group``, called as it is, and log them in; "everything" is no group, but an administrator."""
    if group == "everything":
        factories.user(group, superuser=True, password=PASSWORD)
    else:
        factories.user(group, group, password=PASSWORD)
    page.goto("/admin/")
    page.get_by_label("Username").fill(group)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    # Keys count only once the page's scripts run.
    page.wait_for_load_state("networkidle")


def disputed_order(number: int) -> Order:
    """Return an order whose supplier acknowledged less than was ordered: with documents both ways and a case."""
    partner = factories.partner("Larch Supply")
    order = factories.order(number)
    agreement = factories.agreement(of=partner, skus=["FS-1", "FS-2"])
    made = factories.purchase_order(order, agreement)
    document = factories.sent(made)
    for number_of_set, body in (
        ("997", factories.functional_acknowledgment(document)),
        ("855", factories.shortage(made)),
    ):
        match(str(factories.received(agreement, number_of_set, body).pk), Unclaimed())
    return order


def test_somebody_finds_an_order_and_reads_what_was_sent_and_what_came_back(page: Page) -> None:
    order = disputed_order(1042)
    for number in (10420, 10421):
        factories.order(number)
    log_in(page, "view")
    page.keyboard.press("/")
    page.keyboard.type("1042")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Order 1042").first).to_be_visible()
    expect(page.get_by_role("note")).to_contain_text(
        "Larch Supply answered purchase order 1042-1 differently."
    )
    timeline = page.get_by_role("region", name="Timeline").get_by_role("listitem")
    expect(timeline).to_have_count(6)
    assert [text.split("\n")[0] for text in timeline.all_inner_texts()] == [
        "Purchase order 1042-1 written for Larch Supply, interchange 000000001.",
        "Functional acknowledgment (997) of Larch Supply read.",
        "Functional acknowledgment (997) of Larch Supply: accepted.",
        "Purchase order acknowledgment (855) of Larch Supply read.",
        "Answered with functional acknowledgment (997) 000000002: accepted.",
        f"Case opened: {ExceptionCase.objects.get().sentence}",
    ]

    page.get_by_role("link", name="Purchase order (850)", exact=True).click()
    expect(page.get_by_role("region", name="What the document says")).to_contain_text("4 Rope Walk")
    page.get_by_role("link", name="Raw X12").click()
    lines = page.get_by_role("region", name="Raw X12, one segment a line").locator("li code")
    document = Document.objects.get(transaction_set="850")
    data = store.open(document.interchange.payload, purpose="test").decode()
    own = data[data.index("ST*") : data.index("GE*")].removesuffix("~").split("~")
    expect(lines).to_have_count(len(own))
    assert lines.all_inner_texts() == [f"{segment}~" for segment in own]
    tops = [box["y"] for line in lines.all() if (box := line.bounding_box())]
    assert tops == sorted(set(tops))
    assert len(tops) == len(own)
    readings = AccessRecord.objects.filter(actor="view", kind="content").values_list("purpose", flat=True)
    assert list(readings) == [f"look at document {document.pk}"] * 2

    page.get_by_role("link", name=str(order)).click()
    expect(page.get_by_role("heading", name="Order 1042").first).to_be_visible()


def test_somebody_settles_a_case_with_a_reason_and_without_a_mouse(page: Page) -> None:
    disputed_order(1042)
    case = ExceptionCase.objects.get()
    log_in(page, "decide")
    tab_to(page, page.get_by_role("link", name="Cases", exact=False).first.get_attribute("href") or "")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()
    is_ready(page)
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.type("1042")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody")).to_have_count(1)
    tab_past_the_menu(page)
    tab_to(page, page_url(case))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()

    tab_to(page, "settle")  # the page opens with the focus on what is likeliest to be done
    page.keyboard.press("Enter")
    expect(page.locator("#id_reason")).to_be_focused()
    case.refresh_from_db()
    assert case.closed_at is None
    page.keyboard.type("Larch sends the rest tomorrow; told by phone.")
    tab_to(page, "settle")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The case is settled.")).to_be_visible()
    expect(page.get_by_role("heading", name="How it was closed")).to_be_visible()
    case.refresh_from_db()
    assert (case.decision, case.closed_by) == ("settled", "decide")
    assert list(AuditEntry.objects.values_list("verb", "reason")) == [
        ("settle case", "Larch sends the rest tomorrow; told by phone.")
    ]


def tab_past_the_menu(page: Page) -> None:
    """Use the link that Tab comes upon first: the page begins there, and the menu lies before it."""
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the page")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#page-begins")).to_be_focused()


def tab_to(page: Page, target: str) -> None:
    """Press Tab until a link to ``target``, or a button of that value, has the focus; where it is, it is seen."""
    reached = "[document.activeElement.getAttribute('href')?.split('?')[0], document.activeElement.value]"
    for _ in range(60):
        page.keyboard.press("Tab")
        if target in page.evaluate(reached):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"Nobody sees that {target} has the focus."
            return
    pytest.fail(f"60 times Tab did not reach {target}.")


@pytest.fixture
def pages(page: Page) -> dict[str, str]:
    """Addresses of the pages that staff look at, filled; somebody in decide is logged in."""
    order = disputed_order(1042)
    work = factories.work("match", 999, "The worker died three times while it did this.", stopped=True)
    bad = factories.received(
        order.purchase_orders.get().agreement,
        "855",
        [factories.segment("BAK", "00", "XX", "1042-1", "20261124")],
    )
    document = Document.objects.get(transaction_set="850")
    agreement = order.purchase_orders.get().agreement
    answer = Document.objects.filter(transaction_set="855").earliest("pk")
    CodeList.objects.create(agreement=agreement, name="units").entries.create(ours="dozen", theirs="EA")
    job = factories.bulk_job([document], factories.user("otto", "decide"))
    log_in(page, "decide")
    return {
        "dashboard": reverse("admin:index"),
        "orders": list_url(Order),
        "an empty list": list_url(Order, "q=77777"),
        "cases": list_url(ExceptionCase),
        "documents": list_url(Document, "direction__exact=out"),
        "order": page_url(order),
        "document": page_url(document),
        "raw": f"{page_url(bad)}?show=raw",
        "case": page_url(ExceptionCase.objects.get(kind="acknowledgment_differs")),
        "work": page_url(work),
        "mailbox": page_url(agreement.mailbox),
        "agreement": page_url(agreement),
        "sending many": f"{reverse('admin:archive_document_send_many')}?answered=yes&ids={document.pk},{answer.pk}",
        "bulk job": page_url(job),
        "reading again": reverse("admin:archive_document_read_again", args=[answer.pk]),
        "verb": page_url(agreement).replace("change/", "back-to-watch/"),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_by_day_and_by_night(page: Page, pages: dict[str, str], scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    for name, address in pages.items():
        page.goto(address)
        found = page.evaluate(CONTRASTS)
        assert (found["background"] < 0.1) == (scheme == "dark"), name
        assert found["weak"] == [], name


def test_no_page_is_wider_than_its_window(page: Page, pages: dict[str, str]) -> None:
    for width in (1440, 900, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for name, address in pages.items():
            page.goto(address)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} wide in a window of {width}."


def test_icons_are_drawn_by_the_portals_own_font(page: Page, pages: dict[str, str]) -> None:
    page.goto(pages["order"])
    page.evaluate("document.fonts.ready")
    icon = page.locator(".gp-badge .material-symbols-outlined").first
    box = icon.bounding_box()
    assert box is not None
    # Without the font, the icon's name stands there as a word, four times as wide as high.
    assert box["width"] <= box["height"] * 1.2
    loaded = page.evaluate(
        "[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)"
    )
    assert "Material Symbols Outlined" in {family.strip('"') for family in loaded}
