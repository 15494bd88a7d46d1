"""The pages of mapping profiles: who may do what, what is pasted, what is said of both sides."""

from __future__ import annotations

import html
import json

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from archive.models import AccessRecord, AuditEntry
from integration.flows.mapping_rows import add_row
from integration.x12.syntax import segment
from partners.mapping.overrides import Override
from partners.models import AgreementDocument, MappingProfile
from portal.admin.rules import agreement_problems
from portal.admin.show import list_url, page_url
from tests import factories
from tests.integration.flows.test_mapping_profiles import CARRIER_LINE, WHY, released, with_sample

ANSWER = "ST*855*0001~BAK*00*AD*77-1*20261124~PO1*1*3*EA~ACK*IA*3*EA~XYZ*1~CTT*1~SE*7*0001~"


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def profile(lead: User) -> MappingProfile:
    return factories.mapping_profile("Birch orders")


def of(profile: MappingProfile, name: str, *args: object) -> str:
    return reverse(f"admin:partners_mappingprofile_{name}", args=[profile.pk, *args])


def text_of(client: Client, address: str, data: dict[str, str] | None = None) -> str:
    answer = client.post(address, data) if data is not None else client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(answer.content.decode())


def test_a_profile_is_begun_with_a_reason(decider: Client) -> None:
    given = {"name": "Birch orders", "transaction_set": "850", "version": "004010", "note": "", "reason": ""}
    add = f"{list_url(MappingProfile)}add/"
    assert "Say why in a few words" in text_of(decider, add, given)
    assert not MappingProfile.objects.exists()
    answer = decider.post(add, given | {"reason": WHY})
    made = MappingProfile.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_url(made))
    assert AuditEntry.objects.get().reason == WHY


def test_a_document_without_a_shipped_guide_has_no_profile(
    decider: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.admin.mapping_profiles.shipped_guide", lambda *given: None)
    given = {"name": "Birch", "transaction_set": "850", "version": "004010", "note": "", "reason": WHY}
    text = text_of(decider, f"{list_url(MappingProfile)}add/", given)
    assert "No guide is shipped for the 850 of version 004010 yet." in text
    assert not MappingProfile.objects.exists()


def test_somebody_in_view_looks_and_changes_nothing(
    viewer: Client, lead: User, profile: MappingProfile
) -> None:
    row = add_row(lead, profile, CARRIER_LINE, WHY)
    with_sample(lead, profile)
    sample = profile.samples.get()
    document = AgreementDocument.objects.get(agreement=factories.agreement(), transaction_set="850")
    for name, args in (
        ("row_add", ()),
        ("row", (row.pk,)),
        ("row_remove", (row.pk,)),
        ("describe", ()),
        ("release", ()),
        ("retire", ()),
        ("sample_remove", (sample.pk,)),
    ):
        address = of(profile, name, *args)
        assert viewer.get(address).status_code == 403, name
        assert viewer.post(address, {"reason": WHY, "name": "x"}).status_code == 403, name
    use = reverse("admin:partners_mappingprofile_use", args=[document.pk])
    assert viewer.get(use).status_code == viewer.post(use, {"reason": WHY}).status_code == 403
    assert viewer.post(of(profile, "sample", sample.pk), {"reason": WHY}).status_code == 403
    for name, args in (("places", ()), ("revisions", ()), ("rehearse", ()), ("sample", (sample.pk,))):
        text = text_of(viewer, of(profile, name, *args))
        assert "/rows/add/" not in text, name
    assert "Choose…" not in text_of(viewer, page_url(document.agreement))
    assert (profile.overrides.count(), profile.samples.count()) == (1, 1)


def test_whoever_may_not_read_content_sees_whether_samples_pass_and_not_what_they_hold(
    lead: User, profile: MappingProfile
) -> None:
    released(lead, profile, CARRIER_LINE)
    add_row(lead, profile, Override("constant", "N1[ST].2", "Left at the door"), WHY)
    blind = factories.user("bert")
    blind.user_permissions.add(Permission.objects.get(codename="view_mappingprofile"))
    client = Client()
    client.force_login(blind)
    for name in (page_url(profile), of(profile, "revisions")):
        text = text_of(client, name)
        assert "Ada Quist" not in text
        assert client.get(name).status_code == 200
    assert "Fails" in text_of(client, page_url(profile))
    assert "It comes out otherwise; you may not see what it holds." in text_of(
        client, of(profile, "revisions")
    )
    assert client.get(of(profile, "sample", profile.samples.get().pk)).status_code == 403
    sighted = Client()
    sighted.force_login(lead)
    assert "N102: Left at the door, was Ada Quist" in text_of(sighted, page_url(profile))


def test_an_agreement_keeps_its_version_while_a_profile_maps_what_it_sends(
    lead: User, profile: MappingProfile
) -> None:
    released(lead, profile, CARRIER_LINE)
    agreement = factories.agreement()
    row = AgreementDocument.objects.get(agreement=agreement, transaction_set="850")
    assert agreement_problems(agreement) == {}
    AgreementDocument.objects.filter(pk=row.pk).update(profile=profile)
    assert agreement_problems(agreement) == {}
    agreement.version = "005010"
    assert agreement_problems(agreement) == {
        "version": "Birch orders maps its Purchase order (850), sent, and is for version 004010: choose another mapping"
        " there first."
    }


def test_a_row_that_is_refused_says_so_beside_the_form_and_keeps_what_was_entered(
    decider: Client, profile: MappingProfile
) -> None:
    given = {"operation": "constant", "address": "TD5.9", "value": "B", "reason": WHY}
    text = text_of(decider, of(profile, "row_add"), given)
    assert "The base guide has no 'TD5.9'; near it are" in text
    assert 'value="TD5.9"' in text
    assert decider.post(of(profile, "row_add"), given | {"address": "TD5.1"}).status_code == 302
    assert "What the base says" in text_of(decider, f"{of(profile, 'row_add')}?address=TD5.1")


def test_the_places_are_found_by_address_name_and_field(decider: Client, profile: MappingProfile) -> None:
    for term, wanted in (("N1[ST].2", "N1[ST].2"), ("unit price", "PO1.4"), ("lines[]/upc", "PO1.6..25[UP]")):
        answer = decider.get(of(profile, "places"), {"q": term})
        assert wanted in [each.address for each in answer.context["places"]], term
    assert "Nothing of that name" in text_of(decider, f"{of(profile, 'places')}?q=no+such+thing")


def test_a_page_of_a_profile_leads_back_over_the_profile(decider: Client, profile: MappingProfile) -> None:
    way = decider.get(of(profile, "revisions")).context["crumbs"]
    assert [(each.words, each.url) for each in way] == [
        ("Mapping profiles", list_url(MappingProfile)),
        ("Birch orders", page_url(profile)),
        ("Revisions", ""),
    ]


# Rehearsal


def test_both_sides_of_a_received_document_name_their_rules_and_what_is_left_over(
    decider: Client, lead: User
) -> None:
    answers = factories.mapping_profile("Birch answers", "855")
    answer = decider.post(of(answers, "rehearse"), {"text": ANSWER})
    fields = {each.path: each for each in answer.context["fields"]}
    assert (fields["lines[0]/quantity"].text, fields["lines[0]/quantity"].places) == (
        "3",
        [("PO102", "at-3-2")],
    )
    assert fields["lines[0]/acknowledgments[0]/status"].address == "PO1/ACK.1"
    rows = {row.position: row for row in answer.context["rows"]}
    assert [(part.number, part.text, part.field, part.rule) for part in rows[2].parts] == [
        ("BAK01", "00", fields["purpose"].anchor, "BAK.1"),
        ("BAK02", "AD", fields["acknowledgment_type"].anchor, "BAK.2"),
        ("BAK03", "77-1", fields["purchase_order_number"].anchor, "BAK.3"),
        ("BAK04", "20261124", fields["purchase_order_date"].anchor, "BAK.4"),
    ]
    assert [row.position for row in answer.context["rows"] if row.is_unread] == [5]
    text = html.unescape(answer.content.decode())
    assert "XYZ" in text.split("What was left over")[1]


def test_what_is_pasted_and_right_is_kept_as_a_sample(decider: Client, profile: MappingProfile) -> None:
    document = {"purpose": "original", "purchase_order_number": "77-1", "purchase_order_date": "2026-11-24",
                "order_type": "dropship", "lines": [{"line_number": "1", "quantity": "3", "unit": "each"}]}  # fmt: skip
    given = {"text": json.dumps(document), "agreement": ""}
    text = text_of(decider, of(profile, "rehearse"), given)
    assert "BEG" in text
    answer = decider.post(of(profile, "rehearse"), given | {"keep": "1", "name": "Smallest", "reason": WHY})
    assert (answer.status_code, answer["Location"]) == (302, page_url(profile))
    sample = profile.samples.get()
    assert (sample.name, sample.direction, json.loads(sample.given)) == ("Smallest", "out", document)
    assert sample.expected.splitlines()[1] == "BEG*00*DS*77-1**20261124~"


HOSTILE = {
    "open brace": "{",
    "no document": '{"lines": 7}',
    "deep": '{"lines": ' + "[" * 5000,
    "no X12": "hello",
    "ST alone": "ST*855",
    "another set": "ST*850*0001~SE*2*0001~",
    "ISA alone": "ISA*00*",
    "no separators": "STA855A0001",
    "letters end it": "ST*855*0001",
    "long": "ST*855*" + "x" * 300_000,
    "nul": "ST*855*0001~BAK*00*AD*\u0001~SE*3*0001~",
    "surrogates": "ST*855*0001~BAK*00*AD*é✓~SE*3*0001~",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_pasted_is_answered_with_a_page(decider: Client, name: str) -> None:
    answers = factories.mapping_profile("Birch answers", "855")
    answer = decider.post(of(answers, "rehearse"), {"text": HOSTILE[name]})
    assert answer.status_code == 200
    assert answer.context.get("problem") or answer.context.get("rehearsal") is not None


def test_looking_at_an_archived_document_leaves_an_access_row_and_needs_the_right(
    decider: Client, lead: User
) -> None:
    made = factories.purchase_order()
    factories.sent(made)
    document = factories.received(made.agreement, "855", factories.acceptance(made))
    answers = factories.mapping_profile("Birch answers", "855")
    address = f"{of(answers, 'rehearse')}?source=document:{document.pk}"
    opened = AccessRecord.objects.filter(kind=AccessRecord.Kind.CONTENT)
    before = opened.count()
    text_of(decider, address)
    reading = opened.latest("pk")
    assert opened.count() == before + 1
    assert reading.purpose == f"rehearse mapping with document {document.pk}"
    page = AccessRecord.objects.latest("pk")
    assert (page.purpose, page.hits) == ("mapping rehearsed", [document.subject])
    blind = factories.user("bert")
    blind.user_permissions.add(Permission.objects.get(codename="view_mappingprofile"))
    other = Client()
    other.force_login(blind)
    text = text_of(other, address)
    assert "You may see that documents exist, and not what they say." in text
    assert made.number not in text.split("gp-notice")[1].split("</p>")[0]
    assert opened.count() == before + 1


def test_an_archived_document_is_rehearsed_both_ways(decider: Client) -> None:
    made = factories.purchase_order()
    document = factories.sent(made)
    profile = factories.mapping_profile("Birch orders")
    address = f"{of(profile, 'rehearse')}?source=document:{document.pk}"
    both = [decider.get(f"{address}&way={way}").context for way in ("out", "in")]
    assert [each["direction"] for each in both] == ["out", "in"]
    assert both[0]["rehearsal"].lines[1:-1] == both[1]["rehearsal"].lines[1:-1]
    assert both[0]["rehearsal"].document == both[1]["rehearsal"].document


def test_a_purchase_order_is_rehearsed_as_its_partner_counts_it(
    decider: Client, profile: MappingProfile
) -> None:
    made = factories.purchase_order(factories.order(lines=[factories.order_line(1, "FS-1", 24)]))
    made.lines.update(partner_unit="case", pack_factor=12)
    answer = decider.get(of(profile, "rehearse"), {"source": f"purchase_order:{made.pk}"})
    assert [line for line in answer.context["rehearsal"].lines if line.startswith("PO1")] == [
        "PO1*1*2*CA*54*PE*VN*V-FS-1*BP*FS-1"
    ]
    made.lines.update(pack_factor=7)
    refused = decider.get(of(profile, "rehearse"), {"source": f"purchase_order:{made.pk}"})
    assert "24 each" in refused.context["problem"]


@pytest.mark.parametrize("source", ["document:999999", "document:x", "purchase_order:0", "order:1", "'; --"])
def test_a_source_that_is_not_there_is_said_to_be_so(
    decider: Client, profile: MappingProfile, source: str
) -> None:
    answer = decider.get(of(profile, "rehearse"), {"source": source})
    assert answer.status_code == 200
    assert answer.context["problem"]


# Release and use


def test_release_shows_what_stands_in_the_way_and_then_releases(
    decider: Client, lead: User, profile: MappingProfile
) -> None:
    add_row(lead, profile, CARRIER_LINE, WHY)
    text = text_of(decider, of(profile, "release"))
    assert "There are no samples" in text
    assert "Release revision 1</button>" not in text
    decider.post(of(profile, "release"), {"reason": WHY})
    assert profile.current is None
    with_sample(lead, profile)
    assert decider.post(of(profile, "release"), {"reason": WHY}).status_code == 302
    assert profile.current is not None
    assert "Revision 1" in text_of(decider, page_url(profile))


def test_a_document_of_an_agreement_is_given_a_profile_and_its_page_says_so(
    decider: Client, lead: User, profile: MappingProfile
) -> None:
    released(lead, profile, CARRIER_LINE)
    row = AgreementDocument.objects.get(agreement=factories.agreement(), transaction_set="850")
    use = reverse("admin:partners_mappingprofile_use", args=[row.pk])
    assert "Birch orders, revision 1" in text_of(decider, use)
    decider.post(use, {"profile": str(profile.pk), "reason": WHY})
    row.refresh_from_db()
    assert row.profile == profile
    assert "Birch orders, revision 1" in text_of(decider, page_url(row.agreement))
    assert f"mapped by Birch orders, revision 1 from now on: {WHY}" in text_of(
        decider, page_url(row.agreement)
    )


def test_two_revisions_are_compared_whatever_the_address_asks_for(
    decider: Client, lead: User, profile: MappingProfile
) -> None:
    assert "Nothing is released yet" in text_of(decider, of(profile, "revisions"))
    released(lead, profile, CARRIER_LINE)
    for query in ("", "?before=1&after=1", "?before=9&after=x", "?after=draft"):
        assert "The rows are the same." in text_of(decider, of(profile, "revisions") + query)
    profile.overrides.update(value="Z")
    text = text_of(decider, of(profile, "revisions"))
    assert "constant TD5.1" in text
    assert "TD501" in text


def test_a_sample_that_comes_out_otherwise_is_accepted_as_it_was_shown(
    decider: Client, lead: User, profile: MappingProfile
) -> None:
    with_sample(lead, profile)
    add_row(lead, profile, CARRIER_LINE, WHY)
    sample = profile.samples.get()
    page = decider.get(of(profile, "sample", sample.pk))
    assert [(each.place, each.was, each.now) for each in page.context["outcome"].differences] == [
        ("TD501", "O", "B")
    ]
    answer = decider.post(of(profile, "sample", sample.pk), {"digest": page.context["digest"], "reason": WHY})
    assert answer.status_code == 302
    assert not decider.get(of(profile, "sample", sample.pk)).context["outcome"].differences


def test_a_sample_of_what_was_read_needs_no_second_look(decider: Client, lead: User) -> None:
    answers = factories.mapping_profile("Birch answers", "855")
    add_row(lead, answers, Override("source", "BAK.8", "request_number"), WHY)
    body = [segment("BAK", "00", "AD", "77-1", "20261124", "", "", "", "SO-9")]
    made = factories.document(None, "855", body)
    address = f"{of(answers, 'rehearse')}?source=document:{made.pk}"
    page = decider.get(address)
    assert page.context["direction"] == "in"
    source = {"source": f"document:{made.pk}", "way": "in"}
    decider.post(address, source | {"keep": "1", "name": "Their number", "reason": WHY})
    sample = answers.samples.get()
    assert json.loads(sample.expected)["request_number"] == "SO-9"
    assert sample.given.startswith("ST*855*")
