"""Files that are cut off, grow, change, or bear odd names, on a folder and behind an SFTP server: abuse cases 19, 31.

The mailbox's clock is not ours: whatever it says, files are judged by their content and by what we saw of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncssh
import pytest
from django.db.models import F
from django.utils import timezone

from archive import store
from archive.models import Document, Transmission
from integration.flows import receive
from integration.flows.receive import fetch_mailbox
from integration.flows.translate import translate
from integration.models import ExceptionCase, Sighting
from integration.work import Unclaimed
from partners.models import Agreement, HostKey, Mailbox, Mode
from tests import factories
from tests.integration.transports.sftp_peer import SftpPeer, SftpSession

pytestmark = pytest.mark.django_db


@dataclass
class Place:
    """A live mailbox, the agreement behind it, and its inbound folder as it lies on the disk."""

    mailbox: Mailbox
    agreement: Agreement
    inbound: Path

    def lay(self, name: str, data: bytes, *, hours: float = 0, at: float = 0) -> Path:
        """Write a file; the server's clock is ``hours`` ahead of ours, or says ``at``."""
        path = self.inbound / name
        path.write_bytes(data)
        written = at or timezone.now().timestamp() + hours * 3600
        os.utime(path, (written, written))
        return path

    def fetch(self) -> None:
        """Poll once, and read what was taken."""
        for step in fetch_mailbox(str(self.mailbox.pk), Unclaimed()):
            if step.name == "translate":
                translate(step.subject, Unclaimed())

    def change(self, **fields: object) -> None:
        Mailbox.objects.filter(pk=self.mailbox.pk).update(**fields)

    def lying(self) -> list[str]:
        return sorted(path.name for path in self.inbound.iterdir())


@pytest.fixture(params=["directory", "sftp"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    inbound, outbound = tmp_path / "in", tmp_path / "out"
    inbound.mkdir()
    outbound.mkdir()
    larch = factories.partner("Larch Supply")
    larch.identifiers.update(value="LARCH")
    if request.param == "directory":
        mailbox = factories.mailbox(
            "Grid", inbound_path=str(inbound), outbound_path=str(outbound), mode=Mode.LIVE
        )
        yield Place(mailbox, factories.agreement(of=larch, on=mailbox), inbound)
        return
    with SftpPeer(tmp_path) as peer:
        mailbox = factories.mailbox(
            "Grid", transport="sftp", host="127.0.0.1", port=peer.port, username=peer.username,
            password=peer.password, inbound_path="/in", outbound_path="/out", mode=Mode.LIVE,
        )  # fmt: skip
        HostKey.objects.create(mailbox=mailbox, key=peer.host_keys[0])
        yield Place(mailbox, factories.agreement(of=larch, on=mailbox), inbound)


def pass_time(minutes: float) -> None:
    passed = timedelta(minutes=minutes)
    Sighting.objects.update(since=F("since") - passed, read_at=F("read_at") - passed)


def acknowledgment(number: int, purchase_order: str = "PO-1") -> bytes:
    """Return an 855 of Larch Supply; all of one length."""
    body = [factories.segment("BAK", "00", "AD", purchase_order, "20261124"), factories.segment("CTT", "0")]
    return factories.interchange_bytes("855", body, number=number)


def contents() -> dict[str, list[bytes]]:
    """Return what was taken, by name, oldest first."""
    taken: dict[str, list[bytes]] = {}
    for each in Transmission.objects.filter(direction="in").order_by("pk"):
        taken.setdefault(each.name, []).append(store.open(each.payload, purpose="test"))
    return taken


def sentences() -> list[str]:
    return list(ExceptionCase.objects.order_by("pk").values_list("sentence", flat=True))


CUT = (
    "855.edi on Grid ends before its IEA: the rest did not come. It was kept and not read. Ask Larch Supply to send the"
    " whole file again."
)


@pytest.mark.parametrize("hours", [-1, 0, 1, 26], ids=["behind", "right", "ahead", "a day ahead"])
def test_abuse_19_an_isa_without_its_iea_is_a_case_after_thirty_minutes_whatever_the_servers_clock_says(
    place: Place, hours: float
) -> None:
    cut = acknowledgment(1)[:-30]
    place.lay("855.edi", cut, hours=hours)
    place.fetch()
    pass_time(29.5)
    place.fetch()
    assert (place.lying(), contents(), sentences()) == (["855.edi"], {}, [])
    pass_time(0.5)
    place.fetch()
    place.fetch()
    assert (place.lying(), contents(), sentences()) == ([], {"855.edi": [cut]}, [CUT])
    assert ExceptionCase.objects.get().partner == place.agreement.partner
    assert Document.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"IEA*1*", b"IEA*2*"), "IEA01 says '2' groups, 1 were received; ask for the file again."),
        (
            (b"IEA*1*000000001", b"IEA*1*000000002"),
            "IEA02 '000000002' differs from ISA13 '000000001'; ask for the file again.",
        ),
    ],
    ids=["count", "number"],
)
def test_abuse_19_an_iea_that_disagrees_with_its_isa_is_a_case_and_nothing_is_processed(
    place: Place, change: tuple[bytes, bytes], said: str
) -> None:
    wrong = acknowledgment(1).replace(*change)
    place.lay("855.edi", wrong)
    place.fetch()
    assert contents() == {}
    pass_time(2)
    place.fetch()
    assert contents() == {"855.edi": [wrong]}
    assert sentences() == [f"855.edi on Grid was kept and not read. {said}"]
    assert Document.objects.count() == 0


def test_a_whole_interchange_before_one_that_is_cut_off_is_not_read_alone(place: Place) -> None:
    bag = acknowledgment(1) + acknowledgment(2)[:-30]
    place.lay("855.edi", bag)
    place.fetch()
    pass_time(30)
    place.fetch()
    assert (contents(), sentences(), Document.objects.count()) == ({"855.edi": [bag]}, [CUT], 0)


def test_a_last_terminator_that_comes_late_makes_no_second_interchange(place: Place) -> None:
    whole = acknowledgment(1).rstrip()
    place.lay("855.edi", whole[:-1])
    place.fetch()
    assert contents() == {}
    pass_time(2)
    place.fetch()
    place.lay("855.edi", whole)
    place.fetch()
    assert contents() == {"855.edi": [whole[:-1], whole]}
    assert (Document.objects.count(), sentences()) == (1, [])


def test_a_file_that_grows_starts_the_wait_anew_and_is_taken_at_once_when_whole(place: Place) -> None:
    whole = acknowledgment(1)
    for length in (0, 2, 50, 106, 150, len(whole) - 9, len(whole) - 8):
        place.lay("855.edi", whole[:length])
        place.fetch()
        pass_time(29)
        place.fetch()
        assert contents() == {}
    place.lay("855.edi", whole)
    place.fetch()
    assert (contents(), sentences(), place.lying()) == ({"855.edi": [whole]}, [], [])
    assert Document.objects.count() == 1
    place.fetch()
    assert Sighting.objects.count() == 0


def test_the_same_bytes_written_again_start_the_wait_anew(place: Place) -> None:
    cut = acknowledgment(1)[:-30]
    place.lay("855.edi", cut, at=1_700_000_000)
    place.fetch()
    pass_time(29)
    place.lay("855.edi", cut, at=1_700_000_900)
    place.fetch()
    pass_time(29)
    place.fetch()
    assert contents() == {}


def test_other_bytes_of_the_same_size_and_time_start_the_wait_anew(place: Place) -> None:
    place.lay("855.edi", acknowledgment(1)[:-30], at=1_700_000_000)
    place.fetch()
    pass_time(29)
    place.lay("855.edi", acknowledgment(2)[:-30], at=1_700_000_000)
    place.fetch()
    pass_time(29)
    place.fetch()
    assert contents() == {}


def test_the_wait_is_a_setting_of_the_mailbox(place: Place) -> None:
    place.change(unfinished_minutes=5)
    place.lay("855.edi", acknowledgment(1)[:-30])
    place.fetch()
    pass_time(5)
    place.fetch()
    assert sentences() == [CUT]


def test_what_is_not_x12_waits_for_the_settle_time_by_our_own_clock(place: Place) -> None:
    place.lay("letter.txt", b"Dear Sirs, please", hours=-5)
    place.fetch()
    assert contents() == {}
    pass_time(2)
    place.fetch()
    assert contents() == {"letter.txt": [b"Dear Sirs, please"]}


def test_a_file_that_is_written_while_it_is_read_is_read_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = acknowledgment(1, "PO-1"), acknowledgment(1, "PO-2")
    place.lay("855.edi", old, at=1_700_000_000)
    interrupted_fetch(monkeypatch, lambda: place.lay("855.edi", new))
    place.fetch()
    assert contents() == {}
    place.fetch()
    assert contents() == {"855.edi": [new]}


def test_a_file_that_is_written_before_it_is_removed_is_not_removed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = acknowledgment(1), acknowledgment(2)
    place.lay("855.edi", old, at=1_700_000_000)
    real = receive._leave_behind

    def leave_behind(*given: object) -> None:
        monkeypatch.setattr(receive, "_leave_behind", real)
        place.lay("855.edi", new)
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(receive, "_leave_behind", leave_behind)
    place.fetch()
    assert (contents(), place.lying()) == ({"855.edi": [old]}, ["855.edi"])
    place.fetch()
    assert (contents(), place.lying()) == ({"855.edi": [old, new]}, [])
    assert Document.objects.count() == 2


def test_what_a_mailbox_removes_by_itself_on_reading_is_kept_whatever_it_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = acknowledgment(1)[:-30]
    path = place.lay("855.edi", cut)
    interrupted_fetch(monkeypatch, path.unlink)
    place.fetch()
    assert (contents(), sentences()) == ({"855.edi": [cut]}, [CUT])


def interrupted_fetch(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Have something happen once, between the reading of a file and the look that follows."""
    real = receive.transport_for

    def transport_for(mailbox: Mailbox) -> object:
        monkeypatch.setattr(receive, "transport_for", real)
        transport = real(mailbox)
        fetch = transport.fetch

        def fetch_and_more(name: str, limit: int) -> bytes:
            data = fetch(name, limit)
            happens()
            return data

        monkeypatch.setattr(transport, "fetch", fetch_and_more)
        return transport

    monkeypatch.setattr(receive, "transport_for", transport_for)


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_file_left_on_the_mailbox_is_taken_once_and_anew_when_overwritten_by_one_of_its_size(
    place: Place, hours: float
) -> None:
    place.change(after_fetch="keep")
    first, second = acknowledgment(1), acknowledgment(2)
    assert len(first) == len(second)
    place.lay("855.edi", first, hours=hours)
    for _ in range(3):
        place.fetch()
    assert contents() == {"855.edi": [first]}
    # The server's clock may be behind: the second one is then written before the first one was taken.
    place.lay("855.edi", second, hours=hours, at=timezone.now().timestamp() + hours * 3600 + 2)
    for _ in range(3):
        place.fetch()
    assert contents() == {"855.edi": [first, second]}
    assert Document.objects.count() == 2


def test_a_kept_file_is_read_no_more_once_nobody_can_write_it_under_the_same_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.change(after_fetch="keep")
    place.lay("855.edi", acknowledgment(1), at=1_700_000_000)
    place.fetch()
    # Overwritten within the same second, and of the same size: size and time say nothing yet.
    place.lay("855.edi", acknowledgment(2), at=1_700_000_000)
    place.fetch()
    assert contents() == {"855.edi": [acknowledgment(1), acknowledgment(2)]}
    Sighting.objects.update(since=F("since") - timedelta(seconds=2))
    read: list[str] = []
    monkeypatch.setattr(receive, "_take", lambda mailbox, transport, remote, *rest: read.append(remote.name))
    place.fetch()
    assert read == []


NAMES = ["a;rm -rf", "855.edi", "855.EDI", "855.edi.filepart", "$(reboot).edi", "x" * 255, "訂單 %00.edi"]


def test_abuse_31_odd_names_are_labels_and_the_content_decides(place: Place) -> None:
    for number, name in enumerate(NAMES, start=1):
        place.lay(name, acknowledgment(number))
    place.fetch()
    assert contents() == {name: [acknowledgment(number)] for number, name in enumerate(NAMES, start=1)}
    assert (place.lying(), sentences(), Document.objects.count()) == ([], [], len(NAMES))


def test_abuse_31_the_same_name_with_new_content_is_a_new_file_and_with_the_same_content_none(
    place: Place,
) -> None:
    for number in (1, 2, 2):
        place.lay("855.edi", acknowledgment(number))
        place.fetch()
    assert contents() == {"855.edi": [acknowledgment(1), acknowledgment(2)]}
    assert Document.objects.count() == 2


def test_abuse_31_zero_bytes_are_a_case(place: Place) -> None:
    place.lay("855.edi", b"")
    place.fetch()
    pass_time(30)
    place.fetch()
    assert (contents(), sentences()) == ({"855.edi": [b""]}, ["855.edi on Grid: The file is empty."])


def test_abuse_31_links_folders_and_pipes_are_passed_over(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(acknowledgment(1))
    (place.inbound / "link.edi").symlink_to(tmp_path / "secret")
    (place.inbound / "folder.edi").mkdir()
    os.mkfifo(place.inbound / "pipe.edi")
    place.lay("855.edi", acknowledgment(2))
    place.fetch()
    assert contents() == {"855.edi": [acknowledgment(2)]}
    assert place.lying() == ["folder.edi", "link.edi", "pipe.edi"]
    assert (tmp_path / "secret").exists()


HOSTILE = ["../../x", "/etc/passwd", "..", "y" * 300, "a\0b", "a\nb", ".hidden", "a\\..\\b"]


def test_abuse_31_a_server_that_lists_names_that_lead_elsewhere_gets_none_of_them_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for folder in ("root/in", "root/out"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "x").write_bytes(acknowledgment(1))
    (tmp_path / "root" / "in" / "855.edi").write_bytes(acknowledgment(2))

    async def scandir(session: SftpSession, path: bytes) -> object:
        for name in [*HOSTILE, "855.edi"]:
            attributes = asyncssh.SFTPAttrs(size=9, permissions=0o100644, mtime=0, atime=0)
            yield asyncssh.SFTPName(name.encode(), "", attributes)

    monkeypatch.setattr(SftpSession, "scandir", scandir)
    with SftpPeer(tmp_path / "root") as peer:
        mailbox = factories.mailbox(
            "Grid", transport="sftp", host="127.0.0.1", port=peer.port, username=peer.username,
            password=peer.password, inbound_path="/in", outbound_path="/out", mode=Mode.LIVE,
        )  # fmt: skip
        HostKey.objects.create(mailbox=mailbox, key=peer.host_keys[0])
        fetch_mailbox(str(mailbox.pk), Unclaimed())
    assert contents() == {"855.edi": [acknowledgment(2)]}
    assert (tmp_path / "x").exists()
    told = [each for each in caplog.messages if "whose name cannot be used" in each]
    assert len(told) == len(HOSTILE) - 2  # of ".." and ".hidden" there is nothing to tell
