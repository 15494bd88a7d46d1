"""A file that was kept and not read is read again: shown first, once, and then the usual way."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from archive.models import AuditEntry, Document, Interchange, Reprocessing, Transmission
from integration import tasks
from integration.flows.decide import Refused
from integration.flows.reread import plan_reread, reread
from integration.flows.translate import translate
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, Work
from integration.work import Unclaimed
from integration.x12.syntax import Segment
from partners.models import Mode, Partnership
from tests import factories

REASON = "The partner may write to us now."


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def made(db: None) -> PurchaseOrder:
    """A purchase order that was sent."""
    made = factories.purchase_order(factories.order(1001))
    factories.sent(made)
    return made


def arrive(of: PurchaseOrder, body: list[Segment], number: int, name: str = "answer.edi") -> Transmission:
    """Have an 855 arrive in interchange ``number``, and be read as far as it is."""
    terms = of.agreement
    sender = (terms.identifier.qualifier, terms.identifier.value)
    receiver = (terms.own_qualifier, terms.own_id)
    data = factories.interchange_bytes("855", body, sender=sender, receiver=receiver, number=number)
    arrived = factories.received_file(terms.mailbox, data, name)
    for step in translate(str(arrived.pk), Unclaimed()):
        factories.work(step.name, step.subject)
    return arrived


def again(user: User, file: Transmission, key: str = "form-1", *, restarted: bool = False) -> None:
    digest = plan_reread(user, file, restarted=restarted).digest
    reread(user, file, REASON, digest, key, restarted=restarted)


def test_a_file_of_a_stranger_is_read_once_the_stranger_may_write(lead: User, made: PurchaseOrder) -> None:
    Partnership.objects.all().delete()
    file = arrive(made, factories.acceptance(made), 7)
    case = ExceptionCase.objects.get()
    assert (case.kind, Document.objects.filter(transaction_set="855").count()) == ("not_for_us", 0)
    with pytest.raises(Refused, match=r"^It would still not be read\. .* may not write through "):
        plan_reread(lead, file)
    Partnership.objects.create(
        mailbox=made.agreement.mailbox, identifier=made.agreement.identifier, state=Partnership.State.ACTIVE
    )
    partner = made.agreement.partner
    shown = plan_reread(lead, file)
    assert shown.sentences == (
        f"Purchase order acknowledgment (855) 1001-1 of {partner} is read: valid.",
        "What can be matched is matched then.",
        f"A functional acknowledgment (997) goes to {partner}.",
    )
    assert Document.objects.filter(transaction_set="855").count() == 0
    reread(lead, file, REASON, shown.digest, "form-1")
    document = Document.objects.get(transaction_set="855")
    assert document.interchange == Interchange.objects.get(transmission=file)
    assert (document.agreement, document.interchange.agreement) == (made.agreement, None)
    case.refresh_from_db()
    assert (case.decision, case.closed_by) == ("read_again", "lea")
    assert sorted(Work.objects.values_list("step", flat=True)) == ["match", "transmit"]
    assert AuditEntry.objects.get(verb="read again").subject == f"transmission:{file.pk}"
    tasks.drain("documents")
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert LineEntry.standing().filter(kind="acknowledged").count() == 2


def test_what_was_read_already_is_not_read_again_as_a_file(lead: User, made: PurchaseOrder) -> None:
    file = arrive(made, factories.acceptance(made), 7)
    with pytest.raises(
        Refused, match=r"^Everything in it was read\. Read one of its documents again instead\.$"
    ):
        plan_reread(lead, file)


def test_posting_the_same_form_twice_reads_once(lead: User, made: PurchaseOrder) -> None:
    Partnership.objects.all().delete()
    file = arrive(made, factories.acceptance(made), 7)
    Partnership.objects.create(
        mailbox=made.agreement.mailbox, identifier=made.agreement.identifier, state="active"
    )
    digest = plan_reread(lead, file).digest
    reread(lead, file, REASON, digest, "form-1")
    reread(lead, file, REASON, digest, "form-1")
    assert Document.objects.filter(transaction_set="855").count() == 1
    assert Document.objects.filter(transaction_set="997").count() == 1
    assert Reprocessing.objects.count() == 1


def numbers_read(transmissions: list[Transmission]) -> list[int]:
    return [Document.objects.filter(interchange__transmission=each).count() for each in transmissions]


def test_abuse_20_a_number_used_again_is_read_alone_where_the_partner_did_not_restart(
    lead: User, made: PurchaseOrder
) -> None:
    arrive(made, factories.shortage(made), 7, "first.edi")
    tasks.drain("documents")
    second = arrive(made, factories.acceptance(made), 7, "second.edi")
    assert ExceptionCase.objects.filter(kind="duplicate", closed_at=None).count() == 1
    again(lead, second)
    tasks.drain("documents")
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    third = arrive(made, factories.shortage(made, 2), 7, "third.edi")
    assert numbers_read([third]) == [0]
    assert ExceptionCase.objects.filter(kind="duplicate", closed_at=None).count() == 1


def test_abuse_20_numbers_count_anew_from_where_the_partner_restarted(
    lead: User, made: PurchaseOrder
) -> None:
    before = [arrive(made, factories.shortage(made), number, f"old-{number}.edi") for number in (1, 2, 3)]
    restart = arrive(made, factories.acceptance(made), 1, "new-1.edi")
    meanwhile = arrive(made, factories.acceptance(made), 2, "new-2.edi")
    assert numbers_read([*before, restart, meanwhile]) == [1, 1, 1, 0, 0]
    assert plan_reread(lead, restart, restarted=True).sentences[-1] == (
        "From interchange 000000001 on, the sender's control numbers count anew: those used before it may come again."
    )
    again(lead, restart, restarted=True)
    assert Reprocessing.objects.get().restarts_at == Interchange.objects.get(transmission=restart)
    again(lead, meanwhile, "form-2")
    after = arrive(made, factories.acceptance(made), 3, "new-3.edi")
    repeated = arrive(made, factories.shortage(made), 1, "new-1-again.edi")
    assert numbers_read([restart, meanwhile, after, repeated]) == [1, 1, 1, 0]
    assert [case.transmission for case in ExceptionCase.objects.filter(kind="duplicate", closed_at=None)] == [
        repeated
    ]


def test_the_same_content_again_is_not_read_twice(lead: User, made: PurchaseOrder) -> None:
    arrive(made, factories.acceptance(made), 7)
    copy = arrive(made, factories.acceptance(made), 7, "copy.edi")
    with pytest.raises(
        Refused, match="Interchange 000000007 came before with the same content: look at that"
    ):
        plan_reread(lead, copy)


def test_what_is_no_x12_stays_unread(lead: User, made: PurchaseOrder) -> None:
    file = factories.received_file(made.agreement.mailbox, b"Dear all", "letter.txt")
    translate(str(file.pk), Unclaimed())
    with pytest.raises(Refused, match=r"^It would still not be read\. "):
        plan_reread(lead, file)
    with pytest.raises(Refused, match="no control number that could begin a new count"):
        plan_reread(lead, file, restarted=True)


def test_a_file_whose_reading_stopped_is_let_go_on_instead(lead: User, made: PurchaseOrder) -> None:
    file = factories.received_file(made.agreement.mailbox, b"ISA", "stopped.edi")
    factories.work("translate", file.pk, "The worker died.", stopped=True)
    with pytest.raises(Refused, match="let that work go on instead"):
        plan_reread(lead, file)
    Work.objects.update(parked_at=None)
    with pytest.raises(Refused, match="it goes on by itself"):
        plan_reread(lead, file)


def test_in_watch_nothing_is_answered(lead: User, made: PurchaseOrder) -> None:
    Partnership.objects.all().delete()
    file = arrive(made, factories.acceptance(made), 7)
    Partnership.objects.create(
        mailbox=made.agreement.mailbox, identifier=made.agreement.identifier, state="active"
    )
    type(made.agreement).objects.update(mode=Mode.WATCH)
    assert plan_reread(lead, file).sentences[-1] == "Nothing is answered to the partner."


@pytest.mark.parametrize(("group", "reason"), [("view", REASON), ("decide", " ")])
def test_who_may_not_or_gives_no_reason_reads_nothing_again(
    lead: User, made: PurchaseOrder, group: str, reason: str
) -> None:
    Partnership.objects.all().delete()
    file = arrive(made, factories.acceptance(made), 7)
    Partnership.objects.create(
        mailbox=made.agreement.mailbox, identifier=made.agreement.identifier, state="active"
    )
    with pytest.raises(Refused):
        reread(factories.user(group=group), file, reason, plan_reread(lead, file).digest, "form-1")
    assert Document.objects.filter(transaction_set="855").count() == 0
