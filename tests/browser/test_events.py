"""Event destinations in a browser: a new secret by a few actions, and every page looked at by axe-core."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from archive.clock import database_now
from integration.models import EventAttempt, EventDelivery, EventDestination
from tests import factories
from tests.browser.axe import violations
from tests.browser.driver import Actions
from tests.browser.test_notices import PASSWORD, log_in
from tests.receiving import delivery, destination

pytestmark = pytest.mark.browser
BODY = b'{"specversion":"1.0","type":"com.gridport.order.changed","subject":"order:7","data":{"order":7,"state":"routed"}}'


def failing() -> EventDelivery:
    """Return an event that was given up by a destination that takes nothing."""
    now = database_now()
    told = destination("Data warehouse", failing_since=now, former_secret="whsec_MfKQ", former_until=now)
    delivery(told)
    lost = delivery(told, BODY, state=EventDelivery.State.GIVEN_UP, next_at=None, settled_at=now)
    for status in (None, 500):
        words = "The receiver takes nothing now (500). It is tried again by itself."
        EventAttempt.objects.create(
            delivery=lost, began_at=now, status=status, words=words, answer="<html> down", milliseconds=412
        )
    return lost


def test_a_secret_is_replaced_and_nothing_is_wrong_with_the_pages(portal: str, browser: Browser) -> None:
    factories.user("olga", "Operator", password=PASSWORD)
    lost = failing()
    pages = {
        "event-destinations": "/admin/integration/eventdestination/",
        "event-destination": f"/admin/integration/eventdestination/{lost.destination_id}/change/",
        "events-sent": "/admin/integration/eventdelivery/",
        "event-sent": f"/admin/integration/eventdelivery/{lost.pk}/change/",
    }
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    log_in(page, portal)
    found: dict[str, object] = {}
    folder = os.environ.get("GRIDPORT_SCREENSHOTS")
    for scheme, width in (("light", 1440), ("dark", 320)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        for name, address in pages.items():
            page.goto(portal + address)
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
            if wrong := violations(page):
                found[f"{name} {scheme} {width}"] = wrong
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found[f"{name} at {width}"] = "too wide"
    assert found == {}

    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(portal + pages["event-destination"])
    with Actions(page).counted(most=15):
        page.get_by_role("link", name="New secret…").click()
        page.get_by_label("Reason").fill("Somebody left.")
        page.get_by_role("button", name="Make a new secret").click()
        page.get_by_label("Secret", exact=True).wait_for()
    assert violations(page) == []
    assert page.get_by_label("Secret", exact=True).input_value() == EventDestination.objects.get().secret
    context.close()
