"""A received document read again: shown first, entries reversed and posted anew, once, and no person overruled."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from archive import projections as projections_of_archive
from archive.models import (
    AccessRecord,
    AuditEntry,
    Document,
    DocumentReference,
    DocumentState,
    Event,
    FunctionalAnswer,
    Reprocessing,
    Translation,
)
from archive.projections import rebuild
from archive.translation import Translated
from integration import tasks
from integration.flows import accept as accept_flow
from integration.flows import match as match_flow
from integration.flows import reprocess as reprocess_flow
from integration.flows.apply import apply_effect
from integration.flows.decide import Refused, settle_case
from integration.flows.decisions import carry_out
from integration.flows.match import match
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.flows.positions import positions
from integration.flows.reprocess import plan_reprocess, reprocess
from integration.models import (
    ExceptionCase,
    LineEntry,
    Order,
    OrderDocument,
    PurchaseOrder,
    StoreEffect,
    Work,
)
from integration.work import Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import AgreementDocument, CodeList
from tests import factories
from tests.conftest import ROOT
from tests.world import World, world

__all__ = ["world"]

REASON = "The partner's code for a piece was wrong in our list."
State = PurchaseOrder.State


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


def purchase_order() -> PurchaseOrder:
    """A purchase order of two lines, sent: two of FS-1, five of FS-2."""
    made = factories.purchase_order(factories.order(1001))
    factories.sent(made)
    return made


def in_unit(body: list[Segment], code: str) -> list[Segment]:
    """Return ``body`` with ``code`` for the units in PO103 and ACK03."""
    return [
        segment(each.tag, *each.elements[:2], code, *each.elements[3:])
        if each.tag in ("PO1", "ACK")
        else each
        for each in body
    ]


def answered(of: PurchaseOrder, body: list[Segment]) -> Document:
    document = factories.received(of.agreement, "855", body)
    for step in match(str(document.pk), Unclaimed()):
        assert step.name == "apply_effect"
    return document


def code_means(of: PurchaseOrder, code: str, ours: str) -> None:
    """Enter in the agreement's list that the partner's ``code`` is our ``ours``."""
    units, _ = CodeList.objects.get_or_create(agreement=of.agreement, name="units")
    units.entries.create(ours=ours, theirs=code)


def again(user: User, document: Document, key: str = "form-1", reason: str = REASON) -> None:
    reprocess(user, document, reason, plan_reprocess(user, document).digest, key)


def ledger() -> list[tuple[str, int, int, bool]]:
    """Return kind, quantity, reading and whether it reverses, of every entry."""
    return [
        (each.kind, int(each.quantity), each.reading, each.reverses_id is not None)
        for each in LineEntry.objects.order_by("pk")
    ]


def standing() -> list[tuple[str, int]]:
    return [(each.kind, int(each.quantity)) for each in LineEntry.standing().order_by("pk")]


ORDERED = [("ordered", 2), ("ordered", 5)]
ACKNOWLEDGED = [("acknowledged", 2), ("acknowledged", 5)]


def test_an_answer_in_an_unknown_code_is_read_again_and_accepted(lead: User) -> None:
    made = purchase_order()
    document = answered(made, in_unit(factories.acceptance(made), "UN"))
    case = ExceptionCase.objects.get(kind="acknowledgment_differs")
    assert standing() == ORDERED
    code_means(made, "UN", "each")
    shown = plan_reprocess(lead, document)
    assert shown.warnings == ()
    assert shown.sentences[0] == "Lines 1 unit reads “each”, and not “unit”."
    assert shown.sentences[-6:] == (
        "Posted: line 1 (FS-1) of purchase order 1001-1, 2 each acknowledged at 4.5, promised for 1 Dec 2026.",
        "Posted: line 2 (FS-2) of purchase order 1001-1, 5 each acknowledged at 4.5, promised for 1 Dec 2026.",
        "Purchase order 1001-1 counts as accepted then, and not as answered differently.",
        f"The case closes: {case.sentence}",
        "Written to the store then: the answer “1001-1: accepted”.",
        "Written to the store then: the status Awaiting Shipment.",
    )
    reprocess(lead, document, REASON, shown.digest, "form-1")
    assert standing() == ORDERED + ACKNOWLEDGED
    assert PurchaseOrder.objects.get().state == State.ACCEPTED
    assert Order.objects.get().state == Order.State.ACCEPTED
    case.refresh_from_db()
    assert case.decision_reason == "The partner now accepts everything."
    assert Work.objects.filter(step="apply_effect").count() == 2
    entry = AuditEntry.objects.get(verb="read again")
    assert (entry.actor, entry.reason, entry.subject) == ("lea", REASON, f"document:{document.pk}")
    told = Event.objects.get(kind="reprocessed")
    assert (told.sentence, told.actor) == (f"Read again: {REASON}", "lea")
    fact = Reprocessing.objects.get()
    assert (fact.document, fact.reading, fact.actor, fact.reason) == (document, 1, "lea", REASON)


def test_an_accepted_answer_that_reads_otherwise_is_reversed_and_disputed(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    StoreEffect.objects.filter(kind="status").update(state=StoreEffect.State.DONE)
    code_means(made, "EA", "dozen")
    shown = plan_reprocess(lead, document)
    assert shown.warnings == (
        "Order 1001: the status Awaiting Shipment was written to the store. That stays; nothing is taken back there, so"
        " look at the order in the store.",
        "Order 1001: the answer “1001-1: accepted” is not written to the store yet, and waits until everything is"
        " accepted.",
    )
    reprocess(lead, document, REASON, shown.digest, "form-1")
    assert ledger() == [
        ("ordered", 2, 0, False),
        ("ordered", 5, 0, False),
        ("acknowledged", 2, 0, False),
        ("acknowledged", 5, 0, False),
        ("acknowledged", 2, 0, True),
        ("acknowledged", 5, 0, True),
    ]
    assert standing() == ORDERED
    assert PurchaseOrder.objects.get().state == State.DISPUTED
    assert Order.objects.get().state == Order.State.ROUTED
    case = ExceptionCase.objects.get()
    assert case.sentence.startswith("Larch Supply")
    assert "Line 1 (FS-1): unit: asked each, answered dozen (1 more)" in case.sentence
    assert {each.acknowledged for each in positions(made.lines.all()).values()} == {None}
    match(str(document.pk), Unclaimed())
    assert standing() == ORDERED


def test_an_effect_that_waits_is_not_begun_while_its_answer_does_not_stand(world: World) -> None:
    lead = factories.user("lea", "decide")
    world.place(1001)
    world.run()
    StoreEffect.objects.filter(kind="metafield").update(state=StoreEffect.State.WAITING)
    made = PurchaseOrder.objects.get()
    document = Document.objects.get(transaction_set="855")
    asked = len(world.store.state.ledger)
    code_means(made, "EA", "dozen")
    again(lead, document)
    effect = StoreEffect.objects.get(kind="metafield")
    apply_effect(str(effect.pk), Unclaimed())
    effect.refresh_from_db()
    assert effect.state == StoreEffect.State.WAITING
    assert [each for each in world.store.state.ledger[asked:] if each["method"] != "GET"] == []
    CodeList.objects.all().delete()
    again(lead, document, "form-2")
    tasks.drain_everything()
    effect.refresh_from_db()
    assert effect.state == StoreEffect.State.DONE
    assert world.store.state.order(1001)["status_id"] == 9
    assert [each["method"] for each in world.store.state.ledger].count("PUT") == 1


def test_reading_again_and_again_always_comes_to_what_was_read_last(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    for number in range(1, 4):
        code_means(made, "EA", "dozen")
        again(lead, document, f"wrong {number}")
        CodeList.objects.all().delete()
        again(lead, document, f"right {number}")
        assert standing() == ORDERED + ACKNOWLEDGED
        assert PurchaseOrder.objects.get().state == State.ACCEPTED
        assert ExceptionCase.objects.filter(closed_at=None).count() == 0
        assert {int(each.acknowledged or 0) for each in positions(made.lines.all()).values()} == {2, 5}
    assert len(ledger()) == 2 + 2 * 7
    assert [each.reading for each in LineEntry.standing().filter(kind="acknowledged")] == [6, 6]
    assert LineEntry.objects.exclude(reverses=None).count() == 6


def test_one_that_reads_as_it_did_is_left_as_it_is(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    with pytest.raises(Refused, match=r"^Nothing would change: it reads as it did, and comes to the same\.$"):
        plan_reprocess(lead, document)
    assert len(ledger()) == 4
    assert Reprocessing.objects.count() == 0


def test_the_plan_changes_nothing_and_leaves_who_looked(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    before = (ledger(), list(DocumentState.objects.values()), list(ExceptionCase.objects.values()))
    looked = AccessRecord.objects.count()
    assert plan_reprocess(lead, document).digest == plan_reprocess(lead, document).digest
    assert (ledger(), list(DocumentState.objects.values()), list(ExceptionCase.objects.values())) == before
    assert (
        list(AccessRecord.objects.order_by("pk").values_list("actor", "purpose"))[looked:]
        == [("lea", f"plan to read document {document.pk} again")] * 2
    )


def test_posting_the_same_form_twice_reads_once(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    digest = plan_reprocess(lead, document).digest
    reprocess(lead, document, REASON, digest, "form-1")
    reprocess(lead, document, REASON, digest, "form-1")
    assert Reprocessing.objects.count() == 1
    assert len(ledger()) == 6


def test_the_form_of_one_document_reads_no_other(lead: User) -> None:
    made = purchase_order()
    first = answered(made, factories.acceptance(made))
    second = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    again(lead, first, "form-1")
    with pytest.raises(Refused, match="This form was used for something else"):
        again(lead, second, "form-1")
    assert Reprocessing.objects.get().document == first


@pytest.mark.parametrize("keys", [("form-1", "form-1"), ("form-1", "form-2")], ids=["one form", "two people"])
def test_two_at_once_read_once(committed: str, keys: tuple[str, str]) -> None:
    lead = factories.user("lea", "decide")
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    digest = plan_reprocess(lead, document).digest
    said: list[str] = []
    begin = threading.Barrier(2)

    def read(key: str) -> None:
        try:
            begin.wait(120)
            reprocess(lead, document, REASON, digest, key)
            said.append("read")
        except Refused as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=read, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changed = "Something has changed since you looked. Here is what it would do now."
    unchanged = "Nothing would change: it reads as it did, and comes to the same."
    assert said.count("read") == (2 if keys[0] == keys[1] else 1)
    assert set(said) - {"read", changed, unchanged} == set()
    assert Reprocessing.objects.count() == 1
    assert len(ledger()) == 6


def wait_until_somebody_waits() -> None:
    """Return once a statement of this database waits for a lock."""
    deadline = time.monotonic() + 30
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
    pytest.fail("Nobody waited for a lock within 30 s.")


def matched_while_it_is_read_again(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Have a worker match an answer while a person's reading of it as another one is not committed yet."""
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    lead = factories.user("lea", "decide")
    digest = plan_reprocess(lead, document).digest
    almost, go_on = threading.Event(), threading.Event()
    close = reprocess_flow._close_what_is_gone

    def close_late(*given: Any) -> None:
        close(*given)
        almost.set()
        go_on.wait(60)

    monkeypatch.setattr(reprocess_flow, "_close_what_is_gone", close_late)

    def closing(act: Any) -> threading.Thread:
        def run() -> None:
            try:
                act()
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    reader = closing(lambda: reprocess(lead, document, REASON, digest, "form-1"))
    assert almost.wait(60)
    worker = closing(lambda: match(str(document.pk), Unclaimed()))
    wait_until_somebody_waits()
    go_on.set()
    reader.join()
    worker.join()
    return standing()


def test_one_that_is_being_read_again_is_matched_as_it_reads_then(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert matched_while_it_is_read_again(monkeypatch) == ORDERED


def test_without_the_lock_it_is_matched_as_it_read_before(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match_flow, "DocumentState", MagicMock())
    assert matched_while_it_is_read_again(monkeypatch) == ORDERED + ACKNOWLEDGED


def test_what_changed_meanwhile_is_shown_anew(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    digest = plan_reprocess(lead, document).digest
    CodeList.objects.all().delete()
    code_means(made, "EA", "case")
    with pytest.raises(Refused, match="Something has changed since you looked"):
        reprocess(lead, document, REASON, digest, "form-1")
    assert len(ledger()) == 4
    assert Reprocessing.objects.count() == 0


@pytest.mark.parametrize(("group", "reason"), [("view", REASON), ("decide", " ")])
def test_who_may_not_or_gives_no_reason_reads_nothing_again(lead: User, group: str, reason: str) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    with pytest.raises(Refused):
        again(factories.user(group=group), document, reason=reason)
    assert Reprocessing.objects.count() == 0


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("accept", "accepted as acknowledged"),
        ("reject", "the partner's answer rejected"),
        ("not_ours", "not ours"),
    ],
)
def test_a_persons_decision_holds(lead: User, decision: str, words: str) -> None:
    made = purchase_order()
    document = answered(made, factories.shortage(made))
    case = ExceptionCase.objects.get()
    carry_out(lead, case, decision, Given(), "Agreed.", plan(case, decision, Given()).digest)
    entries = ledger()
    code_means(made, "EA", "dozen")
    with pytest.raises(Refused) as refused:
        plan_reprocess(lead, document)
    assert str(refused.value) == (
        f"lea has decided about it ({words}): Agreed. A person's decision holds; if it has to be another one, have the"
        " partner answer anew."
    )
    assert ledger() == entries


def test_an_answer_that_a_person_matched_stays_matched_there(lead: User) -> None:
    made = purchase_order()
    other = factories.purchase_order(factories.order(1002), made.agreement)
    factories.sent(other)
    document = answered(made, in_unit(factories.acceptance(made), "UN"))
    case = ExceptionCase.objects.get()
    given = Given(number=other.number)
    carry_out(lead, case, "match", given, "Mistyped.", plan(case, "match", given).digest)
    tasks.drain("documents")
    code_means(made, "UN", "each")
    again(lead, document)
    assert OrderDocument.objects.get(document=document).purchase_order == other
    assert dict(PurchaseOrder.objects.values_list("number", "state")) == {
        made.number: State.GENERATED,
        other.number: State.ACCEPTED,
    }


def test_a_case_that_was_settled_outside_is_said_and_keeps_nobody_from_it(lead: User) -> None:
    made = purchase_order()
    document = answered(made, in_unit(factories.acceptance(made), "UN"))
    settle_case(lead, ExceptionCase.objects.get(), "Telephoned.")
    code_means(made, "UN", "each")
    assert plan_reprocess(lead, document).warnings == (
        "lea has settled a case about it outside Gridport: Telephoned.",
    )


def test_one_that_is_not_agreed_any_more_is_taken_back_and_the_purchase_order_waits(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    assert FunctionalAnswer.objects.filter(source=document).count() == 1
    AgreementDocument.objects.filter(transaction_set="855").update(is_active=False)
    shown = plan_reprocess(lead, document)
    assert shown.warnings == (
        "Order 1001: the answer “1001-1: accepted” is not written to the store yet, and waits until everything is"
        " accepted.",
        "Order 1001: the status Awaiting Shipment is not written to the store yet, and waits until everything is"
        " accepted.",
    )
    sent_before = Document.objects.filter(transaction_set="997").count()
    reprocess(lead, document, REASON, shown.digest, "form-1")
    assert PurchaseOrder.objects.get().state == State.GENERATED
    assert standing() == ORDERED
    assert OrderDocument.objects.filter(document=document).count() == 0
    assert ExceptionCase.objects.get().kind == "unreadable"
    assert Document.objects.filter(transaction_set="997").count() == sent_before
    AgreementDocument.objects.filter(transaction_set="855").update(is_active=True)
    again(lead, document, "form-2")
    assert PurchaseOrder.objects.get().state == State.ACCEPTED
    assert ExceptionCase.objects.get().closed_at is not None


def test_a_document_that_is_not_agreed_comes_to_nothing_until_it_is_and_is_read_again(lead: User) -> None:
    made = purchase_order()
    AgreementDocument.objects.filter(transaction_set="855").update(is_active=False)
    document = answered(made, factories.acceptance(made))
    assert standing() == ORDERED
    assert ExceptionCase.objects.get().kind == "unreadable"
    AgreementDocument.objects.filter(transaction_set="855").update(is_active=True)
    again(lead, document)
    assert standing() == ORDERED + ACKNOWLEDGED
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_what_the_partner_was_told_by_997_stays_and_is_said(lead: User) -> None:
    made = purchase_order()
    broken = [segment("BAK", "00", "AD", made.number, "20269999")]
    document = answered(made, broken)
    assert document.state.validation == "invalid"
    # As if a mended table took such a day.
    DocumentState.objects.filter(document=document).update(validation="valid")
    shown = plan_reprocess(lead, document)
    assert shown.warnings == (
        f"We have told {made.agreement.partner} that it is accepted (997). That stays and nothing is answered again:"
        " tell them yourself how you take it now.",
    )


def test_another_answer_holds_where_this_one_does_not_any_more(lead: User) -> None:
    made = purchase_order()
    first = answered(made, factories.acceptance(made))
    second = answered(made, [segment("BAK", "00", "AD", made.number, "20261124")])
    said_by = LineEntry.standing().filter(kind="acknowledged").order_by("pk")
    assert [entry.document for entry in said_by] == [first, first, second, second]
    assert PurchaseOrder.objects.get().accepted_by == first
    code_means(made, "EA", "dozen")
    again(lead, first)
    assert [entry.document for entry in said_by.all()] == [second, second]
    assert PurchaseOrder.objects.get().state == State.ACCEPTED
    assert PurchaseOrder.objects.get().accepted_by == second


def test_one_that_names_another_purchase_order_now_moves_to_it(
    lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = purchase_order()
    second = factories.purchase_order(factories.order(1002), first.agreement)
    factories.sent(second)
    document = answered(first, factories.acceptance(first))
    as_it_was = projections_of_archive.translate_segments

    def mended(*given: Any) -> Translated:
        read = as_it_was(*given)
        return replace(
            read, number=second.number, content={**read.content, "purchase_order_number": second.number}
        )

    monkeypatch.setattr(projections_of_archive, "translate_segments", mended)
    again(lead, document)
    assert OrderDocument.objects.get(document=document).purchase_order == second
    assert dict(PurchaseOrder.objects.values_list("number", "state")) == {
        first.number: State.GENERATED,
        second.number: State.ACCEPTED,
    }
    held = LineEntry.standing().filter(kind="acknowledged")
    assert {entry.line.purchase_order for entry in held} == {second}
    assert dict(Order.objects.values_list("number", "state")) == {1001: "routed", 1002: "accepted"}


def test_only_what_partners_sent_is_read_again(lead: User) -> None:
    document = factories.sent(factories.purchase_order())
    with pytest.raises(
        Refused, match=r"^Only what partners sent is read again; what we sent can be sent again\.$"
    ):
        plan_reprocess(lead, document)


def test_a_997_is_read_again_only_while_nothing_came_of_it(lead: User) -> None:
    made = purchase_order()
    sent = Document.objects.get(transaction_set="850")
    said = factories.received(made.agreement, "997", factories.functional_acknowledgment(sent))
    match(str(said.pk), Unclaimed())
    with pytest.raises(Refused, match="what it said of them is recorded for good"):
        plan_reprocess(lead, said)


def test_one_that_is_about_to_be_matched_goes_on_by_itself(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    factories.work("match", document.pk)
    with pytest.raises(Refused, match=r"^It is about to be matched: it goes on by itself\.$"):
        plan_reprocess(lead, document)


def projections(document: Document) -> list[list[dict[str, object]]]:
    return [
        [
            {name: value for name, value in row.items() if name not in ("id", "changed_xid")}
            for row in model._default_manager.filter(document=document).order_by(*order).values()
        ]
        for model, order in (
            (DocumentState, ["document"]),
            (Translation, ["document"]),
            (DocumentReference, ["document", "kind", "normal"]),
        )
    ]


def test_p3_projections_rebuilt_are_those_of_the_last_reading(lead: User) -> None:
    made = purchase_order()
    document = answered(made, factories.acceptance(made))
    code_means(made, "EA", "dozen")
    again(lead, document)
    read_again = projections(document)
    assert [len(rows) > 0 for rows in read_again] == [True] * 3
    rebuild()
    assert projections(document) == read_again


def test_nobody_reads_the_ledger_but_for_what_stands() -> None:
    readings = []
    for folder in ("archive", "integration", "partners", "portal"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for line in path.read_text().splitlines():
                if re.search(
                    r"LineEntry\.objects|\.line_entries\b|[^_]entries\.(all|filter|aggregate)\(", line
                ):
                    readings.append((str(Path(path).relative_to(ROOT)), line.strip()))
    assert sorted({(path, line) for path, line in readings if "bulk_create" not in line}) == [
        # How often an answer was posted before, reversed or not.
        (
            "integration/flows/accept.py",
            "before = LineEntry.objects.filter(document=document, reading=reading, reverses=None)",
        ),
        # How often a change was posted before, reversed or not.
        (
            "integration/flows/changes.py",
            "before = LineEntry.objects.filter(line__in=lines.values(), reverses=None)",
        ),
        # How often a ship notice was posted before, reversed or not.
        ("integration/flows/match_ship_notices.py", "times = LineEntry.objects.filter("),
        # How often a return was posted before, reversed or not; and its reversal, written.
        ("integration/flows/return_ledger.py", "LineEntry.objects.create("),
        (
            "integration/flows/return_ledger.py",
            "before = LineEntry.objects.filter(reverses=None, line__purchase_order=case.purchase_order)",
        ),
        # How often a supplier's invoice was posted before, reversed or not.
        ("integration/flows/supplier_invoices.py", "before = LineEntry.objects.filter("),
        (
            "partners/agreements.py",
            "return {each.name: {entry.ours: entry.theirs for entry in each.entries.all()} for each in lists}",
        ),
        (
            "portal/admin/agreements.py",
            'return ", ".join(str(entry) for entry in code_list.entries.all()) if code_list.pk else ""',
        ),
        # The ledger itself, shown with what was reversed.
        (
            "portal/admin/purchase_order_page.py",
            "LineEntry.objects.filter(line__purchase_order=purchase_order, reverses=None)",
        ),
        # How many were taken over a moment ago.
        (
            "portal/admin/take_over.py",
            'count = kept.line_entries.values("line__purchase_order").distinct().count()',
        ),
    ]


def test_an_older_answer_that_comes_late_is_history_for_an_accepted_purchase_order(
    lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = purchase_order()
    answered(made, factories.acceptance(made))
    older = timezone.now() - timedelta(days=400)
    first = Document.objects.get(transaction_set="855")
    monkeypatch.setattr(
        accept_flow, "stated_at", lambda document: timezone.now() if document.pk == first.pk else older
    )
    answered(made, factories.shortage(made))
    assert ExceptionCase.objects.count() == 0
    assert Event.objects.filter(kind="overtaken").count() == 1
