"""What OpenSSH's sshd does to us that our own SFTP peer only imitates: logins, rights, a full disk, its death."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration import failpoints
from integration.errors import ConfigurationError, PermanentError, RetryableError
from integration.transports.base import MailboxSettings
from integration.transports.hostkeys import fingerprint, read_host_key
from integration.transports.sftp import SftpTransport
from tests.integration.transports.openssh_peer import PASSWORD, OpenSshPeer, may_lay_files_over
from tests.integration.transports.sftp_peer import new_key, private_text, public_line

CONTENT = b"ISA*00*our own invention~" * 8_000
LARGE = b"ISA*00*our own invention~" * 1_000_000


@contextmanager
def serving(folder: Path, **options: object) -> Iterator[OpenSshPeer]:
    (folder / "in").mkdir()
    (folder / "out").mkdir()
    with OpenSshPeer(folder / "sshd", **options) as peer:  # type: ignore[arg-type]
        yield peer


def settings_of(peer: OpenSshPeer, **changes: object) -> MailboxSettings:
    lying = peer.folder.parent
    return dataclasses.replace(peer.settings(lying / "in", lying / "out"), **changes)  # type: ignore[arg-type]


def lying(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_abuse_32_a_changed_host_key_is_refused_with_both_fingerprints(tmp_path: Path) -> None:
    old = public_line(new_key())
    with serving(tmp_path) as peer:
        with pytest.raises(ConfigurationError) as caught:
            SftpTransport(settings_of(peer, host_keys=(old,)))
        assert "Accepted" not in peer.log()
    assert f"showed the host key {fingerprint(peer.host_keys[0])}; pinned is {fingerprint(old)}" in str(
        caught.value
    )


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_of_several_host_keys_the_pinned_one_is_asked_for(tmp_path: Path, kind: str) -> None:
    with serving(tmp_path, kinds=("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519")) as peer:
        (line,) = (each for each in peer.host_keys if each.startswith(kind))
        with SftpTransport(settings_of(peer, host_keys=(line,))) as opened:
            assert opened.list() == []
        assert read_host_key("127.0.0.1", peer.port, prefer=(line,)) == (line, fingerprint(line))


@pytest.mark.parametrize(
    ("kind", "form"),
    [("ssh-ed25519", "openssh"), ("ecdsa-sha2-nistp521", "openssh"), ("ssh-rsa", "openssh"), ("ssh-rsa", "pkcs8-pem")],
)  # fmt: skip
def test_keys_of_every_kind_log_in(tmp_path: Path, kind: str, form: str) -> None:
    with serving(tmp_path) as peer:
        login = new_key(kind)
        peer.authorize(login)
        with SftpTransport(settings_of(peer, private_key=private_text(login, form))) as opened:
            opened.send("850.edi", CONTENT)
    assert lying(tmp_path / "out") == {"850.edi": CONTENT}


def test_a_key_that_is_not_known_is_for_staff(tmp_path: Path) -> None:
    with serving(tmp_path) as peer, pytest.raises(ConfigurationError) as caught:
        SftpTransport(settings_of(peer, private_key=private_text(new_key())))
    assert f"refused the login of {peer.username}. Enter the right password or key" in str(caught.value)


def test_a_password_where_keys_alone_are_taken_is_for_staff_with_what_would_be_taken(tmp_path: Path) -> None:
    with serving(tmp_path) as peer, pytest.raises(ConfigurationError) as caught:
        SftpTransport(settings_of(peer, private_key="", password=PASSWORD))
    assert f"refused the login of {peer.username}. It takes: publickey." in str(caught.value)


def test_a_password_logs_in_and_a_wrong_one_is_for_staff(tmp_path: Path) -> None:
    if not may_lay_files_over():
        pytest.skip("Only root may give sshd a password file of its own: passwords are not tried against it.")
    with serving(tmp_path, passwords=True) as peer:
        with SftpTransport(settings_of(peer, private_key="", password=PASSWORD)) as opened:
            opened.send("850.edi", CONTENT)
        with pytest.raises(ConfigurationError, match="refused the login") as caught:
            SftpTransport(settings_of(peer, private_key="", password="wrong-and-secret"))
        # A key is an answer: the password is told only to a server that asks for it after the key.
        both = settings_of(peer, private_key=private_text(new_key()), password=PASSWORD)
        with pytest.raises(ConfigurationError, match="refused the login"):
            SftpTransport(both)
    assert "wrong-and-secret" not in str(caught.value)
    assert lying(tmp_path / "out") == {"850.edi": CONTENT}


def test_where_nothing_may_be_written_staff_are_told(tmp_path: Path) -> None:
    with serving(tmp_path, sftp="-R") as peer, SftpTransport(settings_of(peer)) as opened:
        (tmp_path / "in" / "855.edi").write_bytes(CONTENT)
        with pytest.raises(ConfigurationError, match="does not allow it"):
            opened.send("850.edi", CONTENT)
        assert opened.fetch("855.edi", len(CONTENT)) == CONTENT
        with pytest.raises(ConfigurationError, match="does not allow it"):
            opened.remove("855.edi")
    assert lying(tmp_path / "in") == {"855.edi": CONTENT}
    assert lying(tmp_path / "out") == {}


def test_a_file_that_may_not_be_read_is_its_own_trouble_alone(tmp_path: Path) -> None:
    with serving(tmp_path, sftp="-P read") as peer, SftpTransport(settings_of(peer)) as opened:
        (tmp_path / "in" / "855.edi").write_bytes(CONTENT)
        with pytest.raises(PermanentError, match=r"does not let us read 855\.edi"):
            opened.fetch("855.edi", len(CONTENT))


@pytest.mark.parametrize("denied", ["", "-P posix-rename"])
def test_a_file_replaces_what_lies_there_with_the_extension_and_without(tmp_path: Path, denied: str) -> None:
    with serving(tmp_path, sftp=denied) as peer, SftpTransport(settings_of(peer)) as opened:
        (tmp_path / "out" / "850.edi").write_bytes(b"an earlier one")
        opened.send("850.edi", CONTENT)
    assert lying(tmp_path / "out") == {"850.edi": CONTENT}


def test_where_nothing_may_be_renamed_staff_are_told_and_what_lies_there_stays(tmp_path: Path) -> None:
    forbidden = "-P posix-rename,rename,remove"
    with serving(tmp_path, sftp=forbidden) as peer, SftpTransport(settings_of(peer)) as opened:
        (tmp_path / "out" / "850.edi").write_bytes(b"an earlier one")
        with pytest.raises(ConfigurationError, match="does not allow it"):
            opened.send("850.edi", CONTENT)
    assert lying(tmp_path / "out")["850.edi"] == b"an earlier one"


@pytest.mark.parametrize("mode", ["rename", "direct"])
def test_a_full_disk_is_no_delivery(tmp_path: Path, mode: str) -> None:
    with serving(tmp_path, largest=100_000) as peer:
        with (
            SftpTransport(settings_of(peer, upload_mode=mode)) as opened,
            pytest.raises(RetryableError) as caught,
        ):
            opened.send("850.edi", CONTENT)
        # Under its own name a part of it lies where the partner may take it.
        assert caught.value.ambiguous is (mode == "direct")
        with SftpTransport(settings_of(peer)) as opened:
            found = opened.find("850.edi")
            assert (found.size if found else 0) == (100_000 if mode == "direct" else 0)
            opened.send("small.edi", CONTENT[:1000])
    assert lying(tmp_path / "out")["small.edi"] == CONTENT[:1000]


@pytest.mark.parametrize("mode", ["rename", "direct"])
def test_a_server_that_dies_in_the_middle_of_an_upload_leaves_nothing_whole(
    tmp_path: Path, mode: str
) -> None:
    written = tmp_path / "out" / (".gridport-850.edi" if mode == "rename" else "850.edi")
    with serving(tmp_path) as peer:
        direct = settings_of(peer, upload_mode=mode)
        killer = threading.Thread(target=kill_once_begun, args=(peer, written))
        with SftpTransport(direct) as opened:
            killer.start()
            with pytest.raises(RetryableError) as caught:
                opened.send("850.edi", LARGE)
        killer.join()
        assert 0 < written.stat().st_size < len(LARGE)
        assert caught.value.ambiguous is (mode == "direct")
        with SftpTransport(direct) as opened:
            found = opened.find("850.edi")
            assert found is None or found.size < len(LARGE)
            opened.send("850.edi", LARGE)
    assert lying(tmp_path / "out") == {"850.edi": LARGE}


def kill_once_begun(peer: OpenSshPeer, written: Path) -> None:
    deadline = time.monotonic() + 60
    while not (written.exists() and written.stat().st_size):
        assert time.monotonic() < deadline, "nothing was ever written"
    assert peer.end_sessions() > 0


def test_a_server_that_dies_before_the_rename_is_looked_at_before_sending_again(tmp_path: Path) -> None:
    with serving(tmp_path) as peer:
        failpoints.arm("transport.uploaded", lambda: peer.end_sessions() and None)
        try:
            with SftpTransport(settings_of(peer)) as opened, pytest.raises(RetryableError) as caught:
                opened.send("850.edi", CONTENT)
        finally:
            failpoints.disarm()
        assert caught.value.ambiguous is True
        assert lying(tmp_path / "out") == {".gridport-850.edi": CONTENT}
        with SftpTransport(settings_of(peer)) as opened:
            assert opened.find("850.edi") is None
            opened.send("850.edi", CONTENT)
    assert lying(tmp_path / "out") == {"850.edi": CONTENT}


def test_a_server_that_dies_while_it_sends_gives_no_part_of_a_file(tmp_path: Path) -> None:
    with serving(tmp_path) as peer:
        (tmp_path / "in" / "855.edi").write_bytes(LARGE)
        with SftpTransport(settings_of(peer)) as opened:
            assert [each.name for each in opened.list()] == ["855.edi"]
            assert peer.end_sessions() > 0
            with pytest.raises(RetryableError, match=r"failed \(fetch 855\.edi\)") as caught:
                opened.fetch("855.edi", len(LARGE))
        assert caught.value.ambiguous is False
        with SftpTransport(settings_of(peer)) as opened:
            assert opened.fetch("855.edi", len(LARGE)) == LARGE
