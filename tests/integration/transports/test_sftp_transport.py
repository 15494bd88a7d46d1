"""What only an SFTP server can do to us: keys, logins, broken lines, missing extensions."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import paramiko
import pytest
from paramiko.common import (
    AUTH_FAILED,
    AUTH_PARTIALLY_SUCCESSFUL,
    AUTH_SUCCESSFUL,
    OPEN_SUCCEEDED,
)

from integration.errors import ConfigurationError, RetryableError
from integration.transports.base import KeyOutOfTime, MailboxSettings
from integration.transports.hostkeys import fingerprint, read_host_key
from integration.transports.sftp import SftpTransport
from tests.integration.transports.sftp_peer import SftpPeer, drop, new_key, private_text, public_line

CONTENT = b"ISA*00*our own invention~" * 8_000  # several write requests
WHOLE = {"850.edi": CONTENT}


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[SftpPeer]:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    with SftpPeer(tmp_path) as peer:
        yield peer


def settings_for(peer: SftpPeer, **changes: object) -> MailboxSettings:
    settings = MailboxSettings(
        "/in",
        "/out",
        host="127.0.0.1",
        port=peer.port,
        username=peer.username,
        password=peer.password,
        host_keys=peer.host_keys,
        timeout=30,
    )
    return dataclasses.replace(settings, **changes)  # type: ignore[arg-type]


def outgoing(peer: SftpPeer) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (peer.root / "out").iterdir()}


def test_a_changed_host_key_is_refused_with_both_fingerprints_before_the_password_is_told(
    peer: SftpPeer,
) -> None:
    old = public_line(new_key())
    with pytest.raises(ConfigurationError) as caught:
        SftpTransport(settings_for(peer, host_keys=(old,)))
    sentence = str(caught.value)
    assert f"127.0.0.1:{peer.port} showed the host key {fingerprint(peer.host_keys[0])}" in sentence
    assert f"pinned is {fingerprint(old)}" in sentence
    assert peer.logins == []


def test_a_server_that_changed_its_kind_of_key_is_refused_with_both_fingerprints(peer: SftpPeer) -> None:
    old = public_line(new_key("ecdsa-sha2-nistp256"))
    with pytest.raises(ConfigurationError) as caught:
        SftpTransport(settings_for(peer, host_keys=(old,)))
    assert fingerprint(old) in str(caught.value)
    assert fingerprint(peer.host_keys[0]) in str(caught.value)


def test_without_a_pinned_key_nothing_is_trusted_and_the_shown_key_is_told(peer: SftpPeer) -> None:
    with pytest.raises(ConfigurationError, match="No host key is pinned") as caught:
        SftpTransport(settings_for(peer, host_keys=()))
    assert fingerprint(peer.host_keys[0]) in str(caught.value)
    assert peer.logins == []


@pytest.mark.parametrize("line", ["not a key", "ssh-ed25519", "mail.example.com ssh-ed25519 AAAA"])
def test_a_pinned_key_that_is_none_is_told(peer: SftpPeer, line: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a public key line"):
        SftpTransport(settings_for(peer, host_keys=(line,)))


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_of_a_server_with_several_keys_the_pinned_one_is_asked_for(tmp_path: Path, kind: str) -> None:
    keys = [new_key(each) for each in ("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519")]
    with SftpPeer(tmp_path, keys=keys) as peer:
        (line,) = (each for each in peer.host_keys if each.startswith(kind))
        with SftpTransport(settings_for(peer, host_keys=(line + " a comment",), inbound_path="/")) as opened:
            assert opened.list() == []


def test_a_second_pinned_key_lets_a_server_change_over(peer: SftpPeer) -> None:
    both = (public_line(new_key()), *peer.host_keys)
    with SftpTransport(settings_for(peer, host_keys=both)) as opened:
        assert opened.list() == []


def test_a_pinned_key_out_of_its_time_is_refused_with_its_times(peer: SftpPeer) -> None:
    old = public_line(new_key())
    later = (KeyOutOfTime(peer.host_keys[0], "from 5 Dec 2026 06:00 UTC on"),)
    with pytest.raises(ConfigurationError) as caught:
        SftpTransport(settings_for(peer, host_keys=(old,), keys_out_of_time=later))
    assert str(caught.value) == (
        f"127.0.0.1:{peer.port} showed the host key {fingerprint(peer.host_keys[0])}, which is pinned as valid from 5 Dec"
        f" 2026 06:00 UTC on and is not accepted now; valid now is {fingerprint(old)}. Nothing was sent or fetched. Ask the"
        " operator of the mailbox which key is in use, and change its times on the mailbox's page only then."
    )
    with pytest.raises(ConfigurationError, match="not accepted now; no other key is valid now"):
        SftpTransport(settings_for(peer, host_keys=(), keys_out_of_time=later))
    assert peer.logins == []


def test_a_strange_key_where_every_pinned_one_is_out_of_time_is_refused_with_all_fingerprints(
    peer: SftpPeer,
) -> None:
    old = public_line(new_key())
    ended = (KeyOutOfTime(old, "until 1 Nov 2026 06:00 UTC"),)
    with pytest.raises(ConfigurationError) as caught:
        SftpTransport(settings_for(peer, host_keys=(), keys_out_of_time=ended))
    assert (
        f"showed the host key {fingerprint(peer.host_keys[0])}; none is valid now of those pinned: {fingerprint(old)} (until"
        " 1 Nov 2026 06:00 UTC). Nothing was sent or fetched."
    ) in str(caught.value)


def test_the_host_key_is_read_for_staff_as_ssh_keygen_shows_it(peer: SftpPeer) -> None:
    line, shown = read_host_key("127.0.0.1", peer.port)
    assert line == peer.host_keys[0]
    assert shown == peer.keys[0].get_fingerprint("sha256")
    assert peer.logins == []


def test_a_wrong_password_is_for_staff_and_not_shown(peer: SftpPeer) -> None:
    with pytest.raises(ConfigurationError, match="refused the login of gridport") as caught:
        SftpTransport(settings_for(peer, password="wrong-and-secret"))
    assert "wrong-and-secret" not in str(caught.value)
    assert peer.logins.count("password") == 1


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("ssh-ed25519", "openssh"),
        ("ecdsa-sha2-nistp256", "openssh"),
        ("ecdsa-sha2-nistp384", "pkcs1-pem"),
        ("ssh-rsa", "openssh"),
        ("ssh-rsa", "pkcs1-pem"),
        ("ssh-rsa", "pkcs8-pem"),
        ("ssh-ed25519", "pkcs8-pem"),
    ],
)
def test_a_private_key_logs_in(peer: SftpPeer, kind: str, form: str) -> None:
    key = new_key(kind)
    peer.authorized = public_line(key)
    with SftpTransport(settings_for(peer, password="", private_key=private_text(key, form))) as opened:
        assert opened.list() == []
    assert set(peer.logins) == {"publickey"}


def test_every_ecdsa_key_is_read() -> None:
    # The library's own reader refuses about every second.
    settings = MailboxSettings("/in", "/out", "", 1, "gridport")
    for _ in range(40):
        text = private_text(new_key("ecdsa-sha2-nistp256"))
        with pytest.raises(ConfigurationError, match="names no host"):
            SftpTransport(dataclasses.replace(settings, private_key=text))


def test_a_private_key_that_the_server_does_not_know_is_for_staff(peer: SftpPeer) -> None:
    peer.authorized = public_line(new_key())
    with pytest.raises(ConfigurationError, match="refused the login"):
        SftpTransport(settings_for(peer, private_key=private_text(new_key())))


def test_a_password_where_the_server_takes_keys_alone_says_so(peer: SftpPeer) -> None:
    peer.authorized = public_line(new_key())
    with pytest.raises(ConfigurationError, match=r"refused the login of gridport\. It takes: publickey\."):
        SftpTransport(settings_for(peer))


def test_a_private_key_that_is_none_is_told_before_anybody_is_called() -> None:
    whole = private_text(new_key("ssh-rsa"))
    locked = new_key().export_private_key("pkcs8-pem", passphrase="locked").decode()
    for text in ("rubbish", whole[: len(whole) // 2], whole[:60], locked, public_line(new_key())):
        settings = MailboxSettings("/in", "/out", "127.0.0.1", 1, "gridport", private_key=text)
        with pytest.raises(ConfigurationError, match="private key cannot be read"):
            SftpTransport(settings)


def test_a_mailbox_without_host_or_user_is_for_staff() -> None:
    with pytest.raises(ConfigurationError, match="names no host"):
        SftpTransport(MailboxSettings("/in", "/out", "", 22, "gridport"))
    with pytest.raises(ConfigurationError, match="names no user"):
        SftpTransport(MailboxSettings("/in", "/out", "127.0.0.1", 22, ""))
    with pytest.raises(ConfigurationError, match="is no address of a server"):
        SftpTransport(MailboxSettings("/in", "/out", f"{'x' * 70}.example", 22, "gridport"))


def test_where_nobody_listens_it_is_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(RetryableError, match=rf"127\.0\.0\.1:{port} failed \(connect\)") as caught:
            SftpTransport(MailboxSettings("/in", "/out", "127.0.0.1", port, "gridport"))
        with pytest.raises(RetryableError, match="did not answer as an SSH server"):
            read_host_key("127.0.0.1", port)
    assert caught.value.ambiguous is False


def test_what_is_no_ssh_server_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            for _ in range(2):
                with listener.accept()[0] as line:
                    line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(RetryableError, match="connect"):
            SftpTransport(MailboxSettings("/in", "/out", "127.0.0.1", port, "gridport", timeout=30))
        with pytest.raises(RetryableError, match="did not answer as an SSH server"):
            read_host_key("127.0.0.1", port, timeout=30)
        thread.join()


@pytest.mark.parametrize("place", ["write", "close", "before_rename"])
def test_a_line_broken_before_the_rename_leaves_nothing_and_the_retry_one_whole_file(
    peer: SftpPeer, place: str
) -> None:
    peer.faults[place] = drop
    with SftpTransport(settings_for(peer)) as opened, pytest.raises(RetryableError) as caught:
        opened.send("850.edi", CONTENT)
    assert "850.edi" not in outgoing(peer)
    # Only once the rename was asked for may the partner hold the file.
    assert caught.value.ambiguous is (place == "before_rename")
    with SftpTransport(settings_for(peer)) as opened:
        assert opened.find("850.edi") is None
        opened.send("850.edi", CONTENT)
    assert outgoing(peer) == WHOLE


@pytest.mark.parametrize("extension", [True, False])
def test_a_line_broken_after_the_rename_is_ambiguous_and_looking_finds_the_file(
    peer: SftpPeer, extension: bool
) -> None:
    peer.extension = extension
    peer.faults["after_rename"] = drop
    with SftpTransport(settings_for(peer)) as opened, pytest.raises(RetryableError) as caught:
        opened.send("850.edi", CONTENT)
    assert caught.value.ambiguous is True
    with SftpTransport(settings_for(peer)) as opened:
        found = opened.find("850.edi")
    assert found is not None
    assert found.size == len(CONTENT)
    assert outgoing(peer) == WHOLE


def test_a_line_broken_in_a_direct_upload_is_ambiguous(peer: SftpPeer) -> None:
    peer.faults["write"] = drop
    direct = settings_for(peer, upload_mode="direct")
    with SftpTransport(direct) as opened, pytest.raises(RetryableError) as caught:
        opened.send("850.edi", CONTENT)
    assert caught.value.ambiguous is True
    with SftpTransport(direct) as opened:
        half = opened.find("850.edi")
        assert half is not None
        assert half.size < len(CONTENT)
        opened.send("850.edi", CONTENT)
    assert outgoing(peer) == WHOLE


def test_without_the_extension_a_file_is_renamed_plainly_and_replaced(peer: SftpPeer) -> None:
    peer.extension = False
    with SftpTransport(settings_for(peer)) as opened:
        opened.send("850.edi", b"first")
        opened.send("850.edi", CONTENT)
    assert outgoing(peer) == WHOLE


def test_a_mailbox_that_takes_temporary_files_is_for_staff(peer: SftpPeer) -> None:
    peer.faults["close"] = lambda session: (peer.root / "out" / ".gridport-850.edi").unlink()
    with SftpTransport(settings_for(peer)) as opened, pytest.raises(ConfigurationError, match="upload mode"):
        opened.send("850.edi", CONTENT)


def test_a_mailbox_that_takes_direct_files_at_once_has_taken_them(peer: SftpPeer) -> None:
    taken: list[bytes] = []

    def take(session: object) -> None:
        taken.append((peer.root / "out" / "850.edi").read_bytes())
        (peer.root / "out" / "850.edi").unlink()

    peer.faults["close"] = take
    with SftpTransport(settings_for(peer, upload_mode="direct")) as opened:
        opened.send("850.edi", CONTENT)
    assert taken == [CONTENT]


@pytest.mark.parametrize("mode", ["rename", "direct"])
def test_a_file_that_arrived_short_is_sent_again(peer: SftpPeer, mode: str) -> None:
    name = ".gridport-850.edi" if mode == "rename" else "850.edi"
    peer.faults["close"] = lambda session: (peer.root / "out" / name).write_bytes(CONTENT[:10])
    with SftpTransport(settings_for(peer, upload_mode=mode)) as opened:
        with pytest.raises(RetryableError, match=r"Only 10 of 200000 bytes of 850\.edi arrived") as caught:
            opened.send("850.edi", CONTENT)
        assert caught.value.ambiguous is (mode == "direct")
        opened.send("850.edi", CONTENT)
    assert outgoing(peer) == WHOLE


def test_a_line_that_broke_while_listing_is_tried_again(peer: SftpPeer) -> None:
    with SftpTransport(settings_for(peer)) as opened:
        for line in peer.lines:
            line.abort()
        with pytest.raises(RetryableError, match=r"failed \(list /in\)"):
            opened.list()


class _BothAsked(paramiko.ServerInterface):
    """Takes the key and then wants the password as well."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._key_shown = False

    def get_allowed_auths(self, username: str) -> str:
        return "password" if self._key_shown else "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._key_shown = f"{key.get_name()} {key.get_base64()}" == self._key
        return AUTH_PARTIALLY_SUCCESSFUL if self._key_shown else AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        both = self._key_shown and password == "open sesame"
        return AUTH_SUCCESSFUL if both else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _WithoutKind(paramiko.SFTPAttributes):
    def asbytes(self) -> bytes:
        return self.longname.encode()


class _Folder(paramiko.SFTPServerInterface):
    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        entries: list[paramiko.SFTPAttributes] = []
        for name, line in (
            ("855.edi", "-rw-r--r-- 1 a b 9 855.edi"),
            ("sub", "drwxr-xr-x 1 a b 9 sub"),
            ("x", ""),
        ):
            entry = _WithoutKind()
            entry.filename, entry.longname, entry.st_size = name, line, 9
            entries.append(entry)
        return entries


@pytest.fixture
def strict_server() -> Iterator[tuple[int, str, asyncssh.SSHKey]]:
    """A server that asks for key and password and tells no kinds of files: (port, host key line, login key)."""
    host_key, login = paramiko.ECDSAKey.generate(), new_key()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        opened: list[paramiko.Transport] = []

        def serve() -> None:
            line, _ = listener.accept()
            transport = paramiko.Transport(line)
            opened.append(transport)
            transport.add_server_key(host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder)
            transport.start_server(server=_BothAsked(public_line(login)))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], f"{host_key.get_name()} {host_key.get_base64()}", login
        thread.join()
        for transport in opened:
            transport.close()
            transport.join(30)


def test_a_server_may_ask_for_key_and_password_and_leave_out_what_kind_files_are(
    strict_server: tuple[int, str, asyncssh.SSHKey],
) -> None:
    port, host_key, login = strict_server
    settings = MailboxSettings(
        "/in",
        "/out",
        "127.0.0.1",
        port,
        "gridport",
        "open sesame",
        private_text(login),
        (host_key,),
        timeout=30,
    )
    with SftpTransport(settings) as opened:
        listed = [(each.name, each.size) for each in opened.list()]
    assert listed == [("855.edi", 9), ("x", 9)]


def test_a_server_that_also_wants_a_password_is_for_staff(
    strict_server: tuple[int, str, asyncssh.SSHKey],
) -> None:
    port, host_key, login = strict_server
    settings = MailboxSettings(
        "/in", "/out", "127.0.0.1", port, "gridport", "", private_text(login), (host_key,), timeout=30
    )
    with pytest.raises(ConfigurationError, match="refused the login of gridport"):
        SftpTransport(settings)


def test_a_line_that_breaks_in_the_login_is_no_refusal(
    peer: SftpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang_up(username: str, password: str) -> bool:
        for line in peer.lines:
            line.abort()
        return False

    monkeypatch.setattr(
        "tests.integration.transports.sftp_peer.Login.validate_password",
        lambda self, user, word: hang_up(user, word),
    )
    with pytest.raises(RetryableError, match=r"failed \(log in\)"):
        SftpTransport(settings_for(peer))
