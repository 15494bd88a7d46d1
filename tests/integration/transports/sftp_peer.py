"""An SFTP server in a thread, for tests: one folder, one user, and faults at chosen places."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import asyncssh

READY_WITHIN = 60.0


def new_key(kind: str = "ssh-ed25519") -> asyncssh.SSHKey:
    return asyncssh.generate_private_key(kind)


def public_line(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


def private_text(key: asyncssh.SSHKey, form: str = "openssh") -> str:
    return key.export_private_key(form).decode()


class SftpPeer:
    """Serves ``root``; a context manager.

    ``faults`` maps a place (``write``, ``before_rename``, ``after_rename``, ``close``) to what happens there once;
    ``drop`` breaks the connection off. ``extension`` says whether posix-rename is known.
    """

    def __init__(self, root: Path, *, keys: list[asyncssh.SSHKey] | None = None) -> None:
        self.root = root
        self.keys = keys or [new_key()]
        self.username, self.password = "gridport", "open sesame"
        self.authorized = ""
        self.extension = True
        self.faults: dict[str, Callable[[SftpSession], object]] = {}
        self.logins: list[str] = []
        self.lines: list[asyncssh.SSHServerConnection] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def host_keys(self) -> tuple[str, ...]:
        return tuple(public_line(key) for key in self.keys)

    def __enter__(self) -> SftpPeer:
        self._thread.start()
        assert self._ready.wait(READY_WITHIN), "The SFTP peer did not start."
        return self

    def __exit__(self, *problem: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(READY_WITHIN)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: Login(self),
            server_host_keys=self.keys,
            sftp_factory=lambda channel: SftpSession(self, channel),
        )
        self.port = server.get_port()
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await server.wait_closed()
        for line in self.lines:
            line.abort()
        await asyncio.gather(*(line.wait_closed() for line in self.lines))
        # Whatever still closes its sockets does so before the loop goes.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=READY_WITHIN)
        for _ in range(3):
            await asyncio.sleep(0)

    def at(self, place: str, session: SftpSession) -> None:
        fault = self.faults.pop(place, None)
        if fault is not None:
            fault(session)


def drop(session: SftpSession) -> None:
    """Break the connection off without a word; what was about to happen does not."""
    session.break_off()
    raise asyncssh.SFTPConnectionLost("broken off")


class Login(asyncssh.SSHServer):
    def __init__(self, peer: SftpPeer) -> None:
        self._peer = peer

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._peer.lines.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return not self._peer.authorized

    def validate_password(self, username: str, password: str) -> bool:
        self._peer.logins.append("password")
        return (username, password) == (self._peer.username, self._peer.password)

    def public_key_auth_supported(self) -> bool:
        return bool(self._peer.authorized)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._peer.logins.append("publickey")
        return username == self._peer.username and public_line(key) == self._peer.authorized


class SftpSession(asyncssh.SFTPServer):
    """One session; what it does to files it does in ``root``."""

    def __init__(self, peer: SftpPeer, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel, chroot=str(peer.root).encode())
        self._peer = peer
        self._line = channel.get_connection()

    def break_off(self) -> None:
        self._line.abort()

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if offset:
            self._peer.at("write", self)
        written = super().write(file_obj, offset, data)
        assert isinstance(written, int)
        return written

    def close(self, file_obj: object) -> None:
        super().close(file_obj)
        self._peer.at("close", self)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._peer.at("before_rename", self)
        super().rename(oldpath, newpath)
        self._peer.at("after_rename", self)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if not self._peer.extension:
            raise asyncssh.SFTPOpUnsupported("Operation unsupported")
        self._peer.at("before_rename", self)
        super().posix_rename(oldpath, newpath)
        self._peer.at("after_rename", self)
