"""An upload whose end nobody knows: it is looked for first, and in every upload mode what then happens is on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.models import Document, Event, TransmissionOutcome
from integration.errors import RetryableError
from integration.flows.transmit import transmit
from integration.transports.base import LOOKED_FOR_FIRST
from integration.work import Unclaimed
from partners.models import HostKey, Mailbox
from portal.admin.show import page_url
from tests import factories
from tests.integration.transports.sftp_peer import SftpPeer, SftpSession, drop
from tests.pages import open_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[SftpPeer]:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    with SftpPeer(tmp_path) as peer:
        yield peer


def document_for(peer: SftpPeer, upload_mode: str) -> Document:
    """Return an 850 that waits to be sent to ``peer``."""
    mailbox = factories.mailbox(
        "Grid", transport="sftp", host="127.0.0.1", port=peer.port, username=peer.username,
        password=peer.password, inbound_path="/in", outbound_path="/out", upload_mode=upload_mode,
    )  # fmt: skip
    HostKey.objects.create(mailbox=mailbox, key=peer.host_keys[0])
    made = factories.purchase_order(under=factories.agreement(on=mailbox, skus=["FS-1", "FS-2"]))
    return factories.sent(made, delivered=False)


def send(document: Document) -> None:
    transmit(str(document.interchange_id), Unclaimed())


def lose_the_answer(document: Document) -> None:
    with pytest.raises(RetryableError) as caught:
        send(document)
    assert caught.value.ambiguous is True
    document.state.refresh_from_db()
    assert document.state.delivery == "unknown"
    page = open_desk().page(document)
    assert "Unknown: the answer was lost" in page
    assert "It may have arrived: the connection ended first." in page
    assert LOOKED_FOR_FIRST in open_desk().read(f"{page_url(document)}?show=attempts")


def results() -> list[str]:
    return list(TransmissionOutcome.objects.order_by("pk").values_list("result", flat=True))


def told_again() -> list[str]:
    return list(Event.objects.filter(kind="sent_again").values_list("sentence", flat=True))


def test_a_file_that_was_renamed_before_the_line_broke_is_found_and_not_sent_again(peer: SftpPeer) -> None:
    document = document_for(peer, Mailbox.UploadMode.RENAME)
    peer.faults["after_rename"] = drop
    lose_the_answer(document)
    peer.faults["write"] = peer.faults["before_rename"] = lambda session: pytest.fail("sent again")
    send(document)
    assert results() == ["unknown", "delivered"]
    assert told_again() == []
    page = open_desk().page(document) + open_desk().read(f"{page_url(document)}?show=attempts")
    assert "It was found on the mailbox, whole." in page
    document.state.refresh_from_db()
    assert document.state.delivery == "delivered"


def test_a_file_whose_rename_was_not_done_is_sent_again_and_the_timeline_says_so(peer: SftpPeer) -> None:
    document = document_for(peer, Mailbox.UploadMode.RENAME)
    peer.faults["before_rename"] = drop
    lose_the_answer(document)
    send(document)
    name = document.interchange.name
    assert results() == ["unknown", "delivered"]
    assert told_again() == [
        f"{name} was not found whole on Grid after an attempt whose end nobody knows: the same bytes are sent again under"
        " the same name."
    ]
    assert [path.name for path in (peer.root / "out").iterdir()] == [name]


def test_a_mailbox_that_takes_files_at_once_may_get_one_twice_with_the_same_bytes_and_the_timeline_says_so(
    peer: SftpPeer,
) -> None:
    document = document_for(peer, Mailbox.UploadMode.DIRECT)
    path = peer.root / "out" / document.interchange.name
    taken: list[bytes] = []

    def take(session: SftpSession) -> None:
        taken.append(path.read_bytes())
        path.unlink()

    def take_and_drop(session: SftpSession) -> None:
        take(session)
        drop(session)

    peer.faults["close"] = take_and_drop
    lose_the_answer(document)
    peer.faults["close"] = take
    send(document)
    assert results() == ["unknown", "delivered"]
    assert len(taken) == 2
    assert taken[0] == taken[1]
    (sentence,) = told_again()
    assert sentence.endswith(
        "It may have been taken at once, as such mailboxes do: the partner then sees the same number twice."
    )
    assert sentence in open_desk().page(document)
