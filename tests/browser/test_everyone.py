"""Pages for everyone: no violation that axe-core knows, by day and night, and nothing wider than a narrow window.

Every page that the resolver has and that shows something of an installation that has traded is looked at. With
``GRIDPORT_SCREENSHOTS`` set, each is kept as a picture in that folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page

from archive.models import Document
from integration.flows.returns import Wanted, open_return
from integration.models import ExceptionCase, Order, PurchaseOrder, ReturnCase
from partners.models import TradingPartner
from portal.admin.show import list_url, page_url
from tests.browser.axe import violations
from tests.browser.test_desk import log_in
from tests.browser.test_returns import shipped
from tests.chaos.forking import is_whole
from tests.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.browser

NARROW = 320
WIDEST = "(most) => [...document.querySelectorAll('#main *')].filter((each) => each.getBoundingClientRect().right > most && !each.closest('.gp-scroll')).slice(0, 3).map((each) => each.outerHTML.slice(0, 120)).join()"
OWN = 16
REACHED = """() => {
    const each = document.activeElement;
    if (each === document.body) return null;
    const all = [...document.querySelectorAll("*")];
    const framed = [each, each.closest(".gp-find, .gp-search")].filter(Boolean).map((one) => getComputedStyle(one));
    return {
        place: all.indexOf(each),
        shown: framed.some((style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"),
        what: each.outerHTML.slice(0, 120),
        main: !!each.closest("#main"),
    };
}"""
"""Where the focus is: the element's place in the page, and whether it can be seen to have the focus."""
MOST_TABS = 400


@pytest.fixture
def traded(world: World) -> World:
    """An installation with an order that was shipped, billed too dear and is going back, and one that was not answered."""
    purchase_order = shipped(world)
    world.network.bill([purchase_order.number], "dearer")
    world.run(1)
    lead = User.objects.get(username="lead")
    wanted = [Wanted(each.line_number, each.quantity, "defective") for each in purchase_order.lines.all()]
    open_return(lead, purchase_order, wanted, "The customer sent photos.", word="It does not light up.")
    world.network.choose(answer="silent")
    world.place(1002)
    world.run(2)
    return world


def addresses() -> Iterator[tuple[str, str]]:
    """Yield every list, its first row's page and its form for a new row, with their names; then the pages of our own."""
    for model, shown_by in sorted(admin.site._registry.items(), key=lambda each: each[0]._meta.label_lower):
        name = model._meta.model_name
        yield f"{name}s", list_url(model)
        row = model._default_manager.order_by("-pk").first()
        if row is not None:
            yield str(name), page_url(row)
        if type(shown_by).has_add_permission is admin.ModelAdmin.has_add_permission:
            yield f"{name}-new", reverse(f"admin:{model._meta.app_label}_{name}_add")
    document = Document.objects.filter(transaction_set="850").earliest("pk")
    yield from {
        "dashboard": reverse("admin:index"),
        "find": f"{reverse('find')}?q=100",
        "find-nothing": f"{reverse('find')}?q=nobody@nowhere.example",
        "order": page_url(Order.objects.earliest("pk")),
        "purchase-order": page_url(PurchaseOrder.objects.earliest("pk")),
        "document": page_url(document),
        "document-raw": f"{page_url(document)}?show=raw",
        "case": page_url(ExceptionCase.objects.earliest("pk")),
        "resubmission": reverse("admin:archive_document_send_again", args=[document.pk]),
        "claim-form": page_url(ReturnCase.objects.get()).replace("change/", "claim-form/"),
        "change-log": reverse("change_log"),
        "evidence": reverse("evidence"),
        "reporting-tables": reverse("reporting_tables"),
        "my-settings": reverse("my_settings"),
        "partner-onboarding": reverse(
            "admin:partners_tradingpartner_onboarding", args=[TradingPartner.objects.earliest("pk").pk]
        ),
        "partner-in-test": f"{list_url(TradingPartner)}add-in-test",
    }.items()


def test_every_page_can_be_used_by_everyone(traded: World, page: Page) -> None:
    log_in(page, "everything")
    folder = os.environ.get("GRIDPORT_SCREENSHOTS", "")
    every = list(addresses())
    assert len(every) > 80
    # All of our own, and by default each third of what the theme lays out by itself.
    looked_at = every if folder or is_whole() else [*every[:-OWN:3], *every[-OWN:]]
    wrong: list[tuple[str, ...]] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for name, address in looked_at:
            page.set_viewport_size({"width": 1440, "height": 900})
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            wrong += [(name, scheme, each["rule"], str(each["nodes"][:2])) for each in violations(page)]
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
            if scheme == "light":
                page.set_viewport_size({"width": NARROW, "height": 900})
                wide = page.evaluate("document.documentElement.scrollWidth")
                widest = page.evaluate(WIDEST, NARROW) if wide > NARROW else ""
                wrong += [(name, f"{wide} wide at {NARROW}", widest)] if wide > NARROW else []
    assert not wrong, "\n".join(map(str, wrong))


def test_the_tab_key_goes_through_each_page_from_top_to_bottom_and_can_be_seen(
    traded: World, page: Page
) -> None:
    log_in(page, "everything")
    wrong: list[tuple[str, str, str]] = []
    for name in ("dashboard", "find", "order", "case", "document", "resubmission", "evidence"):
        page.goto(dict(addresses())[name])
        stops = tab_stops(page)
        assert len([each for each in stops if each["main"]]) > 2, name
        wrong += [
            (name, "is not seen to have the focus", each["what"]) for each in stops if not each["shown"]
        ]
        wrong += [
            (name, "comes after what stands below it", after["what"])
            for before, after in pairwise(stops)
            if after["place"] < before["place"]  # a field of three parts has the focus three times
        ]
    assert not wrong, "\n".join(map(str, wrong))


def tab_stops(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the focus leaves the page; return where it went."""
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        stop = page.evaluate(REACHED)
        if stop is None or (stops and stop["place"] == stops[0]["place"]):
            return stops
        stops.append(stop)
    raise AssertionError(f"The focus does not leave the page; last it was at {stops[-1]['what']}")
