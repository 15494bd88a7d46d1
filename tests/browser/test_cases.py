"""Cases and orders as people work on them, each action counted: T5 to T8 and T14 of the operations desk.

T5 where is the order, T6 what did the supplier change, T7 accept it, T8 take it and write on it, T14 ten by keyboard alone.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from archive.models import AuditEntry, Event
from integration.flows.match import match
from integration.models import Comment, ExceptionCase, Order, PurchaseOrder, Store
from integration.work import Unclaimed
from partners.models import Agreement
from portal.admin.show import list_url, page_url
from tests import factories
from tests.browser import axe
from tests.browser.driver import Actions, is_ready
from tests.browser.test_desk import log_in

pytestmark = pytest.mark.browser


def disputed(number: int, under: Agreement) -> ExceptionCase:
    """Return the case about an order of which the supplier acknowledged one of the first line's pieces."""
    made = factories.purchase_order(factories.order(number, of=Store.objects.first()), under)
    factories.sent(made)
    match(str(factories.received(under, "855", factories.shortage(made)).pk), Unclaimed())
    return ExceptionCase.objects.get(order__number=number)


@pytest.fixture
def larch(committed: str) -> Agreement:
    return factories.agreement(of=factories.partner("Larch Supply"), skus=["FS-1", "FS-2"])


@pytest.fixture
def case(larch: Agreement) -> ExceptionCase:
    return disputed(1042, larch)


def test_a_caller_is_told_where_the_order_is_without_a_click(case: ExceptionCase, page: Page) -> None:
    log_in(page, "view")
    assert case.order is not None
    page.goto(page_url(case.order))
    sentence = page.get_by_text("Needs a decision: partner answered differently.")
    box = sentence.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 900
    turn = page.locator(".gp-turn")
    expect(turn).to_contain_text(
        "Whose turn Yours Next Decide the case. Nobody looks after it yet.", use_inner_text=True
    )

    ExceptionCase.objects.update(
        waiting_for="partner", snoozed_until=timezone.now() + timedelta(days=2), due_at=None
    )
    page.reload()
    expect(turn).to_contain_text(
        "Waiting for the answer of Larch Supply. Whose turn Larch Supply's", use_inner_text=True
    )
    until = timezone.localtime(ExceptionCase.objects.get().snoozed_until)
    expect(turn.locator("time")).to_contain_text(f"{until.day} {until:%b %Y %H:%M}")
    due = turn.locator("time").bounding_box()
    assert due is not None
    assert due["y"] + due["height"] < 900


def test_what_the_supplier_changed_is_seen_with_one_click(case: ExceptionCase, page: Page) -> None:
    actions = Actions(page)
    log_in(page, "view")
    page.goto(list_url(ExceptionCase))
    with actions.counted(1):
        page.get_by_role("link", name="Larch Supply answered purchase order", exact=False).click()
        table = page.get_by_role("region", name="Purchase order compared with acknowledgment")
        expect(table.locator(".gp-marked").first).to_be_visible()
    expect(table.locator(".gp-marked")).to_have_text(["Differs: 1"])
    expect(table.locator("tfoot")).to_contain_text("USD less than ordered")
    expect(page.get_by_text("Show matching lines (1)")).to_be_visible()


def test_a_difference_is_accepted_with_two_actions_and_can_be_undone(case: ExceptionCase, page: Page) -> None:
    actions = Actions(page)
    log_in(page, "decide")
    page.goto(page_url(case))
    with actions.counted(2):
        page.keyboard.press("1")
        expect(page.get_by_role("heading", name="Accept as acknowledged?")).to_be_visible()
        expect(page.get_by_role("button", name="Accept as acknowledged")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="How it was closed")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    case.refresh_from_db()
    assert (case.decision, case.closed_by) == ("accepted", "decide")
    event = Event.objects.get(subject=case.subject, kind="accepted")
    assert event.actor == "decide"
    agreed = PurchaseOrder.objects.get().agreed or []
    assert [each["quantity"] for each in agreed] == ["1", "5"]

    is_ready(page)
    page.keyboard.press("u")
    expect(page.get_by_text("Undone: the case is open again.")).to_be_visible()
    case.refresh_from_db()
    assert case.closed_at is None
    assert PurchaseOrder.objects.get().state == "disputed"
    assert Order.objects.get().state == "routed"


def test_a_case_is_taken_and_written_on_with_two_actions(case: ExceptionCase, page: Page) -> None:
    actions = Actions(page)
    log_in(page, "decide")
    page.goto(page_url(case))
    with actions.counted(2):
        page.keyboard.press("a")
        expect(page.get_by_text("You look after this case.")).to_be_visible()
        is_ready(page)
        page.get_by_label("Comment", exact=True).focus()
        page.keyboard.type("Called Larch: <b>four</b> follow on Monday.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Your comment is kept.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text(
        "Called Larch: <b>four</b> follow on Monday."
    )
    expect(page.get_by_text("You look after this case.")).to_be_visible()
    assert Comment.objects.get().author_name == "decide"
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "assign case",
        "comment",
    ]
    assert case.order is not None
    page.goto(page_url(case.order))
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Called Larch")


def test_ten_cases_are_resolved_by_keyboard_alone_with_three_keys_each(larch: Agreement, page: Page) -> None:
    for number in range(2001, 2011):
        disputed(number, larch)
    actions = Actions(page)
    log_in(page, "decide")
    page.goto(list_url(ExceptionCase, "cases=unassigned"))
    first = ExceptionCase.objects.order_by("opened_at").first()
    assert first is not None
    page.locator(f"a[href^='{page_url(first)}']").first.focus()
    with actions.counted(30) as done:
        page.keyboard.press("Enter")
        for left in range(9, -1, -1):
            expect(page.get_by_role("heading", name="What to do")).to_be_visible()
            expect(page.locator("h2:focus")).to_have_count(1)
            page.keyboard.press("1")
            expect(page.get_by_role("button", name="Accept as acknowledged")).to_be_focused()
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="How it was closed")).to_be_visible()
            if left:
                expect(page.get_by_role("link", name="Next case")).to_be_focused()
                expect(page.get_by_text(f"{left} left in the list")).to_be_visible()
                page.keyboard.press("Enter")
            else:
                expect(page.get_by_text("No case is left in the list.")).to_be_focused()
    assert {each.split()[0] for each in done} == {"key"}
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert ExceptionCase.objects.filter(decision="accepted", closed_by="decide").count() == 10


def test_keys_can_be_switched_off_and_stay_off(case: ExceptionCase, page: Page) -> None:
    log_in(page, "decide")
    page.goto(page_url(case))
    page.get_by_role("button", name="Switch keys off").click()
    page.keyboard.press("1")
    page.reload()
    expect(page.get_by_role("button", name="Switch keys on")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    page.get_by_role("button", name="Switch keys on").click()
    page.locator("body").press("1")
    expect(page.get_by_role("heading", name="Accept as acknowledged?")).to_be_visible()


def test_two_people_see_each_other_and_the_later_one_is_told_what_happened(
    case: ExceptionCase, page: Page
) -> None:
    log_in(page, "decide")
    page.goto(page_url(case))
    maria = factories.user("maria", "decide", password="the harbour at seven")
    other = page.context.browser.new_context(base_url=page.url.split("/admin")[0]).new_page()  # type: ignore[union-attr]
    other.goto("/admin/")
    other.get_by_label("Username").fill(maria.get_username())
    other.get_by_label("Password").fill("the harbour at seven")
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("heading", name="Dashboard")).to_be_visible()
    other.goto(page_url(case))
    expect(other.get_by_text("decide is looking at this since")).to_be_visible()
    other.get_by_label("Reason", exact=True).first.fill("Told by phone.")
    other.get_by_role("button", name="Settle the case").click()
    expect(other.get_by_role("heading", name="How it was closed")).to_be_visible()
    other.context.close()

    page.keyboard.press("a")
    expect(page.get_by_text("maria changed this case just now: “Closed: Told by phone.”")).to_be_visible()
    case.refresh_from_db()
    assert (case.owner, case.closed_by) == (None, "maria")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cases_and_orders_are_for_everyone(larch: Agreement, page: Page, scheme: str) -> None:
    case, decided = disputed(1042, larch), disputed(1043, larch)
    ExceptionCase.objects.filter(pk=decided.pk).update(
        closed_at=timezone.now(), closed_by="maria", decision="settled", decision_reason="Told by phone."
    )
    assert case.order is not None
    log_in(page, "decide")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    addresses = {
        "cases": list_url(ExceptionCase),
        "case": page_url(case),
        "decision": page_url(case).replace("change/", "decide/accept/"),
        "decided": page_url(decided),
        "order": page_url(case.order),
        "putting off": f"/admin/integration/exceptioncase/many/snooze/?ids={case.pk}",
    }
    for name, address in addresses.items():
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(address)
        assert axe.violations(page) == [], name
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
