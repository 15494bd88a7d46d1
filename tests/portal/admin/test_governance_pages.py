"""Rules, holds, what is due, disposals and certificates as pages: what they show, and who may do what."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from archive.models import (
    DisposalCertificate,
    DisposalRefusal,
    DisposalRun,
    Document,
    DocumentReference,
    Hold,
    RetentionRevision,
    Translation,
)
from archive.projections import rebuild
from archive.search import reference_rows
from integration.flows.bulk import plan_bulk
from integration.flows.destroy import destroy
from integration.flows.disposals import plan_disposal
from integration.flows.holds import Covered, take_hold
from integration.flows.resubmit import plan_resubmit
from integration.flows.rights import Refused
from integration.work import Unclaimed
from portal.admin.show import list_url, page_url
from portal.groups import AUDITOR, RECORDS_MANAGER
from tests import factories
from tests.governed import WHY, archived, dated, destroyed, old_order_document, rule, years_later

YEARS_AGO = datetime.now(UTC) - timedelta(days=3 * 366)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def keepers(committed: str) -> tuple[User, User]:
    return factories.user("kara", RECORDS_MANAGER), factories.user("kofi", RECORDS_MANAGER)


def post(client: Client, address: str, **given: object) -> str:
    """Post a form, follow it, and return what the page says."""
    return html.unescape(client.post(address, given, follow=True).content.decode())


def test_from_a_rule_to_the_certificate_by_two_people(keepers: tuple[User, User]) -> None:
    document = old_order_document(YEARS_AGO)
    first, second = map(client_of, keepers)
    page = post(
        first, reverse("admin:archive_retentionrule_add_one"),
        name="Purchase orders", kinds=["850"], years=2, starts="exchanged", legal_reason="Commercial code", reason=WHY,
    )  # fmt: skip
    assert "2 years from the day it was sent or received" in page
    due = reverse("admin:archive_disposalrun_due")
    shown = first.get(due)
    assert "1 file due" in shown.content.decode()
    number = document.state.number
    assert f'{page_url(document)}">Purchase order (850) {number}</a>' in shown.content.decode()
    proposed = post(first, due, reason="Once a year.", verb="propose", **shown.context["page"].hidden)
    assert "Waits for a second person" in proposed
    run = DisposalRun.objects.get()
    decide = reverse("admin:archive_disposalrun_decide", args=[run.pk])
    assert "You have proposed this: a second person has to approve it." in post(
        first, decide, verb="approve", reason=WHY
    )
    assert "Being carried out" in post(second, decide, verb="approve", reason="Looked through.")
    destroy(str(run.items.get().pk), Unclaimed())
    certificate = DisposalCertificate.objects.get()
    page = first.get(page_url(certificate)).content.decode()
    for words in (
        number,
        "Commercial code",
        "kara: Once a year.",
        "kofi: Looked through.",
        certificate.payload.commitment,
    ):
        assert words in page, words
    paper = first.get(reverse("admin:archive_disposalcertificate_pdf", args=[certificate.pk, "a4"]))
    assert paper.content.startswith(b"%PDF")
    assert (
        paper["Content-Disposition"] == f'attachment; filename="certificate-of-disposal-{certificate.pk}.pdf"'
    )


def test_of_what_was_destroyed_the_page_the_lists_and_find_go_on(keepers: tuple[User, User]) -> None:
    document = old_order_document(YEARS_AGO)
    before = {(each.kind, each.value) for each in DocumentReference.objects.filter(document=document)}
    assert "sku" in {kind for kind, _ in before}
    number = document.state.number
    rule(keepers[0])
    destroyed(*keepers)
    client = client_of(factories.user(group=AUDITOR))
    page = client.get(page_url(document)).content.decode()
    certificate = DisposalCertificate.objects.get()
    assert f"Certificate {certificate.pk}" in page
    assert "It was destroyed on" in page
    with pytest.raises(Refused, match="It was destroyed on"):
        plan_resubmit(document)
    [refusal] = plan_bulk(Document.objects.filter(pk=document.pk)).refusals
    assert refusal.sentence == "Its content was destroyed once its retention was over."
    download = client.get(reverse("admin:archive_document_download", args=[document.pk]))
    assert download.status_code == 410
    assert number in client.get(list_url(Document)).content.decode()
    assert client.get(reverse("find"), {"q": number}).status_code in (200, 302)
    after = {(each.kind, each.value) for each in DocumentReference.objects.filter(document=document)}
    assert ("purchase_order", number) in after
    assert {kind for kind, _ in after} == {
        "purchase_order", "order", "partner", "control_number", "group_control_number", "set_control_number"
    }  # fmt: skip
    state = Document.objects.get(pk=document.pk).state
    assert (state.number, state.sha256) == (number, "")
    translation = Translation.objects.get(document=document)
    assert (translation.content, translation.findings, translation.report) == (None, [], [])
    shown = (state.validation, state.delivery, state.acknowledgment)
    rebuild()
    rebuilt = Document.objects.get(pk=document.pk).state
    assert (rebuilt.validation, rebuilt.delivery, rebuilt.acknowledgment) == shown
    assert {(each.kind, each.value) for each in DocumentReference.objects.filter(document=document)} == after


def test_a_document_without_a_number_of_its_own_is_listed_by_its_interchange(
    keepers: tuple[User, User],
) -> None:
    """Of twenty functional acknowledgments on one page each is told from the others."""
    _, [document] = archived(factories.mailbox(), factories.partner(), ["997"])
    dated(YEARS_AGO, document)
    number = document.interchange.control_number
    for row in reference_rows([("control_number", number)]):
        DocumentReference.objects.create(document=document, **row._asdict())
    rule(keepers[0])
    [entry] = plan_disposal().entries
    assert entry.words == f"Functional acknowledgment (997) in interchange {number}"


def test_what_is_due_is_shown_and_proposed_of_one_partner_alone(keepers: tuple[User, User]) -> None:
    ours, theirs = old_order_document(YEARS_AGO), old_order_document(YEARS_AGO)
    rule(keepers[0])
    client = client_of(keepers[0])
    due = reverse("admin:archive_disposalrun_due")
    assert "2 files due" in client.get(due).content.decode()
    of_one = f"{due}?partner={theirs.partner_id}"
    shown = client.get(of_one)
    assert "1 file due" in shown.content.decode()
    assert client.get(f"{due}?partner=²").status_code == 200
    post(client, of_one, reason=WHY, verb="propose", **shown.context["page"].hidden)
    run = DisposalRun.objects.get()
    assert run.scope == f"What is due of {theirs.partner}"
    assert run.items.get().payload_id == theirs.interchange.payload_id
    assert "1 file due" in client.get(due).content.decode()
    assert plan_disposal(ours.partner).counted == "1 file"


def test_what_was_put_on_hold_after_it_was_approved_stays_and_says_why(keepers: tuple[User, User]) -> None:
    document = old_order_document(YEARS_AGO)
    order = document.orders.get().order
    rule(keepers[0])
    client = client_of(keepers[0])
    due = reverse("admin:archive_disposalrun_due")
    post(client, due, reason=WHY, verb="propose", **client.get(due).context["page"].hidden)
    run = DisposalRun.objects.get()
    post(
        client_of(keepers[1]),
        reverse("admin:archive_disposalrun_decide", args=[run.pk]),
        verb="approve",
        reason=WHY,
    )
    page = post(
        client,
        reverse("admin:archive_hold_take"),
        matter="Larch against us",
        order=order.number,
        reason="Counsel asked.",
    )
    assert f"Everything of order {order.number} of {order.store}, now and later" in page
    destroy(str(run.items.get().pk), Unclaimed())
    assert "Larch against us" in DisposalRefusal.objects.get().sentence
    assert "Larch against us" in client.get(page_url(run)).content.decode()
    assert "It is on hold since" in client.get(page_url(document)).content.decode()
    assert client.get(due).context["page"].verbs == []


def test_a_hold_is_released_by_two(keepers: tuple[User, User]) -> None:
    partner = factories.partner()
    hold = take_hold(keepers[0], "Tax audit", Covered(partner=partner), WHY)
    decide = reverse("admin:archive_hold_decide", args=[hold.pk])
    first, second = map(client_of, keepers)
    assert "Proposed. It holds until a second person approves." in post(
        first, decide, verb="propose", reason=WHY
    )
    assert "You have proposed to release it: a second person has to approve." in post(
        first, decide, verb="approve", reason=WHY
    )
    assert "Released: retention rules alone decide now." in post(
        second, decide, verb="approve", reason="It is over."
    )
    assert second.post(decide, {"verb": "approve", "reason": WHY}).status_code == 400
    assert "Released" in first.get(list_url(Hold, "state=released")).content.decode()
    assert first.get(list_url(Hold, "state=holding")).context["cl"].result_count == 0


def test_what_a_search_finds_is_held_and_one_document_more(keepers: tuple[User, User]) -> None:
    found, other = factories.sent(), factories.sent()
    client = client_of(keepers[0])
    number = found.state.number
    post(client, reverse("admin:archive_hold_take"), matter="Audit", search=number, reason=WHY)
    hold = Hold.objects.get()
    assert (hold.covers, list(hold.documents.values_list("document", flat=True))) == (
        "1 document that a search found", [found.pk],
    )  # fmt: skip
    address = reverse("admin:archive_hold_add_document", args=[other.pk])
    assert "It is on hold since" in post(client, address, hold=hold.pk, reason=WHY)
    assert hold.documents.count() == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Say what is held: an order, a partner, a period, or what a search finds."),
        ({"order": "77777777"}, "There is no order 77777777."),
        ({"first_day": "2024-05-01"}, "Give both days of the period, the first and the last."),
        ({"first_day": "2024-05-02", "last_day": "2024-05-01"}, "The period ends before it begins."),
        ({"search": "nothing like it"}, "No document was found to be held."),
        ({"order": "77777777", "search": "x"}, "Give one of them"),
    ],
)
def test_a_hold_that_covers_nothing_is_refused(db: None, given: dict[str, str], said: str) -> None:
    client = client_of(factories.user(group=RECORDS_MANAGER))
    page = client.post(reverse("admin:archive_hold_take"), {"matter": "Audit", "reason": WHY, **given})
    assert said in page.content.decode()
    assert Hold.objects.count() == 0


def test_a_rule_is_changed_and_retired_and_its_revisions_stay(db: None) -> None:
    keeper = factories.user(group=RECORDS_MANAGER)
    first = rule(keeper, "Invoices", 10, kinds=("810",))
    client = client_of(keeper)
    address = reverse("admin:archive_retentionrule_change_rule", args=[first.rule_id])
    assert 'value="10"' in client.get(address).content.decode()
    terms = {"years": 6, "starts": "year_end", "legal_reason": "Tax law", "country": "de", "reason": WHY}
    page = post(client, address, **terms)
    assert "Every document of orders that go to DE" in page
    assert "6 years from the end of that calendar year (UTC)" in page
    page = post(client, reverse("admin:archive_retentionrule_retire", args=[first.rule_id]), reason=WHY)
    assert "This rule holds no more: what only it covered is kept." in page
    rows = RetentionRevision.objects.filter(rule=first.rule).order_by("number")
    assert [(each.number, each.years, each.country, each.is_retired) for each in rows] == [
        (1, 10, "", False), (2, 6, "DE", False), (3, 6, "DE", True),
    ]  # fmt: skip


def test_the_document_page_says_how_long_it_is_kept(db: None) -> None:
    document = factories.document()
    client = client_of(factories.user(group=RECORDS_MANAGER))
    assert "No retention rule covers it, so it is kept." in client.get(page_url(document)).content.decode()
    rule(factories.user(group=RECORDS_MANAGER), "Trade", 10)
    page = client.get(page_url(document)).content.decode()
    until = years_later(document.recorded_at, 10)
    assert f"The retention rule “Trade” keeps it until {until.day} {until:%B %Y}." in page
    assert reverse("admin:archive_hold_add_document", args=[document.pk]) in page
    auditor = client_of(factories.user(group=AUDITOR)).get(page_url(document)).content.decode()
    assert "Put on hold" not in auditor
