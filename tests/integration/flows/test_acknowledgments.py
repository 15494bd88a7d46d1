"""Acknowledgments both ways: which of ours go out, and what a partner's come to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive import store as archive_store
from archive.models import Document, FunctionalAnswer, InterchangeAnswer
from archive.projections import rebuild
from integration.flows import parents
from integration.flows.match import match
from integration.flows.translate import translate
from integration.models import ExceptionCase, OrderDocument
from integration.work import Step, Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import Agreement, Mode
from tests import factories

pytestmark = pytest.mark.django_db
Kind = ExceptionCase.Kind


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer to nothing is a case at once."""
    monkeypatch.setattr(parents, "AWAITED", timedelta(0))


@pytest.fixture
def sent() -> Document:
    return factories.sent()


def from_partner(
    of: Agreement, code: str, body: list[Segment], *, asks: bool = False, number: int = 0
) -> bytes:
    data = factories.interchange_bytes(
        code,
        body,
        sender=(of.identifier.qualifier, of.identifier.value),
        receiver=(of.own_qualifier, of.own_id),
        number=number,
    )
    return data.replace(b"*0*P*", b"*1*P*", 1) if asks else data


def taken(of: Agreement, data: bytes) -> list[Step]:
    return translate(str(factories.received_file(of.mailbox, data).pk), Unclaimed())


def matched(of: Agreement, code: str, body: list[Segment]) -> Document:
    document = factories.received(of, code, body)
    match(str(document.pk), Unclaimed())
    return document


def acknowledged(
    of: Document, set_code: str, group_code: str, *, group: str = "", number: str = ""
) -> list[Segment]:
    return [
        segment("AK1", "PO", group or str(int(of.group_control_number))),
        segment("AK2", "850", number or of.control_number),
        segment("AK5", set_code),
        segment("AK9", group_code, "1", "1", "0" if group_code == "R" else "1"),
    ]


def verdict_on(document: Document) -> str:
    return str(Document.objects.select_related("state").get(pk=document.pk).state.acknowledgment)


def said_of(document: Document, *kinds: str) -> list[str]:
    return list(document.events.filter(kind__in=kinds).order_by("pk").values_list("sentence", flat=True))


def partner_of(document: Document) -> str:
    assert document.agreement is not None
    return document.agreement.partner.name


def terms_of(document: Document) -> Agreement:
    assert document.agreement is not None
    return document.agreement


# --- theirs ----------------------------------------------------------------------------------------------------


def test_a_999_is_matched_like_a_997(sent: Document) -> None:
    body = [
        segment("AK1", "PO", str(int(sent.group_control_number)), "005010"),
        segment("AK2", "850", sent.control_number),
        segment("IK3", "BEG", "2", "", "8"),
        segment("IK4", "2", "92", "7", "DS"),
        segment("IK5", "E", "5"),
        segment("AK9", "E", "1", "1", "1"),
    ]
    terms = terms_of(sent)
    data = (
        from_partner(terms, "999", body).replace(b"*00401*", b"*00501*").replace(b"*X*004010~", b"*X*005010~")
    )
    data = data.replace(b"*U*00501*", b"*^*00501*")
    taken(terms, data)
    document = Document.objects.get(transaction_set="999")
    match(str(document.pk), Unclaimed())
    assert verdict_on(sent) == "accepted_with_errors"
    assert said_of(sent, "acknowledged") == [
        f"Implementation acknowledgment (999) of {partner_of(sent)}: accepted with errors."
    ]
    assert document.orders.get().role == OrderDocument.Role.FUNCTIONAL_ACKNOWLEDGMENT
    assert not FunctionalAnswer.objects.filter(source=document).exists()


@pytest.mark.parametrize(
    ("set_code", "group_code", "status", "remark"),
    [
        ("A", "A", "accepted", ""),
        ("A", "R", "rejected", " They accept the document and reject its group: the group's verdict holds."),
        (
            "R",
            "A",
            "rejected",
            " They reject the document and accept its group: the document's verdict holds.",
        ),
        ("R", "P", "rejected", ""),
        ("E", "P", "accepted_with_errors", ""),
    ],
)
def test_set_and_group_may_contradict_each_other(
    sent: Document, set_code: str, group_code: str, status: str, remark: str
) -> None:
    matched(terms_of(sent), "997", acknowledged(sent, set_code, group_code))
    assert verdict_on(sent) == status
    [line] = said_of(sent, "acknowledged", "rejected")
    words = status.replace("_", " ")
    assert line == f"Functional acknowledgment (997) of {partner_of(sent)}: {words}.{remark}"
    assert ExceptionCase.objects.filter(kind=Kind.REJECTED).count() == (status == "rejected")


@pytest.mark.parametrize(("group_code", "status"), [("A", "accepted"), ("P", "accepted"), ("R", "rejected")])
def test_a_set_that_is_not_listed_shares_the_fate_of_its_group(
    sent: Document, group_code: str, status: str
) -> None:
    body = [
        segment("AK1", "PO", str(int(sent.group_control_number))),
        segment("AK9", group_code, "1", "1", "1"),
    ]
    matched(terms_of(sent), "997", body)
    assert verdict_on(sent) == status


def test_an_unknown_group_is_a_case_that_says_so(sent: Document) -> None:
    matched(terms_of(sent), "997", acknowledged(sent, "A", "A", group="987654321"))
    assert verdict_on(sent) == "waiting"
    case = ExceptionCase.objects.get()
    assert (case.kind, case.sentence) == (
        Kind.UNMATCHED,
        f"{partner_of(sent)} acknowledged group 987654321, which we did not send to them. Nothing was changed; settle"
        " this case or ask the partner.",
    )


def test_a_group_of_another_kind_is_not_ours(sent: Document) -> None:
    body = acknowledged(sent, "A", "A")
    matched(terms_of(sent), "997", [segment("AK1", "IN", body[0][2]), *body[1:]])
    assert verdict_on(sent) == "waiting"
    assert ExceptionCase.objects.get().kind == Kind.UNMATCHED


def test_a_set_that_we_did_not_send_is_told_and_nothing_is_taken_from_it(sent: Document) -> None:
    matched(terms_of(sent), "997", acknowledged(sent, "A", "A", number="0099"))
    assert verdict_on(sent) == "waiting"
    assert ExceptionCase.objects.get().sentence == (
        f"{partner_of(sent)} acknowledged in group {int(sent.group_control_number)}: Purchase order (850) 0099, which"
        " we did not send in it. Of these nothing was changed; ask the partner."
    )


def test_a_set_without_a_verdict_stays_open(sent: Document) -> None:
    body = acknowledged(sent, "A", "A")
    matched(terms_of(sent), "997", [body[0], body[1], body[3]])
    assert verdict_on(sent) == "waiting"
    assert "without a verdict" in ExceptionCase.objects.get().sentence


def test_the_same_rejection_twice_is_recorded_and_does_nothing_twice(sent: Document) -> None:
    matched(terms_of(sent), "997", acknowledged(sent, "R", "R"))
    ExceptionCase.objects.update(closed_at="2026-11-28T00:00Z", closed_by="dora")
    matched(terms_of(sent), "997", acknowledged(sent, "R", "R"))
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert sent.acknowledgments.count() == 2
    assert said_of(sent, "acknowledged_again") == [
        f"Functional acknowledgment (997) of {partner_of(sent)} once more: rejected. Recorded, nothing done twice."
    ]


def test_another_verdict_than_before_is_a_case(sent: Document) -> None:
    matched(terms_of(sent), "997", acknowledged(sent, "A", "A"))
    matched(terms_of(sent), "997", acknowledged(sent, "R", "R"))
    case = ExceptionCase.objects.get()
    assert case.kind == Kind.CONTRADICTED
    assert case.sentence.endswith(
        "as accepted, and says now that it is rejected. The later word is shown; ask them which of the two holds."
    )
    assert verdict_on(sent) == "rejected"


def ta1_from(of: Agreement, ta1: Segment, number: int = 4711) -> bytes:
    data = from_partner(of, "997", [segment("AK1", "PO", "1")], number=number)
    return data[:106] + f"{'*'.join(['TA1', *ta1])}~IEA*0*{number:09d}~".encode()


@pytest.mark.parametrize(
    ("code", "note", "status", "cases"),
    [("A", "000", "waiting", 0), ("E", "014", "waiting", 0), ("R", "025", "rejected", 1)],
)
def test_a_ta1_is_matched_to_the_interchange_that_it_answers(
    sent: Document, code: str, note: str, status: str, cases: int
) -> None:
    terms = terms_of(sent)
    ta1 = segment("TA1", sent.interchange.control_number, "261124", "0930", code, note)
    steps = taken(terms, ta1_from(terms, ta1))
    document = Document.objects.get(transaction_set="TA1")
    assert [(step.name, step.subject) for step in steps] == [("match", str(document.pk))]
    assert document.translation.content["note"] == note
    match(str(document.pk), Unclaimed())
    assert (verdict_on(sent), ExceptionCase.objects.count()) == (status, cases)
    assert document.orders.get().role == OrderDocument.Role.INTERCHANGE_ACKNOWLEDGMENT
    if code == "R":
        assert ExceptionCase.objects.get().sentence.endswith(
            "(interchange rejected: the control number was used before (025)). They have not taken the order: mend what"
            " is wrong and send it again."
        )
    else:
        assert said_of(sent, "interchange_acknowledged")[0].startswith(
            f"Interchange acknowledgment (TA1) of {partner_of(sent)}: accepted"
        )
    # A TA1 is a document as well, and can be derived again.
    before = verdict_on(sent), document.translation.content
    rebuild()
    assert (verdict_on(sent), Document.objects.get(pk=document.pk).translation.content) == before


def test_a_ta1_for_what_we_did_not_send_is_a_case(sent: Document) -> None:
    terms = terms_of(sent)
    taken(terms, ta1_from(terms, segment("TA1", "000099999", "261124", "0930", "A", "000")))
    match(str(Document.objects.get(transaction_set="TA1").pk), Unclaimed())
    assert ExceptionCase.objects.get().sentence.startswith(
        f"{partner_of(sent)} acknowledged interchange 000099999, which we did not send"
    )


def advice(of: Document, outcome: str) -> list[Segment]:
    oti = segment(
        "OTI",
        outcome,
        "PO",
        "anything",
        "",
        "",
        "",
        "",
        str(int(of.group_control_number)),
        of.control_number,
        "850",
    )
    return [
        segment("BGN", "00", "ADV-1", "20261124"),
        oti,
        segment("TED", "007", "No ship-to", "N1"),
    ]


def test_an_advice_that_rejects_is_tied_to_its_document_and_a_case(sent: Document) -> None:
    document = matched(terms_of(sent), "824", advice(sent, "TR"))
    mention = sent.mentions.get()
    assert (mention.source, mention.said) == (document, "transaction_set_rejected")
    case = ExceptionCase.objects.get()
    assert (case.kind, case.document) == (Kind.APPLICATION_ERROR, sent)
    assert case.sentence == (
        f"{partner_of(sent)} reports an application error in {sent.state.number}: transaction set rejected (N1: No"
        " ship-to). Mend what is wrong and send it again, or ask them."
    )
    assert said_of(document, "tied") == [f"It speaks of {sent}: transaction set rejected."]


def test_an_advice_that_accepts_is_tied_and_no_case(sent: Document) -> None:
    matched(terms_of(sent), "824", advice(sent, "TA"))
    assert (sent.mentions.count(), ExceptionCase.objects.count()) == (1, 0)


def test_an_advice_on_nothing_of_ours_is_a_case_of_its_own(sent: Document) -> None:
    body = advice(sent, "TR")
    oti = segment("OTI", "TR", "PO", "77-X", "", "", "", "", "987654321", "0001", "850")
    document = matched(terms_of(sent), "824", [body[0], oti, body[2]])
    assert sent.mentions.count() == 0
    case = ExceptionCase.objects.get()
    assert (case.kind, case.document) == (Kind.APPLICATION_ERROR, document)
    assert "in 77-X, which is no document that we sent to them" in case.sentence


def test_a_text_message_is_tied_by_the_number_it_names_and_told_once(sent: Document) -> None:
    body = [
        segment("BMG", "00", "Delay"),
        segment("MIT", sent.state.number, "Two days late"),
        segment("MSG", "The truck broke down."),
    ]
    document = matched(terms_of(sent), "864", body)
    match(str(document.pk), Unclaimed())
    assert sent.mentions.get().source == document
    case = ExceptionCase.objects.get()
    assert (case.kind, case.sentence) == (
        Kind.MESSAGE,
        f"{partner_of(sent)} wrote a text message about {sent.state.number}: “Two days late”. Read it; nothing was done"
        " by itself.",
    )
    assert document.translation.content["messages"][0]["lines"] == ["The truck broke down."]


# --- ours ------------------------------------------------------------------------------------------------------


def answer_to(data: bytes, of: Agreement, **policy: str) -> list[str]:
    """The segments behind ISA of each answer that we prepare to a file."""
    Agreement.objects.filter(pk=of.pk).update(mode=Mode.LIVE, **policy)
    type(of.mailbox).objects.filter(pk=of.mailbox.pk).update(mode=Mode.LIVE)
    known = set(Document.objects.filter(direction="out").values_list("pk", flat=True))
    taken(of, data)
    ours = Document.objects.filter(direction="out").exclude(pk__in=known).order_by("pk")
    return [archive_store.open(each.interchange.payload, purpose="test")[106:].decode() for each in ours]


ORDER_LINES = [segment("BAK", "00", "AD", "77-1", "20261124"), segment("CTT", "0")]


@pytest.mark.parametrize(
    ("policy", "asks", "note"),
    [("never", True, None), ("asked", False, None), ("asked", True, "A*000"), ("always", False, "A*000")],
)
def test_interchanges_are_answered_by_policy(policy: str, asks: bool, note: str | None) -> None:
    terms = factories.agreement()
    data = from_partner(terms, "855", ORDER_LINES, asks=asks, number=321)
    answers = answer_to(data, terms, interchange_acknowledgment=policy, functional_acknowledgment="none")
    wanted = [] if note is None else [f"TA1*000000321*261124*0930*{note}~IEA*0*"]
    assert [each[: len(wanted[0])] if wanted else each for each in answers] == wanted
    assert InterchangeAnswer.objects.count() == len(wanted)


def test_an_interchange_is_answered_also_where_it_is_refused_and_before_its_group() -> None:
    terms = factories.agreement()

    def note_on(change: tuple[bytes, bytes], number: int) -> str:
        data = from_partner(terms, "855", ORDER_LINES, number=number).replace(*change)
        [only] = answer_to(data, terms, interchange_acknowledgment="always")
        return only.split("~")[0].split("*", 4)[-1]

    own = f"{terms.own_qualifier}*{terms.own_id:15}".encode()
    assert note_on((own, f"{terms.own_qualifier}*{'STRANGER':15}".encode()), 401) == "R*009"
    assert note_on((own, f"01*{terms.own_id:15}".encode()), 402) == "R*007"
    assert note_on((b"*0*P*", b"*0*T*"), 403) == "R*020"
    assert note_on((b"IEA*1*", b"IEA*2*"), 404) == "R*021"
    assert note_on((b"GE*1*405~", b"GE*1*405~GE*1*405~"), 405) == "R*022"


def test_a_number_used_twice_is_answered_with_025_and_sent() -> None:
    terms = factories.agreement()
    policy = {"interchange_acknowledgment": "always", "functional_acknowledgment": "none"}
    data = from_partner(terms, "855", ORDER_LINES, number=501)
    assert "A*000" in answer_to(data, terms, **policy)[0]
    [again] = answer_to(data.replace(b"77-1", b"77-2"), terms, **policy)
    assert again.startswith("TA1*000000501*261124*0930*R*025~")
    answer = Document.objects.filter(transaction_set="TA1").latest("pk")
    file = InterchangeAnswer.objects.get(answer=answer).source.transmission
    assert file is not None
    steps = translate(str(file.pk), Unclaimed())
    assert ("transmit", str(answer.interchange_id)) in [(step.name, step.subject) for step in steps]
    assert file.cases.get().kind == Kind.DUPLICATE


def test_in_watch_nothing_is_answered() -> None:
    terms = factories.agreement()
    data = from_partner(terms, "855", ORDER_LINES, asks=True)
    Agreement.objects.filter(pk=terms.pk).update(mode=Mode.WATCH, interchange_acknowledgment="always")
    taken(terms, data)
    assert Document.objects.filter(direction="out").count() == 0


def test_an_acknowledgment_is_never_acknowledged(sent: Document) -> None:
    terms = terms_of(sent)
    policy = {"interchange_acknowledgment": "always", "functional_acknowledgment": "997"}
    data = from_partner(terms, "997", acknowledged(sent, "A", "A"), asks=True)
    assert answer_to(data, terms, **policy) == []
    ta1 = segment("TA1", sent.interchange.control_number, "261124", "0930", "A", "000")
    assert answer_to(ta1_from(terms, ta1).replace(b"*0*P*", b"*1*P*"), terms, **policy) == []


@pytest.mark.parametrize(
    ("policy", "version", "wanted"),
    [("none", "004010", None), ("997", "004010", ("997", "004010")), ("997", "005010", ("997", "005010")),
     ("999", "005010", ("999", "005010")), ("999", "004010", ("997", "004010"))],
)  # fmt: skip
def test_groups_are_answered_by_policy_in_their_own_version(
    policy: str, version: str, wanted: tuple[str, str] | None
) -> None:
    terms = factories.agreement()
    data = from_partner(terms, "855", ORDER_LINES)
    if version == "005010":
        data = data.replace(b"*U*00401*", b"*^*00501*").replace(b"*X*004010~", b"*X*005010~")
    answers = answer_to(data, terms, functional_acknowledgment=policy)
    ours = Document.objects.filter(direction="out")
    assert len(answers) == ours.count()
    found = [(each.transaction_set, each.version) for each in ours]
    assert found == ([] if wanted is None else [wanted])
    if policy == "999" and version == "005010":
        assert "~IK5*A~" in answers[0]
        assert ours.get().interchange.version == "00501"
