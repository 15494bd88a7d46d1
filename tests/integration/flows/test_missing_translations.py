"""One case for each missing translation; its entry lets every document go that waited for it, once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth.models import User

from archive.models import AuditEntry, Document, Event, Reprocessing
from integration.flows.decide import Refused
from integration.flows.decisions import carry_out
from integration.flows.generate import generate
from integration.flows.match import match
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.flows.read_translated import read_translated
from integration.flows.translations import change
from integration.models import (
    ExceptionCase,
    LineEntry,
    MissingTranslation,
    Order,
    PurchaseOrder,
    WaitingDocument,
    Work,
)
from integration.work import Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import Agreement, CodeList, CodeListEntry
from tests import factories
from tests.at_once import at_once

REASON = "Their list of units has it."


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


def in_units(body: list[Segment], *codes: str) -> list[Segment]:
    """Return ``body`` with ``codes`` for the units of its lines, in their order."""
    left, current, made = list(codes), "", []
    for each in body:
        if each.tag == "PO1":
            current = left.pop(0) if len(left) > 1 else left[0]
        changed = each.tag in ("PO1", "ACK")
        made.append(segment(each.tag, *each.elements[:2], current, *each.elements[3:]) if changed else each)
    return made


def answer(made: PurchaseOrder, *codes: str) -> Document:
    document = factories.received(made.agreement, "855", in_units(factories.acceptance(made), *codes))
    assert match(str(document.pk), Unclaimed()) == []
    return document


def sent(number: int, of: Agreement | None = None) -> PurchaseOrder:
    made = factories.purchase_order(factories.order(number), under=of)
    factories.sent(made)
    return made


def enter(user: User, agreement: Agreement, ours: str, theirs: str) -> None:
    units, _ = CodeList.objects.get_or_create(agreement=agreement, name="units")
    change(user, REASON, [CodeListEntry(code_list=units, ours=ours, theirs=theirs)])


def release() -> int:
    """Run what was put for waiting documents; return how many ran."""
    rows = list(Work.objects.filter(step="read_translated").order_by("pk"))
    for row in rows:
        read_translated(row.subject, Unclaimed())
    Work.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def test_fifty_answers_wait_in_one_case_and_go_on_once_each(lead: User) -> None:
    first = sent(1001)
    documents = [answer(first, "Q1")]
    for number in range(1002, 1051):
        documents.append(answer(sent(number, first.agreement), "Q1"))
    case = ExceptionCase.objects.get()
    assert (case.kind, case.order) == ("missing_translation", None)
    assert case.sentence.endswith("50 documents wait for it: enter it, and they go on.")
    assert not LineEntry.objects.filter(kind="acknowledged").exists()
    shown = plan(case, "translate", Given(value="each"))
    assert shown.sentences[-1] == "Received documents that are read again with it: 50."
    carry_out(lead, case, "translate", Given(value="each"), REASON, shown.digest)
    case.refresh_from_db()
    assert (case.decision, case.closed_by, case.decision_reason) == ("translated", "lea", REASON)
    assert release() == 50
    assert LineEntry.objects.filter(kind="acknowledged").count() == 100
    assert PurchaseOrder.objects.filter(state="accepted").count() == 50
    assert not WaitingDocument.objects.filter(released_at=None).exists()
    for document in documents:
        steps = read_translated(str(document.pk), Unclaimed())
        assert {step.name for step in steps} == {"apply_effect"}
    assert Reprocessing.objects.count() == 50
    assert LineEntry.objects.filter(kind="acknowledged").count() == 100
    entry = AuditEntry.objects.get(verb="add code list entry")
    assert (entry.actor, entry.reason, entry.detail["is"]) == ("lea", REASON, "ours each, theirs Q1")


def test_a_document_with_two_missing_translations_stays_for_the_second(lead: User) -> None:
    made = sent(1001)
    document = answer(made, "Q1", "Q2")
    assert sorted(MissingTranslation.objects.values_list("value", flat=True)) == ["Q1", "Q2"]
    enter(lead, made.agreement, "each", "Q1")
    assert release() == 1
    waiting = WaitingDocument.objects.get(released_at=None)
    assert (waiting.missing.value, waiting.document) == ("Q2", document)
    assert [case.closed_at is None for case in ExceptionCase.objects.order_by("cause")] == [False, True]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.GENERATED
    enter(lead, made.agreement, "piece", "Q2")
    assert release() == 1
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.DISPUTED
    assert Reprocessing.objects.count() == 2


def test_a_second_person_who_decides_is_told_who_was_first(lead: User) -> None:
    made = sent(1001)
    answer(made, "Q1")
    case = ExceptionCase.objects.get()
    digest = plan(case, "translate", Given(value="each")).digest
    carry_out(lead, case, "translate", Given(value="each"), REASON, digest)
    other = factories.user("otto", "decide")
    with pytest.raises(Refused, match=r"^lea has closed this case already\.$"):
        carry_out(other, case, "translate", Given(value="each"), REASON, digest)
    assert CodeListEntry.objects.count() == 1
    assert Work.objects.filter(step="read_translated").count() == 1


def test_an_entry_that_came_while_the_document_was_read_lets_it_go_at_once(lead: User) -> None:
    made = sent(1001)
    document = factories.received(made.agreement, "855", in_units(factories.acceptance(made), "Q1"))
    enter(lead, made.agreement, "each", "Q1")
    [step] = match(str(document.pk), Unclaimed())
    assert (step.name, step.subject) == ("read_translated", str(document.pk))
    assert not ExceptionCase.objects.exists()
    read_translated(step.subject, Unclaimed())
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED


def crated(number: int, of: Agreement | None = None) -> PurchaseOrder:
    """Return a composed purchase order in a unit that no list has."""
    made = factories.purchase_order(factories.order(number), under=of)
    made.lines.update(unit="crate")
    factories.composed(made)
    assert generate(str(made.pk), Unclaimed()) == []
    return made


def test_purchase_orders_wait_in_one_case_and_are_written_with_the_entry(lead: User) -> None:
    first = crated(1001)
    second = crated(1002, first.agreement)
    case = ExceptionCase.objects.get()
    assert case.kind == "missing_translation"
    assert "for our “crate” (code list “units” of" in case.sentence
    assert case.sentence.endswith("2 documents wait for it: enter it, and they go on.")
    assert set(Order.objects.values_list("state", flat=True)) == {"held"}
    enter(lead, first.agreement, "crate", "CR")
    work = Work.objects.filter(step="compose")
    assert set(work.values_list("subject", flat=True)) == {str(first.pk), str(second.pk)}
    for made in (first, second, first):
        generate(str(made.pk), Unclaimed())
    assert Document.objects.filter(transaction_set="850").count() == 2
    assert set(Order.objects.values_list("state", flat=True)) == {"routed"}
    assert not WaitingDocument.objects.filter(released_at=None).exists()


def test_an_order_in_cases_is_sent_compared_and_kept_in_our_unit(lead: User) -> None:
    made = factories.purchase_order(factories.order(1001, lines=[factories.order_line(1, "FS-1", 24)]))
    made.lines.update(partner_unit="case", pack_factor=Decimal(12))
    document = factories.sent(made)
    lines = Document.objects.get(pk=document.pk).translation.content["lines"]
    assert [(each["quantity"], each["unit"], each["unit_price"]) for each in lines] == [("2", "case", "54")]
    body = factories.acceptance(made)
    body = [
        segment(each.tag, each.elements[0], "2", "CA", "54", *each.elements[4:]) if each.tag == "PO1"
        else segment(each.tag, each.elements[0], "2", "CA", *each.elements[3:]) if each.tag == "ACK"
        else each
        for each in body
    ]  # fmt: skip
    came = factories.received(made.agreement, "855", body)
    match(str(came.pk), Unclaimed())
    said = LineEntry.objects.get(kind="acknowledged")
    assert (said.quantity, said.unit_price) == (24, Decimal("4.5"))
    told = Event.objects.filter(kind="converted").values_list("sentence", flat=True)
    assert "Line 1 (FS-1): 24 each are 2 case, 12 each in a case." in told
    assert "Line 1 (FS-1): 2 case read as 24 each, 12 each in a case." in told


def test_an_order_that_fills_no_whole_case_is_a_case(lead: User) -> None:
    made = factories.purchase_order(factories.order(1001, lines=[factories.order_line(1, "FS-1", 10)]))
    made.lines.update(partner_unit="case", pack_factor=Decimal(12))
    factories.composed(made)
    assert generate(str(made.pk), Unclaimed()) == []
    case = ExceptionCase.objects.get()
    assert case.kind == "not_writable"
    assert "10 each of FS-1 of line 1 are no whole case: one case holds 12 each." in case.sentence


def waiting_for_a_code(code: str, numbers: range, of: Agreement | None = None) -> ExceptionCase:
    """Return the case of ``code``, for which an answer to each of the orders waits."""
    for number in numbers:
        made = sent(number, of)
        of = made.agreement
        answer(made, code)
    return ExceptionCase.objects.get(kind="missing_translation", closed_at=None)


ALREADY = "{winner} has closed this case already."
MEANWHILE = "Somebody else has entered the same meanwhile. Look at it again."


def test_of_two_people_who_enter_the_same_at_once_one_is_told_and_each_document_goes_on_once(
    committed: str,
) -> None:
    lea, otto = factories.user("lea", "decide"), factories.user("otto", "decide")
    agreement: Agreement | None = None
    for round_, code in enumerate(["Q1", "Q2", "Q3", "Q4"]):
        case = waiting_for_a_code(code, range(1001 + 3 * round_, 1004 + 3 * round_), agreement)
        agreement = Agreement.objects.get()
        word = f"word {code}"
        shown = plan(case, "translate", Given(value=word))
        decide = partial(carry_out, given=Given(value=word), reason=REASON, digest=shown.digest)
        acts: list[Callable[[], object]] = [
            partial(decide, lea, case, "translate"),
            # By the case as well, or by the page of the code list.
            partial(decide, otto, case, "translate")
            if round_ % 2
            else partial(enter, otto, agreement, word, code),
        ]
        refused = at_once(*acts)
        case.refresh_from_db()
        winner = str(case.closed_by)
        assert winner in {"lea", "otto"}
        assert refused[["lea", "otto"].index(winner)] == ""
        told = [ALREADY.format(winner=winner)] if round_ % 2 or winner == "otto" else [MEANWHILE]
        assert [each for each in refused if each] == told
        assert CodeListEntry.objects.filter(ours=word, theirs=code).count() == 1
        assert (
            AuditEntry.objects.filter(verb="add code list entry", detail__what=f"{word} = {code}").count()
            == 1
        )
        assert release() == 3
        assert WaitingDocument.objects.filter(missing__value=code, released_at=None).count() == 0
        assert Reprocessing.objects.count() == 3 * (round_ + 1)


def test_two_words_for_one_code_at_once_let_each_document_go_once(committed: str) -> None:
    lea, otto = factories.user("lea", "decide"), factories.user("otto", "decide")
    case = waiting_for_a_code("Q1", range(1001, 1004))
    agreement = Agreement.objects.get()
    acts = [partial(enter, lea, agreement, "each", "Q1"), partial(enter, otto, agreement, "piece", "Q1")]
    assert at_once(*acts) == ["", ""]
    case.refresh_from_db()
    assert case.closed_by in {"lea", "otto"}
    assert sorted(CodeListEntry.objects.values_list("ours", flat=True)) == ["each", "piece"]
    assert release() == 3
    assert Reprocessing.objects.count() == 3
