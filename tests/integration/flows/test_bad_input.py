"""Whatever comes in wrong is kept, said in plain words where staff look, and delays nothing else.

Every test lets a good order go there and back beside what is wrong, and reads the sentence from the page.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from pathlib import Path

import pytest

from archive.models import Document, Transmission
from integration import tasks
from integration.bigcommerce import connection
from integration.flows.positions import positions_of
from integration.models import ExceptionCase, LineEntry, Order, PurchaseOrder, Store, Work
from integration.simulators.network.sftp_server import SftpDoor
from integration.simulators.store.faults import Fault
from partners.models import Mailbox, Mode
from tests.answers import LINE, acknowledged, acknowledged_group, answer_of
from tests.pages import Desk, open_desk
from tests.world import World, world

__all__ = ["world"]

GOOD = 1001


@pytest.fixture
def desk(world: World) -> Desk:
    return open_desk()


def good_order_went_through(world: World) -> bool:
    return world.store.state.order(GOOD)["status_id"] == 9


# Orders


@pytest.mark.parametrize(
    ("number", "state", "sentence"),
    [
        (1017, "Held by a case", "No partner lists SKU XX-001 (1 in order 1017). Add it to an agreement's items; nothing of this order is sent before."),
        (1020, "Held by a case", "Order 1020 has no shipping address for “Coat rack 020”. Add one in the store; the order is then looked at again by itself."),
        (1018, "Not to be worked on", "Its status is Awaiting Payment; worked on are: Awaiting Fulfillment."),
        (1019, "Not to be worked on", "Its status is Incomplete; worked on are: Awaiting Fulfillment."),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_sent_says_why_on_its_page(
    world: World, desk: Desk, number: int, state: str, sentence: str
) -> None:
    world.place(number)
    world.place(GOOD)
    world.run()
    order = Order.objects.get(number=number)
    page = desk.page(order)
    assert state in page
    assert sentence in page
    assert not order.documents.exists()
    assert good_order_went_through(world)


# Purchase order acknowledgments


def test_an_acknowledgment_of_an_unknown_purchase_order_is_a_case(world: World, desk: Desk) -> None:
    world.network.drop("odd.x12", acknowledged(answer_of("9999-1", LINE), 501))
    world.place(GOOD)
    world.run()
    sentence = (
        "Acme Supply answered purchase order 9999-1, which we did not send to them. Nothing was changed; ask the partner"
        " which order is meant."
    )
    assert sentence[:139] in desk.list(ExceptionCase)
    document = Document.objects.get(interchange__control_number="000000501", transaction_set="855")
    assert sentence in desk.page(document)
    assert good_order_went_through(world)


def test_the_same_acknowledgment_twice_is_recorded_and_does_nothing(world: World, desk: Desk) -> None:
    world.place(GOOD)
    world.run()
    made = PurchaseOrder.objects.get()
    entries, stood = LineEntry.objects.count(), positions_of(made)
    order = answer_of("1001-1", LINE)
    world.network.drop("again.x12", acknowledged(order, 502))
    world.network.drop("and-again.x12", acknowledged(order, 502))
    world.run()
    page = desk.page(Order.objects.get())
    assert (
        "Acme Supply had answered purchase order 1001-1 anew before this answer came: what was said later holds."
        in page
    )
    file = Transmission.objects.get(name="and-again.x12")
    assert (
        "Interchange 000000502 of Acme Supply arrived again with the same content: recorded, nothing done twice."
        in desk.page(file)
    )
    # The one that says the same is a statement more; the one of the same interchange is none.
    assert (LineEntry.objects.count(), positions_of(made)) == (entries + 1, stood)
    assert ExceptionCase.objects.count() == 0
    assert [each["method"] for each in world.store.state.ledger].count("PUT") == 1


def test_an_acknowledgment_before_its_functional_one_counts(world: World, desk: Desk) -> None:
    world.network.answer = "silent"
    world.place(GOOD)
    world.run()
    line = list(PurchaseOrder.objects.get().lines.values_list("vendor_item", "unit_price"))
    assert line == [("AC00001", 6.25)]
    sent = Document.objects.get(transaction_set="850")
    order = answer_of("1001-1", LINE)
    order.gs06 = sent.group_control_number
    world.network.drop("855.x12", acknowledged(order, 503))
    world.run()
    assert "Waiting for acknowledgment" in desk.page(sent)
    assert good_order_went_through(world)
    world.network.drop("997.x12", acknowledged_group(order, 504))
    world.run()
    assert "Functional acknowledgment (997) of Acme Supply: accepted." in desk.page(sent)
    assert ExceptionCase.objects.count() == 0


def test_abuse_27_an_acknowledgment_with_an_unknown_line_is_a_case(world: World, desk: Desk) -> None:
    world.network.answers["1004-1"] = "silent"
    world.place(1004)
    world.place(GOOD)
    world.run()
    asked = ["PO1", "1", "12", "EA", "9.25", "", "VN", "AC00004"]
    odd = ["PO1", "2", "3", "EA", "1.00", "", "VN", "AC09999"]
    world.network.drop("odd.x12", acknowledged(answer_of("1004-1", asked, odd), 505))
    world.run()
    order = Order.objects.get(number=1004)
    assert (
        "Acme Supply answered purchase order 1004-1 differently. An item that was not ordered: asked nothing, answered"
        " line 2, AC09999. The order in the store was left as it is."
    ) in desk.page(order)
    assert world.store.state.order(1004)["status_id"] == 11
    assert good_order_went_through(world)


# Files


def lying_for_long(world: World, name: str, data: bytes) -> None:
    """Leave a file that was seen before, and that nobody has touched since for half an hour."""
    world.network.drop(name, data)
    world.poll()
    world.wait(minutes=30)


GOOD_FILE = acknowledged(answer_of("1001-1", LINE), 510)
KEPT = "odd.x12 on Trading Grid mailbox was kept and not read."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            b"Dear Sirs, please find attached.",
            "odd.x12 on Trading Grid mailbox: The file is not X12: it begins with 'Dear Sirs, please fi' where ISA is"
            " expected.",
        ),
        (b"", "odd.x12 on Trading Grid mailbox: The file is empty."),
        (
            GOOD_FILE[:-40],
            "odd.x12 on Trading Grid mailbox ends before its IEA: the rest did not come. It was kept and not read. Ask Acme"
            " Supply to send the whole file again.",
        ),
    ],
    ids=["not X12", "empty", "truncated"],
)
def test_a_file_that_cannot_be_used_is_kept_and_says_why(
    world: World, desk: Desk, data: bytes, sentence: str
) -> None:
    lying_for_long(world, "odd.x12", data)
    world.place(GOOD)
    world.run()
    file = Transmission.objects.get(name="odd.x12")
    page = desk.page(file)
    assert f"Open case: {sentence}" in page
    assert sentence[:139] in desk.list(ExceptionCase)
    assert good_order_went_through(world)
    assert not (world.network.outbox / "odd.x12").exists()
    assert file.payload.size == len(data)
    assert PurchaseOrder.objects.get().documents.filter(role="855").count() == 0


# The store


def sent_and_unanswered(world: World) -> None:
    """Send the good order; its supplier says nothing yet."""
    world.network.answer = "silent"
    world.place(GOOD)
    world.run()


def answered(world: World) -> None:
    """Have Acme Supply accept the good order."""
    world.network.answer = "accept"
    world.network.drop("late.x12", acknowledged(answer_of("1001-1", LINE), 520))


@pytest.fixture
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each request one try: what waits and tries again here is the work, not the client."""
    monkeypatch.setattr(connection, "TRIES", 1)


IF_IT_GOES_ON = (
    "It is tried again by itself; if it goes on, look whether the store is down for maintenance and its API address is"
    " right."
)


@pytest.mark.usefixtures("one_try")
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            "html",
            f"The store answered with a web page instead of data (list changed orders, HTTP 200). {IF_IT_GOES_ON}",
        ),
        (
            "empty",
            f"The store answered with nothing instead of data (list changed orders, HTTP 200). {IF_IT_GOES_ON}",
        ),
        ("close", "The store broke the connection off (list changed orders). It is tried again by itself."),
    ],
)
def test_a_store_that_answers_with_no_data_is_asked_again(
    world: World, desk: Desk, kind: str, sentence: str
) -> None:
    sent_and_unanswered(world)
    world.store.state.faults.append(Fault("*", "/", times=10**6, kind=kind))
    world.place(1002)
    answered(world)
    for _ in range(tasks.TRIES_UNTIL_CASE + 1):
        world.later()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED  # the mailbox went on
    case = ExceptionCase.objects.get()
    assert f"Harbor & Pine Live Store, polled up to {shown(Store.objects.get().polled_until)} {sentence}" in (
        desk.dashboard()
    )
    assert sentence in desk.page(case)

    world.store.state.faults.clear()
    world.later()
    world.run()
    assert "It works again: " in desk.page(case)
    assert good_order_went_through(world)
    assert world.store.state.order(1002)["status_id"] == 9


@pytest.mark.usefixtures("one_try")
def test_a_refused_token_is_one_case_until_it_is_mended(world: World, desk: Desk) -> None:
    sent_and_unanswered(world)
    Store.objects.update(token="stale")
    world.place(1002)
    answered(world)
    world.later()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    # The poll was refused first; what is to be written waits untried.
    waiting = Work.objects.filter(step="apply_effect").values_list("talks_to", "attempts")
    assert list(waiting) == [(f"store:{world.row.pk}", 0)] * 2
    sentence = (
        "The store refused our API token (list changed orders). Make a new token in the store's API accounts and enter it"
        " on the store's page."
    )
    case = ExceptionCase.objects.get()
    assert sentence in desk.dashboard()
    assert "The store refused our API token" in desk.page(case)

    Store.objects.update(token="token")
    world.later()
    world.run()
    assert "It works again: " in desk.page(case)
    assert good_order_went_through(world)
    assert world.store.state.order(1002)["status_id"] == 9


# The mailbox


def test_a_changed_host_key_stops_one_mailbox_and_no_other(world: World, desk: Desk, tmp_path: Path) -> None:
    with SftpDoor(tmp_path) as pinned, SftpDoor(world.network.root) as door:
        private = Mailbox.objects.create(
            name="Private mailbox", mode=Mode.LIVE, transport="sftp", host="127.0.0.1", port=door.port,
            username=door.username, password=door.password, inbound_path="outbox", outbound_path="inbox",
            poll_seconds=1,
        )  # fmt: skip
        private.host_keys.create(key=pinned.host_key)
        world.place(GOOD)
        world.run()
    assert good_order_went_through(world)
    sentence = (
        f"127.0.0.1:{door.port} showed the host key {fingerprint(door.host_key)}; pinned is"
        f" {fingerprint(pinned.host_key)}. Nothing was sent or fetched. Ask the operator of the mailbox whether the key"
        " was changed, and pin the new one only then."
    )
    assert sentence in desk.page(ExceptionCase.objects.get())
    assert f"Private mailbox Live Mailbox {sentence}" in desk.dashboard()
    assert [each.key for each in private.host_keys.all()] == [pinned.host_key]


def fingerprint(key_line: str) -> str:
    """Return the fingerprint of a public key line as OpenSSH prints it."""
    digest = hashlib.sha256(base64.b64decode(key_line.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def shown(moment: datetime | None) -> str:
    """Return a time as pages show it."""
    assert moment is not None
    return f"{moment.day} {moment:%b %Y %H:%M} UTC"


@pytest.mark.parametrize("place", [b"SO-1001-1", b"AC00001", b"*IA*", b"ST*855"])
def test_a_nul_byte_anywhere_is_shown_and_stops_nothing(world: World, desk: Desk, place: bytes) -> None:
    damaged = GOOD_FILE.replace(place, place[:-1] + b"\x00" + place[-1:])
    world.network.drop("odd.x12", damaged)
    world.place(GOOD)
    world.run()
    file = Transmission.objects.get(name="odd.x12")
    assert file.interchanges.count() == 1
    assert "A fault in Gridport" not in desk.page(file)
    assert Work.objects.filter(step="translate").count() == 0
    for document in Document.objects.filter(interchange__transmission=file):
        desk.page(document)
    assert good_order_went_through(world)


def test_a_group_rejected_as_a_whole_rejects_the_documents_it_calls_accepted(
    world: World, desk: Desk
) -> None:
    world.network.answers["1004-1"] = "functional_contradiction"
    world.place(1004)
    world.run()
    assert Document.objects.get(transaction_set="850").state.acknowledgment == "rejected"
    case = ExceptionCase.objects.get(kind=ExceptionCase.Kind.REJECTED)
    assert case.sentence in desk.page(Order.objects.get())
