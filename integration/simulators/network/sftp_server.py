"""The mailbox's SFTP door, on asyncssh: one login, its folder as the root, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

READY_WITHIN = 20.0


class SftpDoor:
    """Serves ``root`` to one user; a context manager. ``host_key`` is the public key line that clients pin.

    ``on_step`` is told what is asked before it is done: ``login``, ``find``, ``open``, ``write``, ``close``, ``rename``,
    ``read`` or ``remove``. Tests break the connection off there. With ``keeps_nothing`` a file is removed once somebody
    has read it and closed it, as some networks' mailboxes do.
    """

    def __init__(
        self,
        root: Path,
        *,
        username: str = "gridport",
        password: str = "mailbox",  # noqa: S107 - a simulator's, on loopback
        authorized_key: str = "",
        host_key: asyncssh.SSHKey | None = None,
        port: int = 0,
        renames: bool = True,
        on_step: Callable[[str], None] = lambda step: None,
        keeps_nothing: bool = False,
    ) -> None:
        self.root = root
        self.username = username
        self.password = password
        self.authorized_key = authorized_key
        self.port = port
        self.renames = renames
        self.on_step = on_step
        self.keeps_nothing = keeps_nothing
        self.visits: set[asyncssh.SSHServerConnection] = set()
        self._key = host_key or asyncssh.generate_private_key("ssh-ed25519")
        self.host_key: str = " ".join(self._key.export_public_key().decode().split()[:2])
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> SftpDoor:
        self._thread.start()
        if not self._ready.wait(READY_WITHIN):
            raise TimeoutError("The SFTP door did not open.")
        return self

    def __exit__(self, *problem: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        listener = await asyncssh.listen(
            "127.0.0.1", self.port, server_factory=lambda: _Visit(self), server_host_keys=[self._key],
            sftp_factory=lambda channel: _Folder(self, channel), reuse_address=True,
        )  # fmt: skip
        self.port = listener.get_port()
        self._ready.set()
        await self._stop.wait()
        listener.close()
        for visit in list(self.visits):
            visit.abort()
            await visit.wait_closed()
        await listener.wait_closed()
        # Sockets of visits that were broken off are closed by callbacks that the loop still has to run.
        await asyncio.sleep(0)


class _Visit(asyncssh.SSHServer):
    """One client at the door."""

    def __init__(self, door: SftpDoor) -> None:
        self._door = door

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._door.visits.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.visits.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._door.on_step("login")
        return (username, password) == (self._door.username, self._door.password)

    def public_key_auth_supported(self) -> bool:
        return bool(self._door.authorized_key)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        offered = key.export_public_key().decode().split()[:2]
        return username == self._door.username and offered == self._door.authorized_key.split()[:2]


class _Folder(asyncssh.SFTPServer):
    """The door's folder, as the root of everything that a client sees."""

    def __init__(self, door: SftpDoor, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel, chroot=str(door.root).encode())
        self._door = door
        self._read: dict[object, bytes] = {}

    def lstat(self, path: bytes) -> Any:
        self._door.on_step("find")
        return super().lstat(path)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        self._door.on_step("open")
        opened = super().open(path, pflags, attrs)
        if self._door.keeps_nothing and not pflags & asyncssh.FXF_WRITE:
            self._read[opened] = self.map_path(path)
        return opened

    def read(self, file_obj: object, offset: int, size: int) -> Any:
        self._door.on_step("read")
        return super().read(file_obj, offset, size)

    def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        self._door.on_step("write")
        return super().write(file_obj, offset, data)

    def close(self, file_obj: object) -> None:
        self._door.on_step("close")
        super().close(file_obj)
        if file_obj in self._read:
            Path(os.fsdecode(self._read.pop(file_obj))).unlink(missing_ok=True)

    def remove(self, path: bytes) -> Any:
        self._door.on_step("remove")
        return super().remove(path)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._door.on_step("rename")
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if not self._door.renames:
            raise asyncssh.SFTPOpUnsupported("no such extension")
        self._door.on_step("rename")
        return super().posix_rename(oldpath, newpath)
