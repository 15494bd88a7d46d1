"""Notices in a browser: read, chosen, and looked at by axe-core, light, dark and narrow."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from integration.flows.cases import open_case
from integration.models import ExceptionCase, Notice, NoticeReceipt, NoticeRule
from tests import factories
from tests.browser.axe import violations
from tests.browser.driver import Actions
from tests.noticing import notice_rule, webhook

pytestmark = pytest.mark.browser
PASSWORD = "a long enough password"
PAGES = {
    "notices": "/admin/notices/",
    "notice-choices": "/admin/notices/choices/",
    "notice-rules": "/admin/integration/noticerule/",
    "notice-rule": "/admin/integration/noticerule/add/",
    "webhooks": "/admin/integration/noticewebhook/",
    "webhook": "/admin/integration/noticewebhook/add/",
}


def told(user: User, kind: str, sentence: str, *, is_over: bool = False, is_read: bool = False) -> None:
    case = open_case(ExceptionCase.Kind.GAP, f"gap:{Notice.objects.count()}", "Missing.")
    notice = Notice.objects.create(
        kind=kind, cause=case.cause, sentence=sentence, case=case, began_at=case.opened_at,
        ended_at=case.opened_at if is_over else None,
    )  # fmt: skip
    NoticeReceipt.objects.create(
        notice=notice, user=user, in_app=True, by_mail=False, read_at=case.opened_at if is_read else None
    )


def log_in(page: Page, portal: str) -> None:
    page.goto(f"{portal}/admin/login/")
    page.fill("input[name=username]", "olga")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_notices_are_read_and_chosen_and_nothing_is_wrong_with_the_pages(
    portal: str, browser: Browser
) -> None:
    olga = factories.user("olga", "Operator", password=PASSWORD)
    Kind = NoticeRule.Kind
    told(olga, Kind.GAP, "Found missing by reconciliation: order 1042.", is_over=True, is_read=True)
    told(olga, Kind.WORK, "Work stopped at “match”: order 1043, purchase order 1043-1.", is_over=True)
    told(olga, Kind.CASE, "Supplier's invoice differs: order 1044, 1,240.50 USD at stake.")
    told(olga, Kind.CONNECTION, "Store “Harborpine” stands still: nothing is asked of it until it answers.")
    notice_rule(Kind.CASE, webhook=webhook("#edi-desk"), case_kinds=["overdue"], money_from=Decimal(500))
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    actions = Actions(page)
    log_in(page, portal)
    found: dict[str, object] = {}
    for scheme, width in (("light", 1440), ("dark", 900), ("light", 320)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        for name, address in PAGES.items():
            page.goto(portal + address)
            folder = os.environ.get("GRIDPORT_SCREENSHOTS")
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.classList.contains('dark')") is (scheme == "dark")
            if wrong := violations(page):
                found[f"{name} {scheme} {width}"] = wrong
            if name.startswith("notices") or name == "notice-choices":
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert found == {}

    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{portal}/admin/")
    with actions.counted(most=2):
        page.get_by_role("link", name="My notices, 3 unread").click()
        page.get_by_role("button", name="Mark as read: Store “Harborpine” stands still").click()
        page.get_by_role("link", name="My notices, 2 unread").wait_for()
    with actions.counted(most=1):
        page.get_by_role("button", name="Mark all as read").click()
        page.get_by_role("link", name="My notices, none unread").wait_for()
    page.get_by_role("link", name="What I am told…").focus()
    with actions.counted(most=20):
        page.keyboard.press("Enter")
        page.get_by_label("Found missing by reconciliation").first.focus()
        page.keyboard.type("Not at all")
        page.get_by_role("button", name="Save what I am told").focus()
        page.keyboard.press("Enter")
        page.get_by_text("Saved. It holds for what is told from now on.").wait_for()
    rule = NoticeRule.objects.get(user=olga)
    assert (rule.kind, rule.in_app, rule.by_mail) == (Kind.GAP, False, False)
    context.close()
