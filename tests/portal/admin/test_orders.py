"""An order on its one page: what was sent, what came back, what is wrong, and what is expected next."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from archive.models import Document, Transmission, TransmissionOutcome
from archive.projections import project
from archive.record import record_event
from integration.flows.cases import close_case
from integration.flows.match import match
from integration.flows.transmit import transmit
from integration.models import ExceptionCase, Expectation, Order, PurchaseOrder, StoreEffect
from integration.work import Unclaimed
from partners.models import Agreement, ItemCrossReference, Mailbox, TradingPartner
from portal.admin.show import list_url, page_url
from tests import factories
from tests.pages import Desk


@pytest.fixture
def desk(viewer: Client) -> Desk:
    """Somebody in view, who reads words."""
    return Desk(viewer)


def answered(purchase_order: PurchaseOrder, transaction_set: str, body: list[object]) -> Document:
    """Return an answer of the partner, matched as the real flow does."""
    document = factories.received(purchase_order.agreement, transaction_set, body)  # type: ignore[arg-type]
    match(str(document.pk), Unclaimed())
    return document


def purchase_order(number: int = 1042) -> PurchaseOrder:
    partner = factories.partner("Larch Supply")
    order = factories.order(number)
    agreement = factories.agreement(of=partner, on=factories.mailbox("Grid"), skus=["FS-1", "FS-2"])
    return factories.purchase_order(order, agreement)


def test_a_sent_order_says_what_is_expected_from_whom_until_when(desk: Desk) -> None:
    made = purchase_order()
    document = factories.sent(made)
    counted_from = Expectation.objects.first().counted_from
    assert document.recorded_at <= counted_from
    due = [counted_from + timedelta(hours=hours) for hours in (24, 48)]
    shown = [f"{each.day} {each:%b %Y %H:%M} UTC" for each in due]
    words = desk.page(made.order)
    assert (
        "Waiting for Larch Supply's functional acknowledgment (997) for 1042-1. Whose turn Larch Supply's Next It comes"
        f" by itself. Due {shown[0]}"
    ) in words
    assert (
        f"Waiting for Larch Supply's purchase order acknowledgment (855) for 1042-1, due {shown[1]}" in words
    )
    assert "Item FS-1 FS-1 2 1042-1 line 1, V-FS-1 2 each Waiting for an answer" in words
    assert "1042-1 Larch Supply under Larch Supply, drop shipment Sent, not answered yet" in words


def test_what_did_not_come_in_time_is_overdue(desk: Desk) -> None:
    made = purchase_order()
    factories.sent(made)
    Expectation.objects.filter(what="997").update(due_at=timezone.now())
    words = desk.page(made.order)
    assert (
        "Overdue: Larch Supply's functional acknowledgment (997) for 1042-1. Whose turn Larch Supply's Next It is late:"
        " ask for it. Was due"
    ) in words
    assert "Waiting for Larch Supply's purchase order acknowledgment (855)" in words


def test_an_accepted_order_shows_what_was_acknowledged_for_when_and_what_the_store_is_told(
    desk: Desk,
) -> None:
    made = purchase_order()
    document = factories.sent(made)
    answered(made, "997", factories.functional_acknowledgment(document))
    answered(made, "855", factories.acceptance(made))
    words = desk.page(made.order)
    assert "Order 1042 1042-1 Accepted by every partner" in words
    assert "Item FS-2 FS-2 5 1042-1 line 2, V-FS-2 5 each 5 for 1 Dec 2026 Accepted" in words
    assert "Set the order's status to Awaiting Shipment Waiting" in words
    assert "Write “1042-1: accepted” to the order's metafield purchase_orders Waiting" in words
    assert "Waiting for Larch Supply" not in words


def test_an_order_answered_otherwise_shows_the_difference_at_its_line(desk: Desk) -> None:
    made = purchase_order()
    factories.sent(made)
    answered(made, "855", factories.shortage(made))
    case = ExceptionCase.objects.get()
    words = desk.page(made.order)
    assert f"Open case: {case.sentence}" in words
    told = [moment.sentence for moment in desk.client.get(page_url(made.order)).context["timeline"]]
    assert [sentence for sentence in told if case.sentence in sentence] == [f"Case opened: {case.sentence}"]
    difference = case.evidence[0]
    assert (
        f"Answered differently {difference['what'].capitalize()}: asked {difference['asked']}, answered"
        in words
    )
    assert "1042-1 Larch Supply under Larch Supply, drop shipment Answered differently" in words


def test_a_document_that_was_rejected_is_no_longer_waited_for(desk: Desk) -> None:
    made = purchase_order()
    document = factories.sent(made)
    answered(made, "997", factories.functional_acknowledgment(document, "R"))
    words = desk.page(made.order)
    assert "Item FS-1 FS-1 2 1042-1 line 1, V-FS-1 2 each Rejected" in words
    assert "under Larch Supply, drop shipment Rejected" in words
    assert "Waiting for Larch Supply" not in words


def test_a_document_that_was_not_delivered_says_so(desk: Desk) -> None:
    made = purchase_order()
    document = factories.sent(made, delivered=False)
    assert "under Larch Supply, drop shipment Waiting to be sent" in desk.page(made.order)
    factories.attempted(document, TransmissionOutcome.Result.UNKNOWN, "The line went dead.")
    assert "under Larch Supply, drop shipment Unknown: the answer was lost" in desk.page(made.order)
    assert "The line went dead." in desk.page(Transmission.objects.get())


def test_a_held_order_says_its_reason_once(desk: Desk) -> None:
    order = factories.order(1042, state=Order.State.HELD, state_reason="No partner lists SKU FS-1.")
    assert "Order 1042 Held by a case Held: No partner lists SKU FS-1. Whose turn Yours" in desk.page(order)
    factories.case("No partner lists SKU FS-1.", order=order)
    words = desk.page(order)
    assert "Order 1042 Held by a case Needs a decision: no partner for an item. Whose turn Yours" in words
    assert words.count("No partner lists SKU FS-1.") == 2
    assert "Open case: No partner lists SKU FS-1." in words


def test_an_order_that_is_not_ours_says_why(desk: Desk) -> None:
    order = factories.order(1042, lines=[], state=Order.State.NOT_OURS, state_reason="It has no lines.")
    words = desk.page(order)
    assert "Not to be worked on Not worked on: It has no lines. Whose turn Nobody's" in words
    assert "The order has no lines." in words
    assert "None yet: the order is not worked on." in words


def test_a_line_that_nobody_ships_says_so(desk: Desk) -> None:
    lines = [
        factories.order_line(1, "GIFT-1", 1, "Gift card", type="digital"),
        factories.order_line(2, "", 1, "Plate"),
    ]
    words = desk.page(factories.order(1042, lines=lines))
    assert "Gift card GIFT-1 1 Not shipped" in words
    assert "Plate No SKU 1 Not with a partner" in words


def test_a_closed_case_stays_on_the_order_with_its_decision(desk: Desk) -> None:
    order = factories.order(1042)
    case = factories.case("No partner lists SKU FS-9.", order=order)
    ExceptionCase.objects.filter(pk=case.pk).update(
        closed_at=timezone.now(),
        closed_by="dora",
        decision="settled",
        decision_reason="Shipped by ourselves.",
    )
    words = desk.page(order)
    assert "Closed cases No partner lists SKU FS-9. Settled outside; nothing more to do, by dora" in words
    assert "Open case" not in words


def test_an_effect_that_failed_says_why(desk: Desk) -> None:
    order = factories.order(1042)
    StoreEffect.objects.create(
        order=order,
        kind="status",
        marker="a",
        intended={"status_id": 9},
        state="failed",
        answer={"error": "Refused."},
    )
    assert "Set the order's status to Awaiting Shipment Failed Refused." in desk.page(order)


def test_the_timeline_tells_the_whole_story_in_order_and_in_plain_words(
    viewer: Client, tmp_path: Path
) -> None:
    made = purchase_order()
    Mailbox.objects.update(inbound_path=str(tmp_path), outbound_path=str(tmp_path))
    record_event(made.order.subject, "order_read", "Order 1042 read from the store.")
    document = factories.sent(made, delivered=False)
    transmit(str(document.interchange.pk), Unclaimed())
    answered(made, "997", factories.functional_acknowledgment(document))
    answered(made, "855", factories.acceptance(made))
    told = viewer.get(page_url(made.order)).context["timeline"]
    assert [moment.sentence for moment in told] == [
        "Order 1042 read from the store.",
        "Purchase order 1042-1 written for Larch Supply, interchange 000000001.",
        f"Delivered to Grid as {document.interchange.name}.",
        "Functional acknowledgment (997) of Larch Supply read.",
        "Functional acknowledgment (997) of Larch Supply: accepted.",
        "Purchase order acknowledgment (855) of Larch Supply read.",
        "Answered with functional acknowledgment (997) 000000002: accepted.",
        "Larch Supply accepted purchase order 1042-1: 2 of 2 lines as ordered.",
    ]
    assert [moment.at for moment in told] == sorted(moment.at for moment in told)
    assert [moment.about.words if moment.about else "" for moment in told][1:3] == [
        "Purchase order (850) 1042-1"
    ] * 2


def test_no_page_speaks_in_internal_names(desk: Desk) -> None:
    made = factories.everything()
    answered(made, "855", factories.shortage(made))
    internal = re.compile(
        r"\b(?:order|document|case|transmission|interchange|purchase_order|store|mailbox|work):\d|\b[a-z]+_[a-z_]+\b"
    )
    said = {"purchase_orders"}  # the name of a metafield, which the store shows too
    rows = [made.order, Document.objects.first(), Document.objects.last(), ExceptionCase.objects.first()]
    for row in [*rows, Transmission.objects.first(), made.agreement, made.order.store]:
        assert row is not None
        assert set(internal.findall(desk.page(row))) <= said, row
    for model in (Order, Document, ExceptionCase, Transmission):
        assert set(internal.findall(desk.list(model))) <= said, model


def found(client: Client, address: str) -> set[str]:
    return {str(row) for row in client.get(address).context["cl"].result_list}


@pytest.fixture
def crowd(db: None) -> PurchaseOrder:
    """Order 1042 among 10420 to 10429, each with a purchase order."""
    wanted = purchase_order(1042)
    for number in range(10420, 10430):
        factories.purchase_order(factories.order(number), wanted.agreement)
    return wanted


@pytest.mark.parametrize("term", ["1042", "#1042", " 1042 ", "1042-1"])
def test_an_order_is_found_by_its_number_or_a_purchase_orders_and_no_other_is(
    viewer: Client, crowd: PurchaseOrder, term: str
) -> None:
    assert found(viewer, f"{list_url(Order)}?q={term.replace('#', '%23')}") == {"Order 1042"}


def test_a_number_that_is_not_whole_finds_how_numbers_begin(viewer: Client, crowd: PurchaseOrder) -> None:
    assert found(viewer, list_url(Order, "q=1042-")) == {"Order 1042"}
    assert len(found(viewer, list_url(Order, "q=104"))) == 11


def test_a_prefix_of_the_store_belongs_to_the_number(viewer: Client) -> None:
    made = purchase_order(1042)
    PurchaseOrder.objects.filter(pk=made.pk).update(number="HP1042-1")
    other = factories.purchase_order(factories.order(10420), made.agreement)
    PurchaseOrder.objects.filter(pk=other.pk).update(number="HP10420-1")
    for term in ("hp1042", "HP1042-1", "1042"):
        assert found(viewer, list_url(Order, f"q={term}")) == {"Order 1042"}, term


def test_a_case_is_found_by_the_whole_number_of_its_order_or_in_its_sentence(viewer: Client) -> None:
    for number in (1042, 10420):
        factories.case(f"No partner lists SKU FS-1 (1 in order {number}).", order=factories.order(number))
        factories.case(f"Told of order {number} by phone.")
    assert found(viewer, list_url(ExceptionCase, "q=1042")) == {
        "No partner lists SKU FS-1 (1 in order 1042).", "Told of order 1042 by phone.",
    }  # fmt: skip
    assert len(found(viewer, list_url(ExceptionCase, "q=no+partner"))) == 2


def test_documents_are_found_by_order_purchase_order_and_control_number(
    viewer: Client, crowd: PurchaseOrder
) -> None:
    document = factories.sent(crowd)
    other = factories.sent(PurchaseOrder.objects.get(number="10420-1"))
    for term in ("1042", "1042-1", document.interchange.control_number):
        rows = viewer.get(list_url(Document, f"q={term}")).context["cl"].result_list
        assert [row.pk for row in rows] == [document.pk], term
    number = int(other.interchange.control_number)
    rows = viewer.get(list_url(Document, f"q={number}")).context["cl"].result_list
    assert [row.pk for row in rows] == [other.pk]


def test_a_partner_an_agreement_and_an_item_are_found_by_name(viewer: Client) -> None:
    larch, alder = factories.partner("Larch Supply"), factories.partner("Alder Goods")
    factories.agreement(of=larch, skus=["LS-1"])
    factories.agreement(of=alder, skus=["AG-1"])
    assert found(viewer, list_url(TradingPartner, "q=larch+supply")) == {"Larch Supply"}
    assert found(viewer, list_url(TradingPartner, f"q={larch.identifiers.get().value}")) == {"Larch Supply"}
    assert found(viewer, list_url(Agreement, "q=Larch")) == {"Larch Supply, drop shipment"}
    assert found(viewer, list_url(ItemCrossReference, "q=AG")) == {"AG-1 → V-AG-1"}


def test_a_number_that_is_not_there_says_so_and_where_else_to_look(viewer: Client) -> None:
    factories.order(1042)
    answer = viewer.get(list_url(Order, "q=77777"))
    text = answer.content.decode()
    assert "No orders match “77777”." in text
    assert f'href="{list_url(Document, "q=77777")}"' in text


def test_the_header_of_every_page_leads_to_the_search_over_everything(viewer: Client) -> None:
    order = factories.order(1042)
    action = f'<form action="{reverse("find")}" role="search"'
    for address in (
        page_url(order),
        list_url(Document),
        list_url(Order),
        reverse("admin:index"),
        reverse("find"),
    ):
        assert viewer.get(address).content.decode().count(action) == 1, address


def test_a_list_shows_the_open_case_and_the_partners_of_an_order(desk: Desk) -> None:
    made = purchase_order()
    assert "Order 1042 Settling Ada Quist 69.30 USD Larch Supply Awaiting Fulfillment" in desk.list(Order)
    factories.case(order=made.order)
    assert "Order 1042 Settling No partner for an item Ada Quist" in desk.list(Order)
    second = factories.case(order=made.order)
    assert "Order 1042 Settling 2 cases Ada Quist" in desk.list(Order)
    close_case(second, ExceptionCase.Decision.SETTLED, "Done.")
    assert "Order 1042 Settling No partner for an item Ada Quist" in desk.list(Order)


def test_an_order_takes_as_many_queries_for_many_lines_as_for_few(viewer: Client) -> None:
    viewer.get(list_url(Order))  # the first page of a session notes when it began
    counts = []
    for lines in (1, 40):
        order = factories.order(
            lines=[factories.order_line(number, f"FS-{number}") for number in range(1, lines + 1)]
        )
        made = factories.purchase_order(order)
        document = factories.sent(made)
        answered(made, "997", factories.functional_acknowledgment(document))
        answered(made, "855", factories.acceptance(made))
        project(document)
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(page_url(order)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_a_page_remembers_the_list_that_it_was_opened_from(viewer: Client) -> None:
    document = factories.sent(purchase_order())
    answer = viewer.get(page_url(document) + "?_changelist_filters=q%3D1042%26direction__exact%3Dout")
    assert (
        answer.context["back_url"] == f"{list_url(Document, 'q=1042&direction__exact=out')}#row-{document.pk}"
    )
    assert (
        'href="?show=raw&amp;_changelist_filters=q%3D1042%26direction__exact%3Dout"'
        in answer.content.decode()
    )
