"""Forgetting a person: two people, a plan that is what happens, and nothing left that tells of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import Error, connection, transaction

from archive import publishing, sealing, store
from archive.models import (
    AuditEntry,
    Document,
    DocumentReference,
    DocumentState,
    ErasureCertificate,
    PayloadKey,
    SubjectKey,
    Translation,
)
from archive.projections import rebuild
from integration.flows import erase
from integration.flows.erase import approve_erasure, plan_erasure, propose_erasure, withdraw_erasure
from integration.flows.persons import person_of, tie
from integration.flows.references import write_references
from integration.flows.rights import Refused
from integration.models import (
    Comment,
    Erasure,
    ExceptionCase,
    Order,
    OrderDocument,
    OrderReference,
    PurchaseOrder,
)
from integration.work import Step, Unclaimed, put
from portal.evidence.making import make
from portal.evidence.scopes import of_order
from tests import factories
from tests.archive.test_verify import members, packed, run

pytestmark = pytest.mark.django_db
NAME = "Nora Quillfeather"
Role = OrderDocument.Role


@pytest.fixture
def first() -> User:
    return factories.user("paula", "Partner administrator")


@pytest.fixture
def second() -> User:
    return factories.user("rhea", "Records manager")


@pytest.fixture
def made() -> PurchaseOrder:
    """A purchase order for Nora, sent, acknowledged and accepted, with nothing left to do."""
    order = factories.order(customer=NAME)
    order.content["customer_id"] = 17
    order.content["billing_address"] = factories.address(
        first_name="Nora", last_name="Quillfeather", email="nora@example.net"
    )
    order.content["addresses"] = [factories.address(first_name="Nora", last_name="Quillfeather")]
    order.save()
    write_references(order)
    made = factories.purchase_order(order)
    document = factories.sent(made)
    envelope = factories.received(made.agreement, "997", factories.functional_acknowledgment(document))
    tie(made.order, envelope, Role.FUNCTIONAL_ACKNOWLEDGMENT, made)
    answer = factories.received(made.agreement, "855", factories.acceptance(made))
    tie(made.order, answer, Role.PURCHASE_ORDER_ACKNOWLEDGMENT, made)
    _finished(made)
    return PurchaseOrder.objects.select_related("order__store").get(pk=made.pk)


def _finished(made: PurchaseOrder) -> None:
    made.order.state = Order.State.ACCEPTED
    made.order.save(update_fields=["state"])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM integration_expectation")
        cursor.execute("DELETE FROM integration_work")


def documents_of(made: PurchaseOrder, *sets: str) -> list[Document]:
    found = Document.objects.filter(orders__order=made.order, transaction_set__in=sets)
    return list(found.select_related("interchange__payload").order_by("pk"))


def test_a_person_is_forgotten_and_the_record_stays(made: PurchaseOrder, first: User, second: User) -> None:
    sent, answer = documents_of(made, "850", "855")
    [envelope] = documents_of(made, "997")
    Comment.objects.create(
        subject=made.order.subject, text=f"{NAME} rang", author_name="dora", written_at=made.created_at
    )
    states = list(DocumentState.objects.order_by("pk").values())
    proposed = propose_erasure(first, made.order, "She asked for it on 3 March.")
    assert store.open(sent.interchange.payload, purpose="t").count(b"Quillfeather") == 1
    approve_erasure(second, proposed, "Identity checked.")

    for each in (sent, answer):
        with pytest.raises(store.PayloadDamaged, match="its key was destroyed"):
            store.open(each.interchange.payload, purpose="t")
    assert store.open(envelope.interchange.payload, purpose="t").startswith(b"ISA")
    assert not SubjectKey.objects.exists()
    assert Translation.objects.get(document=sent).content is None
    assert Translation.objects.get(document=envelope).content is not None
    order = Order.objects.get(pk=made.order_id)
    assert "Quillfeather" not in str(order.content)
    assert (order.customer_name, order.erased_at is not None, len(order.content["lines"])) == ("", True, 2)
    assert PurchaseOrder.objects.get(pk=made.pk).content is None
    assert not OrderReference.objects.filter(kind__in=["customer", "email"]).exists()
    assert OrderReference.objects.filter(kind="purchase_order", value=made.number).exists()
    assert "Quillfeather" not in Comment.objects.get().text
    # what is known of the documents is as it was
    assert [row | {"changed_xid": 0} for row in DocumentState.objects.order_by("pk").values()] == [
        row | {"changed_xid": 0} for row in states
    ]
    assert DocumentReference.objects.filter(document=sent, value=made.number).exists()
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", "actor", "reason"))
    assert verbs[-2:] == [
        ("propose erasure", "paula", "She asked for it on 3 March."),
        ("approve erasure", "rhea", "Identity checked."),
    ]
    done = Erasure.objects.get()
    certificate = ErasureCertificate.objects.get()
    assert (certificate.erasure, certificate.orders, certificate.payloads) == (
        done.pk, [order.pk], sorted(each.interchange.payload_id for each in (sent, answer)),
    )  # fmt: skip
    assert certificate.persons == [each.pk for each in done.persons.all()]
    assert (certificate.keys_destroyed, certificate.proposed_by, certificate.approved_by) == (
        2,
        "paula",
        "rhea",
    )
    assert (done.state, done.decided_by, sorted(done.plan["payloads"])) == (
        "done", second, sorted(each.interchange.payload_id for each in (sent, answer)),
    )  # fmt: skip


def test_nobody_agrees_with_themselves(made: PurchaseOrder, first: User) -> None:
    proposed = propose_erasure(first, made.order, "She asked.")
    with pytest.raises(Refused, match="You proposed this yourself"):
        approve_erasure(first, proposed, "And again.")
    assert SubjectKey.objects.count() == 1
    with (
        pytest.raises(Error, match="not decided by two people"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT gridport_erase(%s)", [proposed.pk])


def test_the_database_keeps_one_person_from_being_two(made: PurchaseOrder, first: User) -> None:
    proposed = propose_erasure(first, made.order, "She asked.")
    with pytest.raises(Error, match="erasure_by_two"), transaction.atomic():
        Erasure.objects.filter(pk=proposed.pk).update(state="approved", decided_by=first)


def test_a_temporary_table_stands_for_no_erasure(made: PurchaseOrder, first: User) -> None:
    proposed = propose_erasure(first, made.order, "She asked.")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE integration_erasure (LIKE public.integration_erasure)")
        cursor.execute("INSERT INTO integration_erasure SELECT * FROM public.integration_erasure")
        cursor.execute("UPDATE integration_erasure SET state = 'approved', decided_by_id = 0")
        cursor.execute("GRANT SELECT ON integration_erasure TO PUBLIC")
    with pytest.raises(Error, match="not decided by two people"), transaction.atomic():
        _destroy(proposed)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.integration_erasure")
    assert SubjectKey.objects.count() == 1


def _destroy(proposed: Erasure) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT gridport_erase(%s)", [proposed.pk])


def test_keys_go_in_no_other_way(made: PurchaseOrder) -> None:
    for rows in (PayloadKey.objects.all(), SubjectKey.objects.all()):
        with pytest.raises(Error, match="permission denied"), transaction.atomic():
            rows._raw_delete("default")


def test_certificates_are_written_by_what_destroys_alone(made: PurchaseOrder) -> None:
    with pytest.raises(Error, match="certificates are written by what destroys"), transaction.atomic():
        ErasureCertificate.objects.create(
            erasure=1, orders=[], persons=[], payloads=[], keys_destroyed=0, digest="", proposed_by="a", approved_by="b"
        )  # fmt: skip


def test_years_later_a_stranger_proves_that_it_was_erased_and_by_whose_decision(
    made: PurchaseOrder, first: User, second: User, tmp_path: Path
) -> None:
    [sent] = documents_of(made, "850")
    approve_erasure(second, propose_erasure(first, made.order, "She asked for it."), "Identity checked.")
    sealing.close(Unclaimed(), now=True)
    roots, pack = tmp_path / "roots.txt", tmp_path / "pack.zip"
    publishing.publish_to_file(roots)
    pack.write_bytes(b"".join(make(of_order(made.order), "maria")))
    code, said = run(pack, roots)
    assert code == 0, said
    assert NAME not in pack.read_bytes().decode("latin-1")
    certificate, payload = ErasureCertificate.objects.get(), sent.interchange.payload_id
    proved = [
        line
        for line in said.splitlines()
        if f"leaves/archive_erasurecertificate/{certificate.pk}.json" in line
    ]
    assert len([line for line in proved if line.startswith("proved ")]) == 1
    [told] = [line for line in proved if f"leaves/archive_payload/{payload}.json" in line]
    assert told.startswith("erased       ")
    assert "its key was destroyed, for it spoke of a person who was forgotten" in told
    # who takes the certificate out of the pack takes away why
    bare = {name: data for name, data in members(pack).items() if "erasurecertificate" not in name}
    records = [each for each in json.loads(bare["manifest.json"])["records"] if each["leaf"] in bare]
    pack.write_bytes(packed(bare, records=records))
    code, said = run(pack, roots)
    assert code == 0
    assert (
        f"leaves/archive_payload/{payload}.json): its content is not in this pack, and no certificate in it says why"
        in said
    )


def test_without_the_right_nothing_is_proposed(made: PurchaseOrder) -> None:
    with pytest.raises(Refused, match="ask a records manager, a partner administrator or an operator"):
        propose_erasure(factories.user("carla", "Customer service"), made.order, "She asked.")
    assert not Erasure.objects.exists()


def test_what_speaks_of_others_too_stays_and_is_named(made: PurchaseOrder, first: User, second: User) -> None:
    [_, answer] = documents_of(made, "850", "855")
    other = factories.order(customer="Bea Other")
    other.content["customer_id"] = 18
    other.save()
    tie(other, answer, Role.PURCHASE_ORDER_ACKNOWLEDGMENT)
    plan = plan_erasure(made.order)
    assert answer.interchange.payload_id not in plan.payloads
    assert plan.stays[0].endswith("stays: it speaks of other people too.")
    approve_erasure(second, propose_erasure(first, made.order, "She asked."), "Yes.")
    assert store.open(answer.interchange.payload, purpose="t").startswith(b"ISA")
    assert Translation.objects.get(document=answer).content is not None
    assert Order.objects.get(pk=other.pk).customer_name == "Bea Other"


def test_the_database_takes_nothing_that_speaks_of_others(
    made: PurchaseOrder, first: User, second: User
) -> None:
    other = factories.sent()
    proposed = propose_erasure(first, made.order, "She asked.")
    for payloads, why in (
        ([other.interchange.payload_id], "speaks of others"),
        ([factories.document().interchange.payload_id], "does not speak of them"),
    ):
        with pytest.raises(Error, match=why):
            _carried_out(proposed, {**proposed.plan, "payloads": payloads}, second)


def _carried_out(proposed: Erasure, plan: dict[str, Any], by: User) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        Erasure.objects.filter(pk=proposed.pk).update(state="approved", decided_by=by, plan=plan)
        cursor.execute("SELECT gridport_erase(%s)", [proposed.pk])


def test_other_orders_of_the_person_go_with_it(made: PurchaseOrder, first: User, second: User) -> None:
    guest = factories.order(of=made.order.store, customer=NAME)
    guest.content["billing_address"] = factories.address(email="Nora@example.net")
    guest.state = Order.State.ACCEPTED
    guest.save()
    write_references(guest)
    earlier = factories.order(of=made.order.store, customer=NAME, state=Order.State.ACCEPTED)
    earlier.content["customer_id"] = 17
    earlier.save()
    stranger = factories.order(customer="Somebody else")
    assert person_of(guest) != made.order.person
    proposed = propose_erasure(first, made.order, "She asked.")
    assert sorted(proposed.orders.values_list("pk", flat=True)) == [made.order_id, guest.pk, earlier.pk]
    approve_erasure(second, proposed, "Yes.")
    assert Order.objects.filter(customer_name="").count() == 3
    assert Order.objects.get(pk=stranger.pk).customer_name == "Somebody else"


@pytest.mark.parametrize("at_work", ["case", "work", "held", "rule"])
def test_what_is_at_work_or_kept_stops_it_with_a_sentence(
    made: PurchaseOrder, first: User, at_work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = made.order
    if at_work == "case":
        factories.case(order=order, kind=ExceptionCase.Kind.REJECTED)
        expected = r"Case \d+ \(partner rejected our document\) is open"
    elif at_work == "work":
        put("orders", Step("route", str(order.pk), order.ordering_key))
        expected = "Work on these orders is not done yet"
    elif at_work == "held":
        Order.objects.filter(pk=order.pk).update(state=Order.State.HELD)
        expected = "is held by a case: it has to be settled first"
    else:
        why = "Invoices of Larch Supply are kept until 31 December 2033: tax law."
        monkeypatch.setattr(
            erase, "why_kept", lambda document: why if document.transaction_set == "850" else None
        )
        expected = "kept until 31 December 2033"
    with pytest.raises(Refused, match=expected):
        propose_erasure(first, order, "She asked.")
    assert not Erasure.objects.exists()


def test_a_hold_between_proposal_and_agreement_wins(
    made: PurchaseOrder, first: User, second: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed = propose_erasure(first, made.order, "She asked.")
    monkeypatch.setattr(erase, "why_kept", lambda document: "Held: matter Aldgate.")
    with pytest.raises(Refused, match="matter Aldgate"):
        approve_erasure(second, proposed, "Yes.")
    assert SubjectKey.objects.count() == 1


def test_another_document_since_the_proposal_asks_for_another_proposal(
    made: PurchaseOrder, first: User, second: User
) -> None:
    proposed = propose_erasure(first, made.order, "She asked.")
    late = factories.document(made.agreement, number=made.number)
    tie(made.order, late, Role.PURCHASE_ORDER_ACKNOWLEDGMENT, made)
    with pytest.raises(Refused, match="Withdraw it and propose it again"):
        approve_erasure(second, proposed, "Yes.")
    withdraw_erasure(first, proposed, "Anew.")
    approve_erasure(second, propose_erasure(first, made.order, "She asked."), "Yes.")
    assert list(Erasure.objects.order_by("pk").values_list("state", flat=True)) == ["withdrawn", "done"]


def test_once_is_enough(made: PurchaseOrder, first: User, second: User) -> None:
    proposed = propose_erasure(first, made.order, "She asked.")
    with pytest.raises(Refused, match="proposed already"):
        propose_erasure(second, made.order, "She asked.")
    approve_erasure(second, proposed, "Yes.")
    with pytest.raises(Refused, match="carried out already"):
        approve_erasure(second, proposed, "Yes.")


def test_projections_that_are_rebuilt_leave_what_is_erased_as_it_is(
    made: PurchaseOrder, first: User, second: User
) -> None:
    approve_erasure(second, propose_erasure(first, made.order, "She asked."), "Yes.")

    def rows(model: Any) -> list[Any]:
        names = [
            each.attname for each in model._meta.concrete_fields if each.name not in ("id", "changed_xid")
        ]
        return sorted(map(str, model.objects.values_list(*names)))

    before = [rows(model) for model in (DocumentState, Translation, DocumentReference)]
    assert rebuild() == 2  # the functional acknowledgments, theirs and ours
    assert [rows(model) for model in (DocumentState, Translation, DocumentReference)] == before


def test_whoever_orders_again_is_put_under_a_new_key(made: PurchaseOrder, first: User, second: User) -> None:
    approve_erasure(second, propose_erasure(first, made.order, "She asked."), "Yes.")
    again = factories.order(of=made.order.store, customer=NAME)
    again.content["customer_id"] = 17
    again.save()
    assert person_of(again) == made.order.person
    payload = store.put(b"anew", subject=person_of(again))
    assert store.open(payload, purpose="t") == b"anew"
    with pytest.raises(store.PayloadDamaged):
        store.open(documents_of(made, "850")[0].interchange.payload, purpose="t")
