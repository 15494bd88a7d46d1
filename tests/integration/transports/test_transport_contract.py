"""What every transport does alike: the same tests on a directory, on an SFTP server of ours, and on OpenSSH's sshd."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integration.errors import ConfigurationError, PermanentError, RetryableError
from integration.transports.base import MailboxSettings, Transport
from integration.transports.registry import open_transport
from tests.integration.transports.openssh_peer import OpenSshPeer
from tests.integration.transports.sftp_peer import SftpPeer

CONTENT = b"ISA*00*our own invention~\nIEA*0*000000001~\n"


@dataclasses.dataclass
class Box:
    """A mailbox and, beside it, its two folders as they lie on the disk."""

    kind: str
    settings: MailboxSettings
    inbound: Path
    outbound: Path

    def open(self, **changes: object) -> Transport:
        return open_transport(self.kind, dataclasses.replace(self.settings, **changes))  # type: ignore[arg-type]

    def outgoing(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.outbound.iterdir()}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSshPeer]:
    with OpenSshPeer(tmp_path_factory.mktemp("openssh") / "sshd") as peer:
        yield peer


@pytest.fixture(params=["directory", "sftp", "openssh"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    inbound, outbound = tmp_path / "from-partners", tmp_path / "to-partners"
    inbound.mkdir()
    outbound.mkdir()
    if request.param == "directory":
        yield Box("directory", MailboxSettings(str(inbound), str(outbound)), inbound, outbound)
        return
    if request.param == "openssh":
        sshd: OpenSshPeer = request.getfixturevalue("sshd")
        yield Box("sftp", sshd.settings(inbound, outbound), inbound, outbound)
        return
    with SftpPeer(tmp_path) as peer:
        settings = MailboxSettings(
            "/from-partners",
            "/to-partners",
            host="127.0.0.1",
            port=peer.port,
            username=peer.username,
            password=peer.password,
            host_keys=peer.host_keys,
            timeout=30,
        )
        yield Box("sftp", settings, inbound, outbound)


def test_an_empty_mailbox_lists_nothing(box: Box) -> None:
    with box.open() as transport:
        assert transport.list() == []


def test_files_are_listed_with_size_and_time(box: Box) -> None:
    (box.inbound / "855-0001.edi").write_bytes(CONTENT)
    written = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    os.utime(box.inbound / "855-0001.edi", (written.timestamp(), written.timestamp()))
    with box.open() as transport:
        (found,) = transport.list()
    assert (found.name, found.size) == ("855-0001.edi", 43)
    assert found.modified_at == written
    assert found.modified_at.utcoffset() == timedelta(0)


def test_only_plain_files_are_listed(box: Box, tmp_path: Path) -> None:
    (box.inbound / "good name (1).edi").write_bytes(CONTENT)
    (box.inbound / ".hidden.edi").write_bytes(CONTENT)
    (box.inbound / ".gridport-half.edi").write_bytes(b"IS")
    (box.inbound / "folder.edi").mkdir()
    (tmp_path / "elsewhere.edi").write_bytes(CONTENT)
    (box.inbound / "link.edi").symlink_to(tmp_path / "elsewhere.edi")
    os.mkfifo(box.inbound / "pipe.edi")
    (box.inbound / "back\\slash.edi").write_bytes(CONTENT)
    (box.inbound / "new\nline.edi").write_bytes(CONTENT)
    with box.open() as transport:
        assert [each.name for each in transport.list()] == ["good name (1).edi"]


def test_a_name_that_is_no_text_is_passed_over_and_told(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    (box.inbound / "good.edi").write_bytes(CONTENT)
    with open(os.fsencode(box.inbound) + b"/bad-\xff\xfe.edi", "wb") as file:  # noqa: PTH123 - bytes
        file.write(CONTENT)
    with box.open() as transport:
        assert [each.name for each in transport.list()] == ["good.edi"]
    told = [record for record in caplog.records if record.name == "integration.transports.base"]
    assert len(told) == 1
    assert "cannot be used" in told[0].getMessage()


def test_names_of_people_and_spaces_are_kept(box: Box) -> None:
    name = "Bestellung Müller 訂單.edi"
    (box.inbound / name).write_bytes(CONTENT)
    with box.open() as transport:
        assert [each.name for each in transport.list()] == [name]
        assert transport.fetch(name, 1000) == CONTENT


def test_a_partner_may_use_our_suffix_for_unfinished_files(box: Box) -> None:
    (box.inbound / "upload-855.edi.part").write_bytes(b"IS")
    (box.inbound / "855.edi").write_bytes(CONTENT)
    with box.open(temporary_prefix="upload-", temporary_suffix=".part") as transport:
        assert [each.name for each in transport.list()] == ["855.edi"]


def test_a_file_is_fetched_byte_for_byte(box: Box) -> None:
    data = bytes(range(256)) * 4
    (box.inbound / "all-bytes.bin").write_bytes(data)
    with box.open() as transport:
        assert transport.fetch("all-bytes.bin", len(data)) == data


def test_an_empty_file_is_fetched_as_nothing(box: Box) -> None:
    (box.inbound / "empty.edi").write_bytes(b"")
    with box.open() as transport:
        assert transport.fetch("empty.edi", 10) == b""


def test_a_file_of_five_megabytes_goes_both_ways(box: Box) -> None:
    data = random.Random(5).randbytes(5_000_003)
    (box.inbound / "large.edi").write_bytes(data)
    with box.open() as transport:
        fetched = transport.fetch("large.edi", 5_000_003)
        transport.send("large.edi", data)
    assert hashlib.sha256(fetched).digest() == hashlib.sha256(data).digest()
    assert box.outgoing() == {"large.edi": data}


def test_a_file_beyond_the_limit_is_left_there(box: Box) -> None:
    (box.inbound / "large.edi").write_bytes(b"x" * 1001)
    with box.open() as transport:
        with pytest.raises(PermanentError, match=r"^large\.edi is larger than 1000 bytes"):
            transport.fetch("large.edi", 1000)
        assert transport.fetch("large.edi", 1001) == b"x" * 1001
    assert (box.inbound / "large.edi").stat().st_size == 1001


def test_a_file_that_is_gone_is_looked_for_again(box: Box) -> None:
    with box.open() as transport, pytest.raises(RetryableError, match="no longer") as caught:
        transport.fetch("gone.edi", 100)
    assert caught.value.ambiguous is False


def test_a_name_that_leads_elsewhere_is_refused(box: Box, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"not yours")
    names = [
        "../secret",
        "a/b",
        "",
        ".",
        "..",
        ".hidden",
        "a\0b",
        "a\\b",
        "a\nb",
        "a\x7f",
        "\udcff",
        "x" * 256,
    ]
    refused = 0
    with box.open() as transport:
        for name in names:
            with pytest.raises(PermanentError, match="is not used"):
                transport.fetch(name, 100)
            with pytest.raises(PermanentError, match="is not used"):
                transport.remove(name)
            with pytest.raises(PermanentError, match="is not used"):
                transport.send(name, b"x")
            with pytest.raises(PermanentError, match="is not used"):
                transport.find(name)
            refused += 1
    assert refused == 12
    assert (tmp_path / "secret").read_bytes() == b"not yours"
    assert box.outgoing() == {}


def test_folders_links_and_pipes_are_never_fetched(box: Box, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"not yours")
    (box.inbound / "link").symlink_to(tmp_path / "secret")
    (box.inbound / "folder").mkdir()
    os.mkfifo(box.inbound / "pipe")
    with box.open() as transport:
        for name in ("link", "folder", "pipe"):
            with pytest.raises(PermanentError, match=f"^{name} is not a plain file"):
                transport.fetch(name, 100)


def test_a_look_tells_one_state_of_a_file_from_another(box: Box) -> None:
    path = box.inbound / "855.edi"
    with box.open() as transport:
        assert transport.look("855.edi") is None
        path.write_bytes(CONTENT)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        (listed,) = transport.list()
        assert transport.look("855.edi") == listed
        path.write_bytes(CONTENT)
        os.utime(path, (1_700_000_001, 1_700_000_001))
        written_again = transport.look("855.edi")
        assert written_again is not None
        assert (written_again.size, written_again.modified_at > listed.modified_at) == (listed.size, True)
        path.unlink()
        path.mkdir()
        assert transport.look("855.edi") is None


def test_a_removed_file_is_gone_and_removing_it_again_is_as_good(box: Box) -> None:
    (box.inbound / "855.edi").write_bytes(CONTENT)
    (box.inbound / "856.edi").write_bytes(CONTENT)
    with box.open() as transport:
        transport.remove("855.edi")
        transport.remove("855.edi")
    assert [path.name for path in box.inbound.iterdir()] == ["856.edi"]


@pytest.mark.parametrize("mode", ["rename", "direct"])
def test_what_is_sent_lies_there_whole_and_alone(box: Box, mode: str) -> None:
    with box.open(upload_mode=mode) as transport:
        transport.send("850-000000001.edi", CONTENT)
    assert box.outgoing() == {"850-000000001.edi": CONTENT}


@pytest.mark.parametrize("mode", ["rename", "direct"])
def test_sending_again_replaces_what_lies_there(box: Box, mode: str) -> None:
    (box.outbound / "850.edi").write_bytes(b"longer than what is sent now" * 10)
    with box.open(upload_mode=mode) as transport:
        transport.send("850.edi", CONTENT)
        transport.send("850.edi", CONTENT)
    assert box.outgoing() == {"850.edi": CONTENT}


def test_remains_of_an_attempt_that_died_do_not_hinder(box: Box) -> None:
    (box.outbound / ".gridport-850.edi").write_bytes(b"half of an earlier attempt, longer than the whole" * 9)
    with box.open() as transport:
        transport.send("850.edi", CONTENT)
    assert box.outgoing() == {"850.edi": CONTENT}


def test_a_folder_that_bears_the_name_is_told(box: Box) -> None:
    (box.outbound / "850.edi").mkdir()
    with box.open() as transport:
        assert transport.find("850.edi") is None
        with pytest.raises(PermanentError, match=r"^850\.edi is not a plain file"):
            transport.send("850.edi", CONTENT)


def test_what_was_sent_is_found_and_what_was_not_is_not(box: Box) -> None:
    with box.open() as transport:
        assert transport.find("850.edi") is None
        transport.send("850.edi", CONTENT)
        found = transport.find("850.edi")
    assert found is not None
    assert (found.name, found.size) == ("850.edi", len(CONTENT))


def test_a_missing_inbound_folder_is_for_staff(box: Box) -> None:
    with (
        pytest.raises(ConfigurationError, match=r"folder \S*/no-such does not exist"),
        box.open(inbound_path=f"{box.settings.inbound_path}/no-such") as transport,
    ):
        transport.list()


def test_a_missing_outbound_folder_is_for_staff(box: Box) -> None:
    with (
        pytest.raises(ConfigurationError, match=r"folder \S*/no-such does not exist"),
        box.open(outbound_path=f"{box.settings.outbound_path}/no-such") as transport,
    ):
        transport.send("850.edi", CONTENT)


def test_a_folder_that_goes_away_while_it_is_open_is_for_staff(box: Box) -> None:
    with box.open() as transport:
        box.inbound.rmdir()
        with pytest.raises(ConfigurationError, match="does not exist"):
            transport.list()


def test_an_unknown_kind_of_transport_is_for_staff() -> None:
    with pytest.raises(ConfigurationError, match=r"no transport 'pigeon'; there are: directory, sftp"):
        open_transport("pigeon", MailboxSettings("/in", "/out"))


def test_settings_never_show_what_is_secret() -> None:
    settings = MailboxSettings(
        "/in", "/out", "host", 22, "user", password="tell-nobody", private_key="nor-this"
    )
    assert "tell-nobody" not in repr(settings)
    assert "nor-this" not in repr(settings)
