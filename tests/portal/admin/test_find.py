"""Find: one box for everything. What was meant comes first, under its order, and nothing that one may not see."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archive.models import AccessRecord, Document, Transmission
from integration import search
from integration.flows.match import match
from integration.flows.references import rebuild_references, write_references
from integration.models import ExceptionCase, Order, OrderDocument, OrderReference, PurchaseOrder
from integration.work import Unclaimed
from integration.x12.reading import parse_segments
from integration.x12.syntax import Separators
from portal.admin.show import list_url, page_url
from tests import factories
from tests.pages import Desk
from tests.partners.mapping.mapped_documents import wire
from tests.portal.admin.conftest import client_of

MOST_QUERIES = 27


def ask(client: Client, term: str, **more: str) -> HttpResponse:
    """Return the answer to a search."""
    return client.get(reverse("find"), {"q": term, **more})


def listed(answer: Any) -> dict[str, list[str]]:
    """Return the names of the orders of each section, in order."""
    assert answer.status_code == 200
    return {
        section.key: [str(group.order) for group in section.groups]
        for section in answer.context.get("sections", [])
    }


def follow(client: Client, term: str) -> list[Any]:
    """Return the answers page after page."""
    answers: list[Any] = [ask(client, term)]
    while answers[-1].context["next_url"]:
        answers.append(client.get(answers[-1].context["next_url"]))
        assert len(answers) < 50
    return answers


def purchase_order(number: int = 1042, **fields: Any) -> PurchaseOrder:
    order = factories.order(number, **fields)
    agreement = factories.agreement(of=factories.partner("Larch Supply"), skus=["FS-1", "FS-2"])
    return factories.purchase_order(order, agreement)


@pytest.fixture
def crowd(db: None) -> PurchaseOrder:
    """Order 1042 among 10420 to 10429, each with a purchase order."""
    wanted = purchase_order(1042)
    for number in range(10420, 10430):
        factories.purchase_order(factories.order(number), wanted.agreement)
    return wanted


@pytest.mark.parametrize(
    "term", ["1042", "#1042", " 1042 ", "01042", "order 1042", "1042-1", "1042 1", "PO-1042-1", "po 1042-1"]
)
def test_the_one_order_that_a_number_names_is_opened_at_once(
    viewer: Client, crowd: PurchaseOrder, term: str
) -> None:
    answer = ask(viewer, term)
    assert answer.status_code == 302
    assert answer["Location"] == page_url(crowd.order)


def test_a_number_that_is_another_ones_too_but_for_a_dash_opens_the_one_that_is_so_written(
    viewer: Client, crowd: PurchaseOrder
) -> None:
    assert ask(viewer, "10421")["Location"] == page_url(Order.objects.get(number=10421))
    assert ask(viewer, "1042-1")["Location"] == page_url(crowd.order)


def test_a_prefix_of_the_store_may_be_written_or_left_out(viewer: Client) -> None:
    made = purchase_order(1042)
    for order, number in ((made.order, "HP-77-1"), (factories.order(2001), "HP-770-1")):
        if order != made.order:
            factories.purchase_order(order, made.agreement)
        order.purchase_orders.update(number=number)
        write_references(order)
    for term in ("HP-77-1", "hp77-1", "77-1", "PO 77-1", "HP771", "771"):
        assert ask(viewer, term)["Location"] == page_url(made.order), term
    assert listed(ask(viewer, "HP77")) == {"longer": ["Order 1042", "Order 2001"]}


def test_a_purchase_order_that_is_another_orders_number_leaves_the_choice_the_order_first(
    viewer: Client,
) -> None:
    order = factories.order(1042)
    other = purchase_order(2001)
    PurchaseOrder.objects.update(number="1042")
    write_references(other.order)
    assert listed(ask(viewer, "1042")) == {"exact": ["Order 1042", "Order 2001"]}
    words = Desk(viewer).read(f"{reverse('find')}?q=1042")
    assert "Order 1042 Settling Order 1042 Ada Quist" in words
    assert "Order 2001 1042 Settling Purchase order 1042 Ada Quist" in words
    assert order.number == 1042


def test_exact_matches_come_before_beginnings_and_these_in_the_order_of_their_numbers(
    viewer: Client, crowd: PurchaseOrder
) -> None:
    factories.order(104, customer="Ida Stern")
    factories.order(2001, customer="Ida Stern", lines=[factories.order_line(1, "104")])
    answer = ask(viewer, "104")
    assert listed(answer) == {
        "exact": ["Order 104", "Order 2001"],
        "longer": ["Order 1042", *(f"Order {number}" for number in range(10420, 10430))],
    }
    assert [section.heading for section in answer.context["sections"]] == [
        "Matches “104”",
        "Begins with “104”",
    ]


def test_an_order_stands_once_with_what_matched_and_its_documents_beneath(viewer: Client) -> None:
    made = purchase_order(1042)
    document = factories.sent(made)
    for kind, body in (
        ("997", factories.functional_acknowledgment(document)),
        ("855", factories.shortage(made)),
    ):
        match(str(factories.received(made.agreement, kind, body).pk), Unclaimed())
    factories.order(2001)
    answer = ask(viewer, "FS-1")
    assert listed(answer) == {"exact": ["Order 2001", "Order 1042"]}
    group = answer.context["sections"][0].groups[1]
    assert group.matches == "SKU FS-1"
    assert [row.name for row in group.documents] == [
        "Purchase order (850)",
        "Functional acknowledgment (997)",
        "Purchase order acknowledgment (855)",
    ]
    assert group.further == 0
    assert answer.context["sections"][0].loose == []


def test_an_order_with_many_documents_shows_the_last_and_says_how_many_there_are(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_DOCUMENTS", 2)
    made = purchase_order(1042)
    documents = [factories.document(made.agreement, number=f"X{number}") for number in range(5)]
    for document in documents:
        OrderDocument.objects.create(order=made.order, document=document, role="purchase_order")
    answer = ask(viewer, "larch supply")
    [group] = answer.context["sections"][0].groups
    assert [row.url for row in group.documents] == [page_url(document) for document in documents[-2:]]
    assert "3 earlier documents on the order" in answer.content.decode()


@pytest.mark.parametrize(
    "term",
    [
        "Zoë Żak", "zoe zak", "ZAK ZOE", "zak, zoë", "zoe", "Zo", "zoe.zak@example.com", "ZOE.ZAK@", "zoe.zak",
        "Ann O’Hara", "o'hara ann", "Zak Ltd",
    ],
)  # fmt: skip
def test_a_customer_is_found_by_name_company_or_address_in_any_spelling(viewer: Client, term: str) -> None:
    factories.order(2001)
    order = factories.order(1042, customer="Zoë Żak")
    order.content["billing_address"] = {
        "first_name": "Zoë",
        "last_name": "Żak",
        "company": "Żak Ltd.",
        "email": "Zoe.Zak@example.com",
    }
    order.content["addresses"] = [
        factories.address(first_name="Ann", last_name="O'Hara", email="ann@example.com")
    ]
    order.save()
    write_references(order)
    assert [names for names in listed(ask(viewer, term)).values()] == [["Order 1042"]]


def test_two_customers_with_one_address_are_both_listed(viewer: Client) -> None:
    for number, name in ((1, "Ada Quist"), (2, "Ida Stern")):
        factories.order(number, customer=name)
    assert listed(ask(viewer, "ada@example.com")) == {"exact": ["Order 2", "Order 1"]}


@pytest.mark.parametrize("term", ["{:09d}", "{}", "ISA {:09d}", "GS06 {}"])
def test_a_control_number_opens_the_one_document_that_has_it(viewer: Client, term: str) -> None:
    # what the numbers 1 to 3 are is up to many documents: every ST02 is 0001
    made = [factories.sent(purchase_order(1042))]
    made += [
        factories.sent(factories.purchase_order(factories.order(number), made[0].agreement))
        for number in (3001, 3002)
    ]
    number = int(made[2].interchange.control_number)
    assert ask(viewer, term.format(number))["Location"] == page_url(made[2])


def test_a_set_control_number_that_all_have_lists_their_orders_newest_first(viewer: Client) -> None:
    first = purchase_order(1042)
    factories.sent(first)
    factories.sent(factories.purchase_order(factories.order(3001), first.agreement))
    assert listed(ask(viewer, "0001")) == {"exact": ["Order 3001", "Order 1042"]}


def test_a_document_of_no_order_or_of_several_stands_in_a_group_of_its_own(viewer: Client) -> None:
    agreement = factories.agreement(of=factories.partner("Larch Supply"))
    stray, shared = (factories.document(agreement, number=number) for number in ("X-77", "X-770"))
    for number in (1042, 2001):
        OrderDocument.objects.create(
            order=factories.order(number), document=shared, role="purchase_order_acknowledgment"
        )
    answer: Any = ask(viewer, "X-7")
    [section] = answer.context["sections"]
    assert (section.key, section.groups) == ("longer", [])
    assert [(each.row.url, each.matches) for each in section.loose] == [
        (page_url(stray), "Purchase order X-77"),
        (page_url(shared), "Purchase order X-770"),
    ]
    assert "Documents of no order, or of several" in answer.content.decode()
    assert ask(viewer, "x77")["Location"] == page_url(stray)


def test_files_are_found_by_their_name_in_capitals_or_not_and_by_the_number_inside(viewer: Client) -> None:
    mailbox = factories.mailbox("Grid")
    broken = factories.received_file(mailbox, b"what is this", "Notes.TXT")
    factories.received_file(mailbox, b"nothing", "other.txt")
    for term, key in (("notes.txt", "exact"), ("NOTES", "longer")):
        answer: Any = ask(viewer, term)
        [section] = answer.context["sections"]
        assert (section.key, [each["row"] for each in section.files]) == (key, [broken]), term
    for _ in range(2):
        document = factories.received(factories.agreement(on=mailbox), "855", factories._body("855", "77"))
    number = int(document.interchange.control_number)
    answer = ask(viewer, f"{number} ")
    if answer.status_code == 302:
        assert answer["Location"] == page_url(document)
    files = search.find(f"{number:09d}", search.Scope(False, False, True)).exact.files
    assert files == [document.interchange.transmission]


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("810/dropship_invoice", ("INV-88120", "88120", "794600001234", "BW-LAMP-7")),
        ("810/credit_memo", ("CM-5008", "RMA 4471")),
        # Not by its items, of which it may have ten thousand: those lead to the store's items.
        ("846/next_receipt", ("SA-20260302",)),
        ("180/return_authorized", ("RMA-5120", "1Z 999 AA1 01 2345 6784")),
        ("812/price_correction", ("CR-3001", "SO-90017")),
        ("824/invoice_rejected", ("AA-118", "3376104410")),
    ],
)
def test_a_document_of_any_kind_is_found_by_the_numbers_in_it(
    viewer: Client, name: str, terms: tuple[str, ...]
) -> None:
    body = parse_segments(wire(name), Separators())[1:-1]
    document = factories.received(factories.agreement(), name[:3], body)
    for term in terms:
        found = search.find(term, search.Scope(False, True, False))
        among = [found.straight] if found.straight else [each.document for each in found.exact.documents]
        assert among == [document], term


def test_nothing_found_says_what_was_looked_among_and_what_else_to_try(viewer: Client) -> None:
    factories.order(1042)
    answer = ask(viewer, "77777")
    words = Desk(viewer).read(f"{reverse('find')}?q=77777")
    assert "Nothing matches “77777”" in words
    assert (
        "Looked among orders, purchase orders, SKUs, UPCs, vendors' items, customers, customers' e-mail addresses,"
        " partners, partners' own order numbers, interchange control numbers, group control numbers, set control"
        " numbers, invoices, shipments, return authorizations (RMA), tracking numbers, carton labels (SSCC), other references, other item numbers, files' names"
    ) in words
    assert "Try fewer characters from the beginning" in words
    text = answer.content.decode()
    for address in (list_url(ExceptionCase, "q=77777&amp;cases=all"), list_url(Order), list_url(Document)):
        assert f'class="gp-button" href="{address}"' in text


def test_without_a_term_the_page_says_what_may_be_looked_for(viewer: Client) -> None:
    words = Desk(viewer).read(reverse("find"))
    assert "What to look for Type any number or name into the box above" in words
    assert "Interchange control numbers" in words


def somebody(*permissions: str) -> Client:
    user = factories.user()
    user.user_permissions.add(*(Permission.objects.get(codename=name) for name in permissions))
    return client_of(user)


@pytest.fixture
def story(db: None) -> PurchaseOrder:
    """An order that was sent and answered, a stray document and its files, all to be found by one partner's name."""
    made = purchase_order(1042)
    factories.sent(made)
    factories.received(made.agreement, "855", factories.acceptance(made), name="larch supply.edi")
    return made


@pytest.mark.parametrize(
    ("permissions", "orders", "beneath", "loose", "files"),
    [
        (("view_order", "view_document", "view_transmission"), 1, 1, 2, 1),
        (("view_order",), 1, 0, 0, 0),
        (("view_document",), 0, 0, 3, 0),
        (("view_transmission",), 0, 0, 0, 1),
        (("view_order", "view_document"), 1, 1, 2, 0),
    ],
)
def test_only_what_one_may_look_at_is_found_and_shown(
    story: PurchaseOrder, permissions: tuple[str, ...], orders: int, beneath: int, loose: int, files: int
) -> None:
    answer: Any = ask(somebody(*permissions), "larch supply")
    sections = answer.context["sections"]
    groups = [group for section in sections for group in section.groups]
    assert len(groups) == orders
    assert sum(len(group.documents) for group in groups) == beneath
    assert sum(len(section.loose) for section in sections) == loose
    assert sum(len(section.files) for section in sections) == files


def test_a_number_does_not_lead_to_what_one_may_not_look_at(story: PurchaseOrder) -> None:
    only_documents = somebody("view_document")
    [section] = ask(only_documents, "1042-1").context["sections"]
    assert len(section.loose) == 2
    assert section.groups == []
    assert "Ada Quist" not in ask(only_documents, "larch supply").content.decode()
    assert "Nothing matches" in ask(only_documents, "ada quist").content.decode()
    assert "Nothing matches" in ask(somebody("view_order"), "000000001").content.decode()


def test_who_may_look_at_nothing_is_refused_and_who_is_not_logged_in_is_asked_to(db: None) -> None:
    assert ask(somebody(), "1042").status_code == 403
    assert ask(somebody("view_store"), "1042").status_code == 403
    assert b'role="search"' not in somebody("view_store").get(reverse("admin:index")).content
    answer = ask(Client(), "1042")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("admin:login"))


def test_a_search_reads_no_content_and_is_on_record_itself(viewer: Client, story: PurchaseOrder) -> None:
    before = AccessRecord.objects.count()
    for term in ("1042", "larch supply", "FS-1", "ada quist", "000000001", "nothing"):
        ask(viewer, term)
    rows = list(AccessRecord.objects.order_by("pk"))[before:]
    assert len([row for row in rows if row.kind == AccessRecord.Kind.SEARCH]) == 6
    assert not any(row.payload for row in rows)


def test_pages_follow_each_other_by_key_and_give_every_order_once(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = purchase_order(1)
    factories.sent(made)
    for number in range(2, 12):
        factories.sent(factories.purchase_order(factories.order(number), made.agreement))
    for number in range(12, 16):
        factories.document(made.agreement, number=f"X{number}")
    monkeypatch.setattr(search, "PAGE", 4)
    for batch in (60, 5):
        monkeypatch.setattr(search, "_BATCH", batch)
        for term in ("larch supply", "larch", "FS-1", "V-FS", "0001"):
            answers = follow(viewer, term)
            groups = [name for answer in answers for names in listed(answer).values() for name in names]
            # Order 1 is a step nearer to 0001 than every document's control number.
            first = [1] if term == "0001" else []
            expected = [*first, *(number for number in range(11, 0, -1) if number not in first)]
            assert groups == [f"Order {number}" for number in expected], (term, batch)
            loose = [
                each for answer in answers for section in answer.context["sections"] for each in section.loose
            ]
            assert len(loose) == (4 if term in ("larch supply", "larch", "0001") else 0), (term, batch)
            assert len({each.row.url for each in loose}) == len(loose)


def test_what_comes_meanwhile_moves_no_page(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 3)
    for number in range(1, 8):
        factories.order(number)
    answer: Any = ask(viewer, "ada quist")
    assert listed(answer) == {"exact": ["Order 7", "Order 6", "Order 5"]}
    factories.order(8)
    answer = viewer.get(answer.context["next_url"])
    assert listed(answer) == {"exact": ["Order 4", "Order 3", "Order 2"]}
    assert answer.context["first_url"] == f"{reverse('find')}?q=ada+quist"


def test_counts_go_no_further_than_a_thousand(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 8):
        factories.order(number)
    assert ask(viewer, "ada quist").context["count"] == "7 orders and documents match"
    monkeypatch.setattr(search, "PAGE", 3)
    assert ask(viewer, "ada quist").context["count"] == "7 orders and documents match"
    monkeypatch.setattr(search, "MOST_COUNTED", 6)
    assert ask(viewer, "ada quist").context["count"] == "6+ orders and documents match"


@pytest.mark.parametrize("after", ["x", "", "1:2:3", "WzAsIiIsMSwwLDFd:forged:key"])
def test_a_key_that_is_none_of_ours_shows_the_first_page(viewer: Client, after: str) -> None:
    factories.order(1)
    factories.order(2)
    assert listed(ask(viewer, "ada quist", after=after)) == {"exact": ["Order 2", "Order 1"]}


@pytest.mark.parametrize(
    "term",
    ["'; DROP TABLE x; --", "9" * 400, "é\x00ü", "²", "#", "%", "_", " ", "\\y(", "*", "<script>alert(1)</script>", "a " * 300, "﷽", "@", "."],
)  # fmt: skip
def test_whatever_is_typed_is_answered_as_text(viewer: Client, story: PurchaseOrder, term: str) -> None:
    answer = ask(viewer, term)
    assert answer.status_code == (302 if term == "²" else 200)
    assert b"<script>alert" not in answer.content


def test_a_search_takes_as_many_queries_for_many_matches_as_for_few(viewer: Client) -> None:
    made = purchase_order(1)
    factories.sent(made)
    ask(viewer, "larch supply")  # what is asked once in a process is not counted, whatever ran before
    counts = []
    for number in (2, 30):
        for each in range(number * 100, number * 100 + number):
            document = factories.sent(factories.purchase_order(factories.order(each), made.agreement))
            match(
                str(
                    factories.received(
                        made.agreement, "855", factories.acceptance(document.orders.get().purchase_order)
                    ).pk
                ),
                Unclaimed(),
            )
        factories.document(made.agreement, number=f"X-{number}")
        with CaptureQueriesContext(connection) as queries:
            answer: Any = ask(viewer, "larch supply")
        counts.append(len(queries))
    assert answer.context["next_url"]
    with CaptureQueriesContext(connection) as queries:
        viewer.get(answer.context["next_url"])
    counts.append(len(queries))
    assert max(counts) <= MOST_QUERIES, counts


def test_order_references_dropped_and_rebuilt_are_equal(db: None) -> None:
    made = purchase_order(1042)
    factories.order(2001, customer="Zoë Żak")
    columns = ("order", "kind", "value", "normal", "rank")
    before = sorted(OrderReference.objects.values_list(*columns))
    assert rebuild_references() == 2
    assert sorted(OrderReference.objects.values_list(*columns)) == before
    assert {row[1] for row in before if row[0] == made.order_id} == {
        "order", "purchase_order", "partner", "sku", "vendor_item", "customer", "email",
    }  # fmt: skip


def test_an_order_that_changed_is_found_by_what_it_says_now_and_unchanged_rows_stay(viewer: Client) -> None:
    order = factories.order(1042)
    kept = dict(OrderReference.objects.exclude(kind="customer").values_list("pk", "normal"))
    order.customer_name = "Ida Stern"
    order.content["addresses"][0] |= {"first_name": "Ida", "last_name": "Stern"}
    order.save()
    write_references(order)
    assert listed(ask(viewer, "ida stern")) == {"exact": ["Order 1042"]}
    assert "Nothing matches" in ask(viewer, "ada quist").content.decode()
    assert dict(OrderReference.objects.exclude(kind="customer").values_list("pk", "normal")) == kept
    assert Transmission.objects.count() == 0
