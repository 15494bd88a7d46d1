"""Photos and forms of a return: kept under our names, refused in words, and sent beside the request that names them."""

from __future__ import annotations

import hashlib

import pytest
from django.contrib.auth.models import User

from archive import store
from archive.models import AuditEntry, Document, Event, Payload
from archive.projections import rewrite
from integration.flows import return_files
from integration.flows.return_files import add_file, file_steps, files_for, store_files, withdraw_file
from integration.flows.rights import Refused
from integration.flows.write_return import write_return
from integration.matching.evidence import LARGEST
from integration.models import OrderDocument, ReturnCase
from integration.work import Unclaimed
from partners.models import AgreementDocument, ReturnTerms
from tests import factories
from tests.pictures import form, photo
from tests.returned import return_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> ReturnCase:
    """A return of an order that was sent, under an agreement that takes returns."""
    purchase_order = factories.purchase_order(factories.order(1042))
    factories.sent(purchase_order)
    purchase_order.refresh_from_db()
    AgreementDocument.objects.create(
        agreement=purchase_order.agreement, transaction_set="180", direction="out"
    )
    return return_of(purchase_order, number="R-1001", asked=1, rma="")


@pytest.fixture
def clerk() -> User:
    return factories.user("nora", "decide")


def takes_files(case: ReturnCase) -> None:
    ReturnTerms.objects.create(agreement=case.purchase_order.agreement, takes_files=True)


def test_a_photo_is_kept_encrypted_under_a_name_of_ours(case: ReturnCase, clerk: User) -> None:
    added = add_file(clerk, case, photo("JPEG"), "../../IMG 0001.exe", "The broken shade")
    assert (str(added), added.kind, added.width, added.height, added.called, added.added_by) == (
        "R-1001-1.jpg", "JPEG", 64, 48, "../../IMG 0001.exe", "nora",
    )  # fmt: skip
    payload = Payload.objects.get(pk=added.payload_id)
    assert bytes(payload.ciphertext).find(b"JFIF") == -1
    assert store.open(payload, purpose="test") == photo("JPEG")
    entry = AuditEntry.objects.get(verb="add return file")
    assert (entry.subject, entry.reason, entry.detail) == (
        f"return:{case.pk}", "The broken shade", {"file": "R-1001-1.jpg"},
    )  # fmt: skip
    assert Event.objects.filter(subject=case.subject).last().sentence == "Photo (JPEG) added as R-1001-1.jpg."  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "shows", "words"),
    [
        (b"MZ\x90", "A shade", "What the file holds is none of the kinds that are taken"),
        (b"", "A shade", "The file is empty"),
        (b"\xff\xd8\xff" + bytes(LARGEST), "A shade", "and no more than 10,000,000 are taken"),
        (photo("JPEG")[:-2], "A shade", "breaks off before its end"),
        (photo("JPEG"), "  ", "Say in a few words what the file shows"),
    ],
)
def test_what_is_not_taken_leaves_nothing(
    case: ReturnCase, clerk: User, data: bytes, shows: str, words: str
) -> None:
    before = Payload.objects.count()
    with pytest.raises(Refused, match=words):
        add_file(clerk, case, data, "photo.jpg", shows)
    assert (case.files.count(), Payload.objects.count()) == (0, before)


def test_the_same_file_twice_is_refused_and_so_is_one_too_many(
    case: ReturnCase, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(return_files, "MOST_FILES", 2)
    add_file(clerk, case, photo("JPEG"), "a.jpg", "Front")
    with pytest.raises(Refused, match=r"^This file is here already, as R-1001-1\.jpg\.$"):
        add_file(clerk, case, photo("JPEG"), "b.jpg", "Front again")
    add_file(clerk, case, form(), "b.pdf", "Inspection")
    with pytest.raises(Refused, match="A return has 2 files at most: withdraw one that is not needed"):
        add_file(clerk, case, photo("PNG"), "c.png", "Back")


def test_a_withdrawn_file_stays_on_record_and_its_number_is_not_given_again(
    case: ReturnCase, clerk: User
) -> None:
    first = add_file(clerk, case, photo("JPEG"), "a.jpg", "Front")
    withdraw_file(clerk, first, "The wrong order")
    assert add_file(clerk, case, photo("JPEG"), "a.jpg", "Front").name == "R-1001-2.jpg"
    assert [each.name for each in files_for(case)] == ["R-1001-2.jpg"]
    assert case.files.count() == 2
    with pytest.raises(Refused, match="is withdrawn already"):
        withdraw_file(clerk, first, "Again")


def test_who_may_only_look_adds_nothing_and_nothing_is_added_to_what_is_over(
    case: ReturnCase, clerk: User
) -> None:
    with pytest.raises(Refused, match="You may look at this, and not decide it"):
        add_file(factories.user("ida", "view"), case, photo("JPEG"), "a.jpg", "Front")
    ReturnCase.objects.update(stage="closed")
    with pytest.raises(Refused, match="Return R-1001 is closed: nothing is changed about it any more"):
        add_file(clerk, case, photo("JPEG"), "a.jpg", "Front")


def test_files_go_beside_the_request_that_names_them_with_bytes_and_identity_stored(
    case: ReturnCase, clerk: User
) -> None:
    takes_files(case)
    added = [
        add_file(clerk, case, photo("JPEG"), "a.jpg", "The broken shade, seen from the side of the door and the wall"),
        add_file(clerk, case, form(), "b.pdf", "Inspection"),
    ]  # fmt: skip
    steps = write_return(str(case.pk), Unclaimed())
    request = Document.objects.get(transaction_set="180")
    sent = list(Document.objects.filter(transaction_set__in=["JPEG", "PDF"]).order_by("pk"))
    assert [each.interchange.name for each in sent] == [
        "R-1001-1.000000001.jpg",
        "R-1001-2.000000002.pdf",
    ]
    assert [step.subject for step in steps] == [str(each.interchange_id) for each in [*sent, request]]
    assert {step.ordering_key for step in steps} == {case.order.ordering_key}
    # The bytes are stored once, for the return and for the wire.
    assert [each.interchange.payload_id for each in sent] == [each.payload_id for each in added]
    assert [(each.state.sha256, each.state.validation, each.state.delivery) for each in sent] == [
        (hashlib.sha256(data).hexdigest(), "valid", "waiting") for data in (photo("JPEG"), form())
    ]
    text = store.open(request.interchange.payload, purpose="test").decode()
    assert [part for part in text.split("~") if part.startswith("N9*FI")] == [
        "N9*FI*R-1001-1.000000001.jpg*The broken shade, seen from the side of the d",
        "N9*FI*R-1001-2.000000002.pdf*Inspection",
    ]
    assert OrderDocument.objects.filter(role="return_file", purchase_order=case.purchase_order).count() == 2
    # The same steps again, and nothing stored twice.
    assert write_return(str(case.pk), Unclaimed()) == steps
    assert Document.objects.filter(transaction_set__in=["JPEG", "PDF"]).count() == 2
    with pytest.raises(Refused, match=r"R-1001-1\.jpg went to the partner with a return document"):
        withdraw_file(clerk, added[0], "Too late")


def test_asked_again_only_what_came_since_goes_and_all_are_named(case: ReturnCase, clerk: User) -> None:
    takes_files(case)
    add_file(clerk, case, photo("JPEG"), "a.jpg", "Front")
    write_return(str(case.pk), Unclaimed())
    add_file(clerk, case, photo("PNG"), "b.png", "Back")
    ReturnCase.objects.update(asked=2)
    write_return(str(case.pk), Unclaimed())
    assert Document.objects.filter(transaction_set="JPEG").count() == 1
    request = Document.objects.filter(transaction_set="180").latest("pk")
    text = store.open(request.interchange.payload, purpose="test").decode()
    assert [part for part in text.split("~") if part.startswith("N9*FI")] == [
        "N9*FI*R-1001-1.000000001.jpg*Front",
        "N9*FI*R-1001-2.000000002.png*Back",
    ]


def test_a_partner_who_takes_no_files_gets_the_request_alone(case: ReturnCase, clerk: User) -> None:
    add_file(clerk, case, photo("JPEG"), "a.jpg", "Front")
    [step] = write_return(str(case.pk), Unclaimed())
    assert step.subject == str(Document.objects.get(transaction_set="180").interchange_id)
    assert (store_files(case, case.purchase_order.agreement), file_steps(case)) == ((), [])


def test_a_request_that_cannot_be_written_stores_no_files(case: ReturnCase, clerk: User) -> None:
    takes_files(case)
    add_file(clerk, case, photo("JPEG"), "a.jpg", "Front")
    case.lines.update(reason="no such word")
    assert write_return(str(case.pk), Unclaimed()) == []
    assert Document.objects.filter(transaction_set="JPEG").count() == 0
    assert case.files.get().document is None


def test_what_the_archive_says_of_a_file_is_read_from_its_bytes_again(case: ReturnCase, clerk: User) -> None:
    takes_files(case)
    add_file(clerk, case, photo("JPEG"), "a.jpg", "Front")
    write_return(str(case.pk), Unclaimed())
    document = Document.objects.get(transaction_set="JPEG")
    document.state.delete()
    rewrite(document)
    document = Document.objects.get(pk=document.pk)
    assert (document.state.validation, document.state.sha256) == (
        "valid",
        hashlib.sha256(photo("JPEG")).hexdigest(),
    )
