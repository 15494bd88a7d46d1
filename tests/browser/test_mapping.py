"""A partner with a variant of his own is taken on in the admin; the next purchase order goes out so. And T16."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from archive.models import AuditEntry, Document
from integration.flows.compose import time_zone_of
from integration.models import PurchaseOrder
from partners.models import MappingProfile
from portal.admin.show import list_url, page_url
from tests import factories
from tests.browser.driver import Actions, is_ready
from tests.browser.test_desk import CONTRASTS, log_in
from tests.integration.flows.test_mapping_profiles import CARRIER_LINE, WHY, released
from tests.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.browser

GUIDE = "Their guide of March, page 7."
PROJECT = "{REF: {1: =19, 2: customer_order_number}}"


def add_row(page: Page, operation: str, address: str, value: str) -> None:
    page.get_by_role("link", name="Add a row…").click()
    page.locator("#id_operation").select_option(operation)
    page.locator("#id_address").fill(address)
    page.locator("#id_value").fill(value)
    page.locator("#id_reason").fill(GUIDE)
    page.get_by_role("button", name="Add the row").click()


def sent_lines(world: World, number: str) -> list[str]:
    """Return the segments of the one 850 of that number, as it arrived on the mailbox."""
    (arrival,) = [
        text for path in world.network.taken.iterdir() if f"*{number}*" in (text := path.read_text("latin-1"))
        and "GS*PO*" in text
    ]  # fmt: skip
    return arrival.replace("\n", "").split("~")


def test_a_partner_with_a_variant_is_taken_on_and_the_next_purchase_order_goes_out_so(
    world: World, page: Page
) -> None:
    world.place(1001)
    world.run()
    made = PurchaseOrder.objects.get(number="1001-1")
    log_in(page, "decide")
    page.get_by_role("link", name="Mapping profiles").click()
    page.get_by_role("link", name="Add mapping profile").first.click()
    page.locator("#id_name").fill("Acme orders")
    page.get_by_label("Document").select_option("850")
    page.locator("#id_reason").fill("Acme wants its own.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("it is the shipped guide as it is")).to_be_visible()

    add_row(page, "constant", "TD5.9", "B")
    expect(page.get_by_role("alert")).to_contain_text("The base guide has no 'TD5.9'; near it are TD5.")
    page.locator("#id_address").fill("TD5.1")
    page.get_by_role("button", name="Add the row").click()
    add_row(page, "add", "", PROJECT)
    expect(page.get_by_text("{REF: {1: =19, 2: customer_order_number}}").first).to_be_visible()

    page.get_by_role("link", name="Release…").click()
    expect(page.get_by_text("There are no samples")).to_be_visible()
    expect(page.get_by_role("button", name="Release revision 1")).to_have_count(0)
    page.get_by_role("link", name="Back to the profile").click()

    page.get_by_role("link", name="Rehearse…").click()
    page.get_by_role("link", name="Purchase order 1001-1 for").click()
    segments = page.get_by_role("region", name="The X12").get_by_role("listitem")
    expect(segments.first).to_contain_text("ST*850")
    is_ready(page)
    rehearsed = [re.sub(r"~.*", "", text) for text in segments.all_inner_texts()]
    placed_on = made.order.placed_at.astimezone(time_zone_of(made.agreement, made.order))
    assert rehearsed[:2] == ["ST*850*0001", f"BEG*00*DS*1001-1**{placed_on:%Y%m%d}"]
    assert "REF*19*1001" in rehearsed
    number = (
        page.get_by_role("row").filter(has_text="purchase_order_number").get_by_role("link", name="BEG03")
    )
    number.hover()
    expect(page.locator("#at-2-3")).to_have_class(re.compile("gp-lit"))
    number.click()
    expect(page.locator("#at-2-3:target")).to_have_count(1)
    page.locator("#id_name").fill("A drop shipment")
    page.locator("#id_reason").fill("Held against page 7.")
    page.get_by_role("button", name="Keep as a sample").click()
    expect(page.get_by_text("Passes")).to_be_visible()

    page.get_by_role("link", name="Release…").click()
    page.locator("#id_reason").fill("Acme has seen it.")
    page.get_by_role("button", name="Release revision 1").dblclick()
    expect(page.get_by_role("button", name="Release revision 1")).to_have_count(0)
    expect(page.get_by_text("Revision 1").first).to_be_visible()
    assert MappingProfile.objects.get().revisions.count() == 1

    page.goto(page_url(made.agreement))
    page.get_by_role("link", name="Choose…").first.click()
    page.get_by_label("Mapped by").select_option(label="Acme orders, revision 1")
    page.locator("#id_reason").fill("From today on.")
    page.get_by_role("button", name="Choose").click()
    expect(page.get_by_role("link", name="Acme orders, revision 1")).to_be_visible()

    world.place(1004)
    world.run()
    first, second = sent_lines(world, "1001-1"), sent_lines(world, "1004-1")
    assert [line for line in first if line.startswith(("REF*19", "TD5*B"))] == []
    assert [line for line in second if line.startswith("REF*19")] == ["REF*19*1004"]
    assert all(line.startswith("TD5*B*") for line in second if line.startswith("TD5"))
    guides = Document.objects.filter(transaction_set="850", agreement=made.agreement).order_by("pk")
    revision = MappingProfile.objects.get().current
    assert revision is not None
    assert list(guides.values_list("guide", flat=True)) == ["shipped/004010/850", revision.guide_name]


def test_t16_an_administrator_changes_a_mapping_and_sees_its_effect(page: Page, portal: str) -> None:
    lead = factories.user("lea", "decide")
    made = factories.purchase_order(factories.order(1042))
    profile = factories.mapping_profile("Larch orders")
    released(lead, profile, CARRIER_LINE)
    actions = Actions(page)
    log_in(page, "decide")
    page.goto(page_url(profile))
    with actions.counted(most=4):
        page.get_by_role("link", name="Change…").click()
        page.locator("#id_value").fill("Z")
        page.locator("#id_reason").fill("Page 8 says Z.")
        page.get_by_role("button", name="Change the row").click()
        page.get_by_role("link", name="Rehearse…").click()
        page.get_by_role("link", name=f"Purchase order {made.number}").click()
    line = page.get_by_role("region", name="The X12").get_by_role("listitem").filter(has_text="TD5*Z")
    expect(line).to_contain_text("differs")
    expect(page.get_by_text("The released revision has TD5*B****Ground")).to_be_visible()
    page.get_by_role("link", name="Larch orders").click()
    changes = page.get_by_role("region", name="Changes").get_by_role("row")
    expect(changes.nth(1)).to_contain_text("Change mapping row constant TD5.1")
    expect(changes.nth(1)).to_contain_text("Page 8 says Z.")
    assert AuditEntry.objects.latest("pk").detail == {"row": "constant TD5.1", "was": "B", "is": "Z"}


@pytest.fixture
def pages(page: Page) -> dict[str, str]:
    """Addresses of the pages of a mapping profile, filled; somebody in decide is logged in."""
    lead = factories.user("lea", "decide")
    made = factories.purchase_order(factories.order(1042))
    profile = factories.mapping_profile("Larch orders", note=WHY)
    released(lead, profile, CARRIER_LINE)
    profile.overrides.create(
        position=9, operation="constant", address="CUR.1", value="SE", was="~XX", note=WHY, author="lea"
    )
    profile.overrides.update(was="~O")
    other = factories.mapping_profile("Birch orders")
    released(lead, other, CARRIER_LINE)
    other.overrides.update(value="Z")
    sample = other.samples.get()
    log_in(page, "decide")

    def of(name: str, *args: object) -> str:
        return reverse(f"admin:partners_mappingprofile_{name}", args=[other.pk, *args])

    return {
        "list": list_url(MappingProfile),
        "profile with a refused row": page_url(profile),
        "profile": page_url(other),
        "row": f"{of('row_add')}?address=TD5.1",
        "places": f"{of('places')}?q=PO1",
        "choice": of("rehearse"),
        "rehearsal": f"{of('rehearse')}?source=purchase_order:{made.pk}",
        "sample": of("sample", sample.pk),
        "revisions": of("revisions"),
        "release": of("release"),
    }


def test_the_pages_of_a_profile_can_be_read_by_day_by_night_and_in_any_window(
    page: Page, pages: dict[str, str]
) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for name, address in pages.items():
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(address)
            found = page.evaluate(CONTRASTS)
            assert (found["background"] < 0.1) == (scheme == "dark"), name
            assert found["weak"] == [], (name, scheme)
            for width in (1440, 900, 360):
                page.set_viewport_size({"width": width, "height": 900})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{name} is {wide} wide in a window of {width}."
