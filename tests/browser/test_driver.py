"""The counting of actions counts what is done, and axe sees what is wrong: both could not fail otherwise."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.driver import Actions

pytestmark = pytest.mark.browser

PAGE = """data:text/html,<!doctype html><html lang=en><title>Try</title><main><form onsubmit="return false">
<label>Term <input name=q></label><label><input type=checkbox name=sure> Sure</label>
<label>Reason <select name=why><option>One<option>Two</select></label><button>Go on</button></form></main></html>"""


def test_clicks_choices_and_keys_are_counted_and_typing_is_not(page: Page) -> None:
    actions = Actions(page)
    page.goto(PAGE)
    with actions.counted(most=5) as done:
        page.get_by_label("Term").click()
        page.keyboard.type("PO-1042 b")
        page.keyboard.press("Enter")
        page.get_by_label("Sure").check()
        page.get_by_label("Reason").select_option("Two")
        page.get_by_role("button", name="Go on").click()
    assert [each.split()[0] for each in done] == ["click", "key", "click", "choose", "click"]
    with actions.counted(most=2) as done:
        page.keyboard.press("Control+k")
        page.keyboard.press("Tab")
    assert done == ["key k", "key Tab"]
    with pytest.raises(AssertionError, match="2 actions, and 1 were to be enough"), actions.counted(most=1):
        page.get_by_label("Sure").dblclick()


def test_axe_sees_a_field_without_a_name(page: Page) -> None:
    page.goto(PAGE)
    assert violations(page) == []
    page.goto(PAGE.replace("<label>Term <input name=q></label>", "<input name=q>"))
    assert [each["rule"] for each in violations(page)] == ["label"]
