"""Mapping profiles by their verbs: rows, samples, releases, and documents that keep the revision that made them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from archive import store
from archive.models import AuditEntry, Document, Reprocessing, Translation
from archive.projections import guide_of, rebuild
from integration.flows import mapping_release, mapping_rows, mapping_samples
from integration.flows.compose import canonical_purchase_order
from integration.flows.mapping_release import compare, readiness, release, retire, use_profile
from integration.flows.mapping_rows import add_profile, add_row, change_row, draft_of, remove_row
from integration.flows.mapping_samples import accept_again, digest_of, judged, keep_sample, sample_of
from integration.flows.reprocess import plan_reprocess, reprocess
from integration.flows.resubmit import plan_resubmit, resubmit
from integration.flows.rights import Refused
from integration.models import PurchaseOrder
from integration.x12.findings import Finding
from integration.x12.syntax import Separators, segment
from partners.guides_in_use import find_guide, guide_for, guide_words
from partners.mapping.compiler import shipped_text
from partners.mapping.overrides import Override
from partners.mapping.rehearsal import rehearse_reading, rehearse_writing
from partners.models import AgreementDocument, MappingProfile, MappingRevision
from tests import factories

WHY = "Birch & Sons' guide of March, page 7."
CARRIER_LINE = Override("constant", "TD5.1", "B")


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def profile(lead: User) -> MappingProfile:
    return add_profile(lead, "Birch orders", "850", "004010", "", WHY)


def with_sample(lead: User, profile: MappingProfile, made: PurchaseOrder | None = None) -> PurchaseOrder:
    """Keep what the draft makes of a purchase order, in which a carrier is named, as a sample."""
    made = made or factories.purchase_order()
    draft = draft_of(profile)
    assert draft.guide is not None
    rehearsal = rehearse_writing(canonical_purchase_order(made, timezone.now()), draft.guide)
    keep_sample(lead, profile, rehearsal, "out", f"Order {made.number}", {}, WHY)
    return made


def released(lead: User, profile: MappingProfile, *rows: Override) -> MappingRevision:
    for row in rows:
        add_row(lead, profile, row, WHY)
    if not profile.samples.exists():
        with_sample(lead, profile)
    return release(lead, profile, WHY)


def body_of(document: Document) -> list[str]:
    """Return the document's segments as they were stored, BEG first."""
    text = store.open(document.interchange.payload, purpose="test").decode()
    return re.findall(r"(BEG.*)SE\*", text.replace("\n", ""))[0].strip("~").split("~")


def audits() -> list[tuple[str, str, dict[str, Any]]]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", "reason", "detail"))


# Rows


def test_every_change_of_a_row_is_kept_with_what_was_what_is_and_why(
    lead: User, profile: MappingProfile
) -> None:
    row = add_row(lead, profile, CARRIER_LINE, WHY)
    assert (row.position, row.was, row.author, row.note) == (1, "~O", "lea", WHY)
    change_row(lead, row, Override("constant", "TD5.1", "Z"), "Page 8 says Z.")
    remove_row(lead, row, "They have given it up.")
    assert audits() == [
        ("begin mapping profile", WHY, {"is": "Birch orders"}),
        ("add mapping row", WHY, {"row": "constant TD5.1", "was": "", "is": "B"}),
        ("change mapping row", "Page 8 says Z.", {"row": "constant TD5.1", "was": "B", "is": "Z"}),
        ("remove mapping row", "They have given it up.", {"row": "constant TD5.1", "was": "Z", "is": ""}),
    ]
    assert not profile.overrides.exists()


@pytest.mark.parametrize(
    "row",
    [
        Override("constant", "TD9.1", "B"),
        Override("source", "BEG.3", "no_such_field"),
        Override("shout", "BEG.3", "x"),
        Override("add", "", "{REF: {1: =CO, 2: contract}}"),
    ],
    ids=["no such place", "no such field", "no such operation", "address twice"],
)
def test_a_row_that_cannot_hold_is_refused_at_once_and_leaves_nothing(
    lead: User, profile: MappingProfile, row: Override
) -> None:
    before = len(audits())
    with pytest.raises(Refused) as refused:
        add_row(lead, profile, row, WHY)
    assert len(str(refused.value)) > 20
    assert not profile.overrides.exists()
    assert len(audits()) == before


def test_a_place_has_one_row_that_says_what_stands_there(lead: User, profile: MappingProfile) -> None:
    row = add_row(lead, profile, CARRIER_LINE, WHY)
    other = add_row(lead, profile, Override("required", "TD5.5"), WHY)
    for second in (CARRIER_LINE, Override("clear", " TD5.1 ")):
        with pytest.raises(Refused, match=r"^The row constant TD5.1 says already what stands there"):
            add_row(lead, profile, second, WHY)
    item = "PO1.6..25[VN]"
    add_row(lead, profile, Override("qualifier", item, "VC"), WHY)
    remove_row(lead, add_row(lead, profile, Override("source", item, "vendor_item | upper"), WHY), WHY)
    with pytest.raises(Refused, match=r"^The row qualifier PO1.6..25\[VN\] says already"):
        add_row(lead, profile, Override("qualifier", item, "VP"), WHY)
    with pytest.raises(Refused, match=r"^The row constant TD5.1 says already what stands there"):
        change_row(lead, other, Override("source", "TD5.1", "contract"), WHY)
    change_row(lead, row, Override("clear", "TD5.1"), WHY)
    assert [(each.operation, each.address) for each in profile.overrides.all()] == [
        ("clear", "TD5.1"),
        ("required", "TD5.5"),
        ("qualifier", "PO1.6..25[VN]"),
    ]


@pytest.mark.parametrize("case", ["no reason", "no right"])
def test_nothing_changes_without_a_right_and_a_reason(lead: User, profile: MappingProfile, case: str) -> None:
    row = add_row(lead, profile, CARRIER_LINE, WHY)
    with_sample(lead, profile)
    sample = profile.samples.get()
    who, reason = (lead, " ") if case == "no reason" else (factories.user("vic", "view"), WHY)
    before = len(audits())
    verbs = [
        lambda: add_profile(who, "Another", "850", "004010", "", reason),
        lambda: mapping_rows.change_profile(who, profile, "Other", "", reason),
        lambda: add_row(who, profile, Override("clear", "BEG.6"), reason),
        lambda: change_row(who, row, Override("clear", "BEG.6"), reason),
        lambda: remove_row(who, row, reason),
        lambda: accept_again(who, sample, "", reason),
        lambda: mapping_samples.remove_sample(who, sample, reason),
        lambda: release(who, profile, reason),
        lambda: retire(who, profile, reason),
        lambda: use_profile(who, AgreementDocument.objects.first(), profile, reason),
    ]
    for verb in verbs:
        with pytest.raises(Refused):
            verb()
    assert len(audits()) == before
    assert (profile.overrides.count(), profile.samples.count(), MappingRevision.objects.count()) == (1, 1, 0)


def test_a_base_that_has_changed_under_a_row_refuses_it_until_somebody_looks(
    lead: User, profile: MappingProfile
) -> None:
    row = add_row(lead, profile, CARRIER_LINE, WHY)
    profile.overrides.update(was="~Q")
    draft = draft_of(profile)
    assert draft.guide is None
    assert list(draft.refusals) == [row.pk]
    with pytest.raises(Refused) as refused:
        release(lead, profile, WHY)
    assert str(refused.value).startswith("constant TD5.1: ")
    change_row(lead, row, CARRIER_LINE, "Looked again: it still has to be B.")
    assert draft_of(profile).refusals == {}


# Samples and release


def test_nothing_is_released_without_samples(lead: User, profile: MappingProfile) -> None:
    add_row(lead, profile, CARRIER_LINE, WHY)
    with pytest.raises(Refused, match=r"^There are no samples: rehearse a real document"):
        release(lead, profile, WHY)


def test_nothing_is_released_while_a_sample_fails(lead: User, profile: MappingProfile) -> None:
    made = with_sample(lead, profile)
    row = add_row(lead, profile, CARRIER_LINE, WHY)
    with pytest.raises(Refused) as refused:
        release(lead, profile, WHY)
    assert str(refused.value) == f"Sample Order {made.number} fails: TD501: B, was O."
    sample = profile.samples.get()
    outcome = judged(sample_of(sample), draft_of(profile))
    assert [(each.place, each.was, each.now) for each in outcome.differences] == [("TD501", "O", "B")]
    with pytest.raises(Refused, match=r"^Something has changed since you looked"):
        accept_again(lead, sample, "of another page", WHY)
    accept_again(lead, sample, digest_of(outcome), WHY)
    assert release(lead, profile, WHY).overrides == [
        {"operation": "constant", "address": "TD5.1", "value": "B", "was": row.was}
    ]


def test_nothing_is_released_with_a_row_that_no_sample_shows(lead: User, profile: MappingProfile) -> None:
    add_row(lead, profile, CARRIER_LINE, WHY)
    idle = add_row(lead, profile, Override("constant", "N1[VN]/PER.1", "OC"), WHY)
    with_sample(lead, profile)
    assert readiness(profile).idle == {idle.pk}
    with pytest.raises(Refused) as refused:
        release(lead, profile, WHY)
    assert str(refused.value) == (
        "No sample shows what the row constant N1[VN]/PER.1 does: keep one that does."
    )


def test_a_row_that_leaves_something_out_is_shown_by_a_sample_and_nobody_misses_it_in_what_is_sent(
    lead: User, profile: MappingProfile
) -> None:
    made = factories.purchase_order()
    add_row(lead, profile, Override("drop", "N1[BY]"), WHY)
    add_row(lead, profile, Override("drop", "N1[VN]"), WHY)
    with_sample(lead, profile, made)
    assert {row.address for row in profile.overrides.filter(pk__in=readiness(profile).idle)} == {"N1[VN]"}
    remove_row(lead, profile.overrides.get(address="N1[VN]"), WHY)
    release(lead, profile, WHY)
    use_profile(
        lead, AgreementDocument.objects.get(agreement=made.agreement, transaction_set="850"), profile, WHY
    )
    lines = body_of(factories.sent(made))
    assert [line for line in lines if line.startswith("N1")] == ["N1*ST*Ada Quist"]


def test_what_the_second_engine_rejects_is_neither_kept_nor_released(
    lead: User, profile: MappingProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_row(lead, profile, CARRIER_LINE, WHY)
    made = with_sample(lead, profile)
    finding = Finding("error", "TD5", 7, "", 1, None, "133", "7", "element", "B", "B is no code of 133.")
    monkeypatch.setattr(mapping_samples, "second_opinion", lambda *given: [finding])
    with pytest.raises(Refused) as refused:
        release(lead, profile, WHY)
    assert str(refused.value) == (
        f"Sample Order {made.number} fails: The second engine says: B is no code of 133."
    )
    with pytest.raises(Refused, match=r"The second engine says: B is no code of 133."):
        with_sample(lead, profile)


def test_nothing_is_released_twice(lead: User, profile: MappingProfile) -> None:
    released(lead, profile, CARRIER_LINE)
    with pytest.raises(Refused, match=r"^Nothing has changed since revision 1.$"):
        release(lead, profile, WHY)


def test_a_revision_keeps_what_proved_it(lead: User, profile: MappingProfile) -> None:
    revision = released(lead, profile, CARRIER_LINE)
    revision.refresh_from_db()
    assert (revision.number, revision.author, revision.reason) == (1, "lea", WHY)
    assert revision.base == shipped_text("850", "004010")
    assert [(each["direction"], each["passes"], len(each["sha256"])) for each in revision.samples] == [
        ("out", True, 64)
    ]


def test_a_revision_is_the_same_guide_when_the_shipped_base_has_changed(
    lead: User, profile: MappingProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = released(lead, profile, CARRIER_LINE)
    document = canonical_purchase_order(factories.purchase_order(), timezone.now())
    kept = find_guide(revision.guide_name)
    assert kept is not None
    before = rehearse_writing(document, kept).lines
    base = shipped_text("850", "004010").replace(
        "{CUR: {1: ~BY, 2: currency}}", "{CUR: {1: ~SE, 2: currency}}"
    )
    for module in (mapping_rows,):
        monkeypatch.setattr(module, "shipped_text", lambda *given: base)
    again = find_guide(revision.guide_name)
    assert again is not None
    assert rehearse_writing(document, again).lines == before
    assert "CUR*BY*USD" in before
    comparison = compare(profile, revision, None)
    assert comparison.base_changed
    assert [each.place for _, effects in comparison.effects for each in effects or ()] == ["CUR01"]


def test_a_draft_and_a_revision_are_compared_row_by_row_and_sample_by_sample(
    lead: User, profile: MappingProfile
) -> None:
    first = released(lead, profile, CARRIER_LINE)
    row = profile.overrides.get()
    change_row(lead, row, Override("constant", "TD5.1", "Z"), WHY)
    add_row(lead, profile, Override("constant", "CUR.1", "SE"), WHY)
    found = compare(profile, first, None)
    assert [
        (each.words, each.before and each.before.value, each.after and each.after.value)
        for each in found.rows
    ] == [("constant TD5.1", "B", "Z"), ("constant CUR.1", None, "SE")]
    ((sample, effects),) = found.effects
    assert sample == profile.samples.get()
    assert [(each.place, each.was, each.now) for each in effects or ()] == [
        ("CUR01", "BY", "SE"),
        ("TD501", "B", "Z"),
    ]
    assert not found.base_changed


# Use


def test_the_next_document_is_written_by_the_released_revision_and_the_one_before_keeps_its_own(
    lead: User, profile: MappingProfile
) -> None:
    first = factories.sent(factories.purchase_order())
    agreement = first.agreement
    assert agreement is not None
    revision = released(lead, profile, CARRIER_LINE)
    row = AgreementDocument.objects.get(agreement=agreement, transaction_set="850")
    use_profile(lead, row, profile, WHY)
    order = factories.order(lines=[factories.order_line(1, "FS-1")])
    second = factories.sent(factories.purchase_order(order, agreement))
    assert (first.guide, second.guide) == ("shipped/004010/850", revision.guide_name)
    assert [line for line in body_of(second) if line.startswith("TD5")] == ["TD5*B****Ground"]
    assert [line for line in body_of(first) if line.startswith("TD5")] == ["TD5*O****Ground"]

    change_row(lead, profile.overrides.get(), Override("constant", "TD5.1", "Z"), WHY)
    sample = profile.samples.get()
    accept_again(lead, sample, digest_of(judged(sample_of(sample), draft_of(profile))), WHY)
    later = release(lead, profile, WHY)
    third = factories.sent(factories.purchase_order(factories.order(lines=order.content["lines"]), agreement))
    assert third.guide == later.guide_name
    assert guide_words(third.guide) == "Birch orders, revision 2"
    before = list(Translation.objects.order_by("pk").values_list("pk", "content", "report"))
    assert rebuild() == 3
    assert list(Translation.objects.order_by("pk").values_list("pk", "content", "report")) == before


def test_a_document_sent_again_is_written_by_the_revision_of_now_and_says_so(
    lead: User, profile: MappingProfile
) -> None:
    first = factories.sent(factories.purchase_order())
    revision = released(lead, profile, CARRIER_LINE)
    use_profile(
        lead, AgreementDocument.objects.get(agreement=first.agreement, transaction_set="850"), profile, WHY
    )
    plan = plan_resubmit(first)
    assert plan.sentences[1:] == (
        "It is written by Birch orders, revision 1, and the first one was by the shipped guide.",
        "What it says differs from the first one in one segment, since settings have changed.",
    )
    again = resubmit(lead, first, WHY, plan.digest, "key")
    assert again.guide == revision.guide_name
    assert first.guide == "shipped/004010/850"


def test_a_document_read_again_is_read_by_the_revision_of_now_and_the_old_reading_keeps_its_own(
    lead: User,
) -> None:
    made = factories.purchase_order()
    factories.sent(made)
    answer = factories.received(
        made.agreement,
        "855",
        [segment("BAK", "00", "AD", made.number, "20261124", "", "", "", "SO-7", "20261125")],
    )
    answers = add_profile(lead, "Birch answers", "855", "004010", "", WHY)
    add_row(lead, answers, Override("source", "BAK.8", "request_number"), WHY)
    add_row(lead, answers, Override("clear", "BAK.6"), WHY)
    draft = draft_of(answers)
    assert draft.guide is not None
    segments = [
        segment("ST", "855", "0001", position=1),
        segment("BAK", "00", "AD", "7-1", "20261124", "", "", "", "SO-9", position=2),
        segment("SE", "3", "0001", position=3),
    ]
    with_codes = rehearse_reading(segments, draft.guide, Separators())
    keep_sample(lead, answers, with_codes, "in", "Their number", {}, WHY)
    with pytest.raises(Refused, match=r"No sample shows what the row clear BAK.6 does"):
        release(lead, answers, WHY)
    remove_row(lead, answers.overrides.get(operation="clear"), WHY)
    sample_result = release(lead, answers, WHY) if not readiness(answers).obstacles else None
    assert sample_result is not None
    use_profile(
        lead, AgreementDocument.objects.get(agreement=made.agreement, transaction_set="855"), answers, WHY
    )

    plan = plan_reprocess(lead, answer)
    assert (
        plan.sentences[0]
        == "It is read by Birch answers, revision 1 then, and was read by the shipped guide."
    )
    assert "Request number reads “SO-7”, and not nothing." in plan.sentences
    reprocess(lead, answer, WHY, plan.digest, "key")
    assert Document.objects.get(pk=answer.pk).guide == "shipped/004010/855"
    assert Reprocessing.objects.get().guide == sample_result.guide_name == guide_of(answer)
    content = Translation.objects.get(document=answer).content
    rebuild()
    assert Translation.objects.get(document=answer).content == content
    assert content["request_number"] == "SO-7"


def test_only_a_released_profile_of_that_document_and_version_goes_into_use(
    lead: User, profile: MappingProfile
) -> None:
    agreement = factories.agreement()
    orders = AgreementDocument.objects.get(agreement=agreement, transaction_set="850")
    answers = AgreementDocument.objects.get(agreement=agreement, transaction_set="855")
    with pytest.raises(Refused, match=r"^Birch orders is not released yet"):
        use_profile(lead, orders, profile, WHY)
    released(lead, profile, CARRIER_LINE)
    with pytest.raises(Refused, match=r"^Birch orders maps another document"):
        use_profile(lead, answers, profile, WHY)
    later = factories.mapping_profile("Later", version="005010")
    with pytest.raises(Refused, match=r"^Later is for version 005010"):
        use_profile(lead, orders, later, WHY)
    use_profile(lead, orders, profile, WHY)
    with pytest.raises(Refused, match="uses it: give that agreement another profile first"):
        retire(lead, profile, WHY)
    use_profile(lead, orders, None, WHY)
    retire(lead, profile, WHY)
    with pytest.raises(Refused, match="is retired"):
        use_profile(lead, orders, profile, WHY)
    with pytest.raises(Refused, match="is retired"):
        add_row(lead, profile, CARRIER_LINE, WHY)
    assert mapping_release.fitting(orders) == []


def test_a_profile_maps_its_own_version_alone(lead: User, profile: MappingProfile) -> None:
    agreement = factories.agreement()
    revision = released(lead, profile, CARRIER_LINE)
    orders = AgreementDocument.objects.get(agreement=agreement, transaction_set="850")
    use_profile(lead, orders, profile, WHY)
    names = {
        version: used.name if (used := guide_for(agreement, "850", "out", version)) else None
        for version in ("004010", "004010VICS", "005010", "003060")
    }
    assert names == {
        "004010": revision.guide_name,
        "004010VICS": revision.guide_name,
        "005010": "shipped/005010/850",
        "003060": None,
    }
